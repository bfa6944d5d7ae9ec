"""The `serve` command: loads the model, then answers SageMaker's /ping, /invocations and /execution-parameters."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
import traceback
from functools import partial
from pathlib import Path
from typing import Protocol

import uvicorn

from xgboost_daal4py.custom_attributes import read_custom_attributes
from xgboost_daal4py.errors import ContainerError, UserError
from xgboost_daal4py.http_messages import (
    CUSTOM_ATTRIBUTES,
    HttpRequest,
    Message,
    Receive,
    Response,
    Send,
    send_response,
)
from xgboost_daal4py.inference import Inference
from xgboost_daal4py.model_catalog import ModelCatalog
from xgboost_daal4py.multi_model import TARGET_MODEL, MultiModel
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.privileges import leave_root
from xgboost_daal4py.refusals import RefusedRequest, format_error
from xgboost_daal4py.settings import MEGABYTE, Settings
from xgboost_daal4py.single_model import SingleModel
from xgboost_daal4py.telemetry import Request, Telemetry

SHUTDOWN_SECONDS = 25
"""SageMaker kills 30 seconds after SIGTERM; open requests get this long."""
METRICS_SECONDS = 60
WORKER_SILENCE_SECONDS = 60
"""A worker that says nothing for so long is replaced; on a crowded machine less is no sign of death."""
KEEP_ALIVE_SECONDS = 75
"""Longer than SageMaker keeps a connection, so that it never writes into one that is just being closed."""
PATHS = ("/invocations", "/ping", "/execution-parameters", "/openapi.json", "/models")


class Routes(Protocol):
    """What differs between an endpoint with one model and one with many."""

    async def route(self, request: HttpRequest) -> Response | None:
        """Answer a request, or return None when the path and method are not this endpoint's."""

    def check(self) -> None:
        """Raise a `PlatformError` when predictions do not work."""

    def facts(self) -> dict[str, str]:
        """Return what the log says about the endpoint when it starts."""


