"""A request to a model in, a response out: small ones at once, large ones in a thread, so that /ping still answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from xgboost_daal4py.custom_attributes import read_custom_attributes
from xgboost_daal4py.http_messages import (
    CUSTOM_ATTRIBUTES,
    JSON_HEADER,
    HttpRequest,
    Response,
    read_body,
)
from xgboost_daal4py.media_types import CSV, JSON, JSON_LINES
from xgboost_daal4py.outputs import Output, parse_outputs
from xgboost_daal4py.payloads import Answer, answer
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.settings import Settings

LARGE_BYTES = 131_072
"""From here on a request takes milliseconds, and a thread is worth its price."""
T = TypeVar("T")


class Inference:
    """How this worker answers requests for predictions, whichever model they are for."""

    def __init__(self, settings: Settings) -> None:
        self._limit = settings.max_payload_bytes
        self._outputs: tuple[Output, ...] = parse_outputs(settings.outputs)
        self._batch = settings.batch
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="large-requests")

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What an answer holds where the request does not say."""
        return self._outputs

    async def invoke(self, predictor: Predictor, request: HttpRequest) -> Response:
        """Answer one request.

        Raises
        ------
        RefusedRequest
            Whatever is wrong with it.
        """
        body = await read_body(request, self._limit)
        content_type = request.header(b"content-type")
        wanted = read_custom_attributes(request.header(CUSTOM_ATTRIBUTES)).outputs
        work = partial(
            answer,
            predictor,
            body,
            content_type,
            request.header(b"accept"),
            wanted or self._outputs,
            self._preferred(content_type),
        )
        done = work() if len(body) < LARGE_BYTES else await self.run(work)
        return _respond(done, len(body))

    async def run(self, work: Callable[[], T]) -> T:
        """Run long work beside the event loop, one piece after the other."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _preferred(self, content_type: str) -> str:
        """Batch transform joins answers to inputs line by line."""
        if not self._batch:
            return JSON
        return CSV if content_type.strip().lower().startswith(CSV) else JSON_LINES


def _respond(done: Answer, body_bytes: int) -> Response:
    headers = (JSON_HEADER,) if done.media_type == JSON else ((b"content-type", done.media_type.encode()),)
    return Response(200, done.body, headers, body_bytes, done.records)
