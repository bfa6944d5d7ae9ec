"""A folder with a SavedModel in, TensorFlow Serving's `:predict` over it out (to `tensorflow_serving`)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import tensorflow as tf

from .http_serving import Request, Response, refusal

DEFAULT_SIGNATURE = "serving_default"


class SavedModel:
    """The newest version of the model in an archive.

    Parameters
    ----------
    folder
        Where the archive was unpacked; ``[<name>/]<version>/saved_model.pb`` lies somewhere in it.
    """

    def __init__(self, folder: Path) -> None:
        found = [path.parent for path in folder.rglob("saved_model.pb") if path.parent.name.isdigit()]
        if not found:
            raise SystemExit(f"no SavedModel: there is no <version>/saved_model.pb in {folder}")
        newest = max(found, key=lambda version: int(version.name))
        self.name = newest.parent.name if newest.parent != folder else "model"
        self.version = newest.name
        self._loaded = tf.saved_model.load(str(newest))

    def predict(self, request: Request) -> Response:
        """Answer as TensorFlow Serving's REST API does, by row (`instances`) or by column (`inputs`)."""
        try:
            asked = json.loads(request.body)
            name = asked.get("signature_name") or DEFAULT_SIGNATURE
            signature = self._loaded.signatures[name]
            _, specs = signature.structured_input_signature
            if "instances" in asked:
                return _by_row(signature(**_columns(asked["instances"], specs)))
            given = asked["inputs"]
            columns = (
                given if isinstance(given, dict) and {*given} == {*specs} else {next(iter(specs)): given}
            )
            outputs = {each: _plain(tensor) for each, tensor in signature(**_tensors(columns, specs)).items()}
            return _answer("outputs", next(iter(outputs.values())) if len(outputs) == 1 else outputs)
        except (AttributeError, KeyError, TypeError, ValueError, tf.errors.OpError) as error:
            return refusal(HTTPStatus.BAD_REQUEST, f"{type(error).__name__}: {error}")


def _columns(instances: list[Any], specs: Mapping[str, Any]) -> dict[str, Any]:
    if instances and isinstance(instances[0], dict) and "b64" not in instances[0]:
        return _tensors({name: [row[name] for row in instances] for name in specs}, specs)
    if len(specs) != 1:
        raise ValueError(f"each instance needs a value for {', '.join(specs)}")
    return _tensors({next(iter(specs)): instances}, specs)


def _tensors(columns: Mapping[str, Any], specs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tf.constant(_decoded(columns[name]), dtype=spec.dtype) for name, spec in specs.items()}


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    return [_decoded(each) for each in value] if isinstance(value, list) else value


def _by_row(outputs: Mapping[str, Any]) -> Response:
    columns = {name: _plain(tensor) for name, tensor in outputs.items()}
    if len(columns) == 1:
        return _answer("predictions", next(iter(columns.values())))
    rows = zip(*columns.values(), strict=True)
    return _answer("predictions", [dict(zip(columns, row, strict=True)) for row in rows])


def _plain(tensor: Any) -> Any:
    values = tensor.numpy()
    return values.astype(str).tolist() if tensor.dtype == tf.string else values.tolist()


def _answer(name: str, values: Any) -> Response:
    return Response(json.dumps({name: values}).encode())