class ServingApp:
    """The ASGI application of one worker process."""

    def __init__(self, routes: Routes, settings: Settings, telemetry: Telemetry) -> None:
        self._routes = routes
        self._telemetry = telemetry
        self._parameters = json.dumps(
            {
                "MaxConcurrentTransforms": settings.workers,
                "BatchStrategy": "MULTI_RECORD",
                "MaxPayloadInMB": max(1, settings.max_payload_bytes // MEGABYTE),
            }
        ).encode()

    def facts(self) -> dict[str, str]:
        """Return what the log says about the endpoint when it starts."""
        return self._routes.facts()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        started = time.perf_counter()
        request = HttpRequest.of(scope, receive)
        response = await self._answer(request)
        attributes = request.headers.get(CUSTOM_ATTRIBUTES)
        if attributes:
            response.headers = (*response.headers, (CUSTOM_ATTRIBUTES, attributes))
        await send_response(send, response)
        if request.path != "/ping":
            self._record(request, response, time.perf_counter() - started)

    async def _answer(self, request: HttpRequest) -> Response:
        try:
            return await self._route(request)
        except RefusedRequest as error:
            return Response(error.status, format_error(error))
        except Exception:
            self._telemetry.log("internal error, please report it", traceback=traceback.format_exc())
            internal = RefusedRequest(500, "internal", "something went wrong inside of the container")
            return Response(500, format_error(internal))

    async def _route(self, request: HttpRequest) -> Response:
        response = await self._routes.route(request)
        if response is not None:
            return response
        method, path = request.method, request.path
        if (method, path) == ("GET", "/ping"):
            return self._ping()
        if (method, path) == ("GET", "/execution-parameters"):
            return Response(200, self._parameters)
        if path in PATHS:
            raise RefusedRequest(405, "method_not_allowed", f"{path} does not answer to {method}")
        raise RefusedRequest(404, "not_found", "there is nothing at this path")

    def _ping(self) -> Response:
        try:
            self._routes.check()
        except ContainerError as error:
            return Response(503, json.dumps({"status": "unhealthy", "reason": str(error)}).encode())
        return Response(200, b'{"status": "healthy"}')

    def _record(self, request: HttpRequest, response: Response, seconds: float) -> None:
        try:
            correlation_id = read_custom_attributes(request.header(CUSTOM_ATTRIBUTES)).correlation_id
        except RefusedRequest:
            correlation_id = ""
        self._telemetry.record(
            Request(
                status=response.status,
                seconds=seconds,
                body_bytes=response.body_bytes,
                records=response.records,
                model=request.header(TARGET_MODEL),
                correlation_id=correlation_id,
            )
        )

    async def _live(self, receive: Receive, send: Send) -> None:
        """Write metrics from the server's start to its end."""
        await receive()
        metrics = asyncio.create_task(self._write_metrics())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        metrics.cancel()
        self._telemetry.flush()
        await send({"type": "lifespan.shutdown.complete"})

    async def _write_metrics(self) -> None:
        while True:
            await asyncio.sleep(METRICS_SECONDS)
            self._telemetry.flush()


def create_app() -> ServingApp:
    """Make the application of one worker process, with a model of its own."""
    settings = Settings.from_environment()
    return make_app(settings, Telemetry(settings.debug))


def make_app(settings: Settings, telemetry: Telemetry) -> ServingApp:
    """Make the application that the settings describe.

    Raises
    ------
    UserError
        When a setting or the model is wrong.
    """
    inference = Inference(settings)
    if settings.multi_model:
        load = partial(_load_and_tell, telemetry=telemetry, threshold=settings.threshold)
        catalog = ModelCatalog(_catalog_folder(settings), settings.model_memory_bytes, load)
        return ServingApp(MultiModel(catalog, inference), settings, telemetry)
    predictor = Predictor.load(settings.model_folder, settings.threshold)
    return ServingApp(SingleModel(predictor, inference), settings, telemetry)


def main() -> int:
    """Serve as SageMaker starts it; returns the exit code."""
    try:
        settings = Settings.from_environment()
        user = leave_root([settings.ml_root / "models" if settings.multi_model else settings.model_folder])
        if settings.multi_model:
            _make_catalog_folder(settings)
        # A model that cannot be served ends the container here, with the reason, instead of worker after worker.
        telemetry = Telemetry(settings.debug)
        app = make_app(settings, telemetry)
    except ContainerError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    telemetry.log("serving", port=settings.port, workers=settings.workers, user=user, **app.facts())
    run_server(
        app if settings.workers == 1 else f"{__name__}:{create_app.__name__}",
        settings,
        factory=settings.workers > 1,
    )
    return 0


def run_server(app: ServingApp | str, settings: Settings, factory: bool) -> None:
    """Serve an application until SIGTERM.

    Parameters
    ----------
    app
        The application, or where worker processes import it from.
    settings
        Port and number of workers.
    factory
        Whether what is imported makes the application.
    """
    uvicorn.run(
        app,
        factory=factory,
        host="0.0.0.0",  # noqa: S104 - SageMaker reaches the container from outside of it
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        timeout_worker_healthcheck=WORKER_SILENCE_SECONDS,
    )


def _load_and_tell(folder: Path, telemetry: Telemetry, threshold: float | None) -> Predictor:
    predictor = Predictor.load(folder, threshold)
    telemetry.log("model loaded", folder=str(folder), **predictor.facts())
    return predictor


def _catalog_folder(settings: Settings) -> Path:
    """Return the folder that all workers know; memory is writable even where the root file system is not."""
    memory = Path("/dev/shm")  # noqa: S108 - made with mode 0700 below
    root = memory if memory.is_dir() else Path(tempfile.gettempdir())
    return root / f"xgboost-daal4py-{settings.port}"


def _make_catalog_folder(settings: Settings) -> None:
    folder = _catalog_folder(settings)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise UserError(f"the folder {folder} for the list of models cannot be made: {error}") from error
