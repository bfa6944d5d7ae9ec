"""An inference script's handlers work around TensorFlow Serving's REST API, as its container lets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from localaws.framework_images.framework_worker.http_serving import Request, Response, refusal
from localaws.framework_images.framework_worker.tensorflow_serving import answering

HANDLERS = """
import json
def input_handler(data, context):
    return json.dumps({"instances": json.loads(data.read().decode("utf-8"))["texts"]})
def output_handler(response, context):
    if response.status_code != 200: raise ValueError(response.content.decode("utf-8"))
    return json.dumps([response.json()["predictions"], context.model_name, context.method]), context.accept_header
"""
ONE_HANDLER = """
import json, requests
def handler(data, context):
    body = json.dumps({"instances": [context.custom_attributes, str(context.content_length)]})
    return requests.post(context.rest_uri, data=body).content, "application/json"
"""


class Lengths:
    """A model that tells how long texts are."""

    name, version = "lengths", "1"

    def predict(self, request: Request) -> Response:
        texts = json.loads(request.body)["instances"]
        if not texts:
            return refusal(400, "no instances")
        return Response(json.dumps({"predictions": [[len(text)] for text in texts]}).encode())


def test_the_two_handlers_stand_around_the_model(archive: Path) -> None:
    (archive / "code" / "inference.py").write_text(HANDLERS)
    answered = answering(Lengths(), archive)(Request(b'{"texts": ["a", "bcd"]}', accept="text/json"))
    assert json.loads(answered.body) == [[[1], [3]], "lengths", "predict"]
    assert answered.content_type == "text/json"


def test_what_the_model_refuses_the_script_may_pass_on(archive: Path) -> None:
    (archive / "code" / "inference.py").write_text(HANDLERS)
    answered = answering(Lengths(), archive)(Request(b'{"texts": []}'))
    assert answered.status == 500
    assert "no instances" in json.loads(answered.body)["error"]


def test_one_handler_asks_the_model_by_itself(archive: Path) -> None:
    (archive / "code" / "inference.py").write_text(ONE_HANDLER)
    answered = answering(Lengths(), archive)(Request(b"four", custom_attributes="abc"))
    assert json.loads(answered.body) == {"predictions": [[3], [1]]}


def test_without_a_script_json_goes_to_the_model_as_it_is_or_as_instances(archive: Path) -> None:
    answer = answering(Lengths(), archive)
    for body in (b'{"instances": ["ab"]}', b'["ab"]'):
        assert json.loads(answer(Request(body)).body) == {"predictions": [[2]]}
    assert answer(Request(b"ab", content_type="text/csv")).status == 415


def test_half_of_the_handlers_is_no_script(archive: Path) -> None:
    (archive / "code" / "inference.py").write_text("def input_handler(data, context): pass\n")
    with pytest.raises(SystemExit, match="a handler, or an input_handler and an output_handler"):
        answering(Lengths(), archive)
