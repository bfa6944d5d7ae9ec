"""Speaks ASGI to the application, as uvicorn does; and makes the application of a test's model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training_job import make_settings

from xgboost_daal4py.inference import Inference
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.serving import ServingApp
from xgboost_daal4py.settings import Settings
from xgboost_daal4py.single_model import SingleModel
from xgboost_daal4py.telemetry import Telemetry

JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class Client:
    """Sends requests to an application in this process."""

    def __init__(self, app: ServingApp) -> None:
        self._app = app

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        chunks = [body[:5], body[5:]]
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        }
        asyncio.run(self._app(scope, receive, send))
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Reply(sent[0]["status"], answered, sent[1]["body"])

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = self.send(method, path, body, headers=named)
        return reply.status, reply.document

    def invoke(self, body: Any, content_type: str = JSON, **headers: str) -> tuple[int, Any]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", "/invocations", content, content_type=content_type, **headers)


def make_client(predictor: Predictor, root: Path, settings: Settings | None = None) -> Client:
    """Return a client of an endpoint with one model."""
    settings = settings or make_settings(root)
    return Client(ServingApp(SingleModel(predictor, Inference(settings)), settings, Telemetry()))
