"""An inference script answers as the Hugging Face inference toolkit lets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from localaws.framework_images.framework_worker.http_serving import Request
from localaws.framework_images.framework_worker.huggingface_serving import load

FUNCTIONS = """
import json
from factor import FACTOR
def model_fn(model_dir, context=None): return lambda number: number * FACTOR
def input_fn(data, content_type): return json.loads(data)["number"]
def predict_fn(data, model): return model(data)
def output_fn(prediction, accept): return json.dumps([prediction, accept])
"""


def test_the_script_s_functions_are_called_one_after_the_other(archive: Path) -> None:
    (archive / "code" / "inference.py").write_text(FUNCTIONS)
    (archive / "code" / "factor.py").write_text("FACTOR = 2")
    answered = load(archive)(Request(b'{"number": 4}'))
    assert json.loads(answered.body) == [8, "application/json"]
    assert (answered.status, answered.content_type) == (200, "application/json")


def test_what_a_script_raises_is_the_caller_s_mistake(archive: Path) -> None:
    (archive / "code" / "inference.py").write_text(FUNCTIONS)
    (archive / "code" / "factor.py").write_text("FACTOR = 2")
    answered = load(archive)(Request(b'{"count": 4}'))
    assert answered.status == 400
    assert json.loads(answered.body)["message"] == "'number'"


def test_a_script_s_function_may_set_the_answer_s_status(archive: Path) -> None:
    (archive / "code" / "inference.py").write_text(
        FUNCTIONS
        + "def predict_fn(data, model, context):\n"
        + "    context.set_response_status(code=500 if data else 200, phrase='Internal Server Error')\n"
        + "    return data\n"
    )
    (archive / "code" / "factor.py").write_text("FACTOR = 2")
    answer = load(archive)
    assert answer(Request(b'{"number": 4}')).status == 500
    assert answer(Request(b'{"number": 0}')).status == 200


def test_a_script_may_do_it_all_in_one(archive: Path) -> None:
    (archive / "code" / "inference.py").write_text(
        "def model_fn(folder): return 3\n"
        "def transform_fn(model, data, content_type, accept): return bytes(reversed(data)) * model\n"
    )
    answered = load(archive)(Request(b"ab", content_type="application/octet-stream", accept="text/plain"))
    assert (answered.body, answered.content_type) == (b"bababa", "text/plain")


def test_a_script_that_does_both_is_refused(archive: Path) -> None:
    (archive / "code" / "inference.py").write_text(FUNCTIONS + "def transform_fn(*all): pass\n")
    (archive / "code" / "factor.py").write_text("FACTOR = 2")
    with pytest.raises(SystemExit, match="either transform_fn or input_fn"):
        load(archive)


def test_a_script_s_name_may_be_told(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGEMAKER_PROGRAM", "mine.py")
    (archive / "code" / "mine.py").write_text("def model_fn(folder): return {'score': 1.0}.__or__\n")
    assert json.loads(load(archive)(Request(b'{"inputs": {"a": 1}}')).body) == {"score": 1.0, "a": 1}


def test_a_model_of_which_nothing_is_known_is_refused(archive: Path) -> None:
    (archive / "config.json").write_text('{"architectures": ["BertForPretraining"]}')
    with pytest.raises(SystemExit, match="what BertForPretraining is for is not known here: set HF_TASK"):
        load(archive)
