"""The `serve` command: loads the model, then answers SageMaker's /ping, /invocations and /execution-parameters."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import daal4py
import uvicorn

from xgboost_daal4py.errors import ContainerError
from xgboost_daal4py.payloads import RefusedRequest, answer, format_error
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.privileges import drop_privileges
from xgboost_daal4py.settings import MEGABYTE, Settings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SHUTDOWN_SECONDS = 25
"""SageMaker kills 30 seconds after SIGTERM; open requests get this long."""


class ServingApp:
    """The ASGI application of one worker process."""

    def __init__(self, predictor: Predictor, settings: Settings) -> None:
        self._predictor = predictor
        self._limit = settings.max_payload_bytes
        self._parameters = {
            "MaxConcurrentTransforms": settings.workers,
            "BatchStrategy": "MULTI_RECORD",
            "MaxPayloadInMB": settings.max_payload_bytes // MEGABYTE,
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            status, body = await self._route(scope, receive)
        except RefusedRequest as error:
            status, body = error.status, format_error(error)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", str(len(body)).encode()),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    async def _route(self, scope: Message, receive: Receive) -> tuple[int, bytes]:
        route = (scope["method"], scope["path"])
        if route == ("POST", "/invocations"):
            headers = _read_headers(scope["headers"])
            body = await self._read_body(receive, headers.get("content-length", ""))
            return 200, answer(
                self._predictor, body, headers.get("content-type", ""), headers.get("accept", "")
            )
        if route == ("GET", "/ping"):
            return self._ping()
        if route == ("GET", "/execution-parameters"):
            return 200, json.dumps(self._parameters).encode()
        if scope["path"] in ("/invocations", "/ping", "/execution-parameters"):
            raise RefusedRequest(
                405, "method_not_allowed", f"{scope['path']} does not answer to {scope['method']}"
            )
        raise RefusedRequest(404, "not_found", f"there is nothing at {scope['path']}")

    def _ping(self) -> tuple[int, bytes]:
        try:
            self._predictor.check()
        except ContainerError as error:
            return 503, json.dumps({"status": "unhealthy", "reason": str(error)}).encode()
        return 200, b'{"status": "healthy"}'

    async def _read_body(self, receive: Receive, declared: str) -> bytes:
        if declared.isdecimal() and int(declared) > self._limit:
            raise self._too_large()
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._limit:
                raise self._too_large()
            if not message.get("more_body"):
                return bytes(body)

    def _too_large(self) -> RefusedRequest:
        megabytes = self._limit // MEGABYTE
        return RefusedRequest(413, "payload_too_large", f"the body is larger than {megabytes} MB")


def create_app() -> ServingApp:
    """Make the application of one worker process, with a model of its own."""
    settings = Settings.from_environment()
    daal4py.daalinit(nthreads=1)
    return ServingApp(Predictor.load(settings.model_folder), settings)


def main() -> int:
    """Serve as SageMaker starts it; returns the exit code."""
    try:
        settings = Settings.from_environment()
        # A model that cannot be served ends the container here, with the reason, instead of worker after worker.
        app = create_app()
        user = drop_privileges(settings.model_folder)
    except ContainerError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    print(
        json.dumps({"event": "serving", "port": settings.port, "workers": settings.workers, "user": user}),
        flush=True,
    )
    uvicorn.run(
        app if settings.workers == 1 else f"{__name__}:{create_app.__name__}",
        factory=settings.workers > 1,
        host="0.0.0.0",  # noqa: S104 - SageMaker reaches the container from outside of it
        port=settings.port,
        workers=settings.workers,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return 0


def _read_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
