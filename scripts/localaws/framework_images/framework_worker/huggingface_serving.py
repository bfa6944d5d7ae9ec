"""A model's folder in, what answers as the Hugging Face inference toolkit does out: a script's functions or a pipeline.

The toolkit's own package runs in a Java server and brings what audio and pictures need; this is its contract.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from .http_serving import JSON, Answer, Request, Response
from .user_code import inference_script

TEXT = ("application/json", "text/csv", "text/plain")
FUNCTIONS = ("input_fn", "predict_fn", "output_fn")
TASKS = {"ForSequenceClassification": "text-classification"}
"""What the container serves without a script and without HF_TASK, as far as it is known here."""


@dataclass
class Context:
    """What the model server tells a script's function that takes one argument more, as far as it is known here.

    Attributes
    ----------
    system_properties
        Where the model is, and on what it runs.
    status
        The answer's.
    """

    system_properties: Mapping[str, Any]
    status: int = HTTPStatus.OK

    def set_response_status(self, code: int = HTTPStatus.OK, phrase: str = "", idx: int = 0) -> None:
        """Answer with another status."""
        self.status = code


def load(model: Path) -> Answer:
    """Load the model, and return what answers with it."""
    program = os.environ.get("SAGEMAKER_PROGRAM", "inference.py")
    script = inference_script(model / "code", program if program.endswith(".py") else f"{program}.py")
    named = {name: getattr(script, name, None) for name in ("model_fn", *FUNCTIONS, "transform_fn")}
    if named["transform_fn"] and any(named[name] for name in FUNCTIONS):
        raise SystemExit("an inference script has either transform_fn or input_fn, predict_fn and output_fn")
    properties = {"model_dir": str(model), "gpu_id": None, "batch_size": 1}
    loaded = _call(Context(properties), named["model_fn"] or _pipeline, str(model))
    if transform := named["transform_fn"]:
        return _guarded(
            lambda body, request, context: _call(
                context, transform, loaded, body, request.content_type, request.accept
            ),
            properties,
        )
    read, predict, write = (named[name] or DEFAULTS[name] for name in FUNCTIONS)

    def answer(body: Any, request: Request, context: Context) -> Any:
        data = _call(context, read, body, request.content_type)
        return _call(context, write, _call(context, predict, data, loaded), request.accept)

    return _guarded(answer, properties)


def _guarded(answer: Callable[[Any, Request, Context], Any], properties: Mapping[str, Any]) -> Answer:
    def guarded(request: Request) -> Response:
        context = Context(properties)
        plain = request.content_type.partition(";")[0].strip() in TEXT
        try:
            made = answer(request.body.decode() if plain else request.body, request, context)
        except Exception as error:
            # Whatever a script raises is told to the caller, as a mistake of theirs.
            told = {"code": 400, "type": "InternalServerException", "message": str(error)}
            return Response(json.dumps(told).encode(), status=HTTPStatus.BAD_REQUEST)
        body = made.encode() if isinstance(made, str) else bytes(made)
        return Response(body, request.accept, context.status)

    return guarded


def _call(context: Context, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call one of the script's functions; one that takes an argument more gets the context."""
    takes = len(inspect.signature(function).parameters)
    return function(*arguments, *([context] * (takes - len(arguments))))


def _pipeline(folder: str) -> Any:
    architectures = json.loads((Path(folder) / "config.json").read_text()).get("architectures", [""])
    known = (task for end, task in TASKS.items() if architectures[0].endswith(end))
    task = os.environ.get("HF_TASK") or next(known, "")
    if not task:
        raise SystemExit(f"what {architectures[0]} is for is not known here: set HF_TASK")
    import transformers

    return transformers.pipeline(task, model=folder)


def _decode(body: str, content_type: str) -> Any:
    if content_type.partition(";")[0].strip() != JSON:
        raise ValueError(f"without an input_fn only {JSON} is taken here, not {content_type}")
    return json.loads(body)


def _predict(data: dict[str, Any], model: Any) -> Any:
    return model(data.get("inputs", data), **data.get("parameters", {}))


def _encode(prediction: Any, accept: str) -> str:
    return json.dumps(prediction)


DEFAULTS: Mapping[str, Callable[..., Any]] = {
    "input_fn": _decode,
    "predict_fn": _predict,
    "output_fn": _encode,
}
