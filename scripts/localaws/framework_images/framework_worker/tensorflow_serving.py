"""A model's folder in, what answers as the TensorFlow Serving container does out: the script's handlers with the model.

The container runs TensorFlow Serving, which is on no package index; here TensorFlow itself answers its REST API.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import requests

from .http_serving import JSON, Answer, Request, Response, refusal, server
from .user_code import inference_script

LOOPBACK = "127.0.0.1"
SECONDS = 60
METHOD = "predict"


class Context(NamedTuple):
    """What a script's handlers are told of a request."""

    model_name: str
    model_version: str
    method: str
    rest_uri: str
    grpc_port: str
    channel: None
    custom_attributes: str
    request_content_type: str
    accept_header: str
    content_length: int


class Served(Protocol):
    """A model as TensorFlow Serving has it."""

    name: str
    version: str

    def predict(self, request: Request) -> Response:
        """Answer a request to `:predict`."""


def load(model: Path) -> Answer:
    """Load the model, and return what answers with it."""
    # TensorFlow is in the image alone.
    from .saved_models import SavedModel

    return answering(SavedModel(model), model)


def answering(saved: Served, model: Path) -> Answer:
    """Return what answers with a model that is loaded, and with the script in its archive."""
    script = inference_script(model / "code", "inference.py")
    if script is None:
        return lambda request: _without_script(saved, request)
    inner = server(saved.predict, 0, LOOPBACK)
    threading.Thread(target=inner.serve_forever, name="rest api", daemon=True).start()
    uri = f"http://{LOOPBACK}:{inner.server_port}/invocations"
    handler = _handler(script)

    def answer(request: Request) -> Response:
        context = Context(
            saved.name, saved.version, METHOD, uri, "", None, request.custom_attributes,
            request.content_type, request.accept, len(request.body),
        )  # fmt: skip
        try:
            body, content_type = handler(io.BytesIO(request.body), context)
        except Exception as error:
            # Whatever a script raises is told to the caller, and is the server's fault.
            return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        return Response(body.encode() if isinstance(body, str) else bytes(body), content_type)

    return answer


def _without_script(saved: Served, request: Request) -> Response:
    if request.content_type.partition(";")[0].strip() != JSON:
        message = f"without an inference script only {JSON} is taken here, not {request.content_type}"
        return refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message)
    body = json.loads(request.body)
    by_row = body if isinstance(body, dict) and {"instances", "inputs"} & {*body} else {"instances": body}
    return saved.predict(Request(json.dumps(by_row).encode()))


def _handler(script: ModuleType) -> Callable[[Any, Context], tuple[Any, str]]:
    """Return the script's `handler`, or its two handlers with the model between them."""
    whole: Callable[[Any, Context], tuple[Any, str]] | None = getattr(script, "handler", None)
    before, after = getattr(script, "input_handler", None), getattr(script, "output_handler", None)
    if whole is not None:
        return whole
    if before is None or after is None:
        raise SystemExit("an inference script has a handler, or an input_handler and an output_handler")

    def handler(data: Any, context: Context) -> tuple[Any, str]:
        answered = requests.post(context.rest_uri, data=before(data, context), timeout=SECONDS)
        body, content_type = after(answered, context)
        return body, content_type

    return handler
