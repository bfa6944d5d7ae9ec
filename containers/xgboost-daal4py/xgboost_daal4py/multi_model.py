"""The routes of a multi-model endpoint, as SageMaker defines them: load, list, describe, unload and invoke by name."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson

from xgboost_daal4py.http_messages import HttpRequest, Response, read_body
from xgboost_daal4py.inference import Inference
from xgboost_daal4py.model_catalog import Entry, ModelCatalog
from xgboost_daal4py.refusals import RefusedRequest

TARGET_MODEL = b"x-amzn-sagemaker-target-model"
PREFIX = "/models/"
INVOKE = "/invoke"
LARGEST_COMMAND = 64 * 1024
LONGEST_NAME = 1024
PAGE = 100


class MultiModel:
    """An endpoint whose models come and go."""

    def __init__(self, catalog: ModelCatalog, inference: Inference) -> None:
        self._catalog = catalog
        self._inference = inference

    async def route(self, request: HttpRequest) -> Response | None:
        """Answer a request, or return None when the path and method are not this endpoint's."""
        method, path = request.method, request.path
        if path == "/models":
            return await self._models(request)
        if path == "/invocations" and method == "POST":
            return await self._invoke(request.header(TARGET_MODEL), request)
        if path.startswith(PREFIX) and path.endswith(INVOKE) and method == "POST":
            name = unquote(path.removeprefix(PREFIX).removesuffix(INVOKE))
            return await self._invoke(name, request)
        if path.startswith(PREFIX):
            return self._model(method, unquote(path.removeprefix(PREFIX)))
        return None

    def check(self) -> None:
        """Every model was checked when it was loaded; without one there is nothing that could be wrong."""

    def facts(self) -> dict[str, str]:
        """Return what the log says about the endpoint when it starts."""
        return {"endpoint": "multi-model"}

    async def _models(self, request: HttpRequest) -> Response | None:
        if request.method == "GET":
            return self._page(parse_qs(request.query.decode("latin-1")))
        if request.method == "POST":
            entry = _read_entry(await read_body(request, LARGEST_COMMAND))
            await self._inference.run(partial(self._catalog.add, entry))
            return Response(200, orjson.dumps(_describe(entry)))
        return None

    def _model(self, method: str, name: str) -> Response | None:
        if method == "GET":
            return Response(200, orjson.dumps(_describe(self._catalog.find(name))))
        if method == "DELETE":
            self._catalog.remove(name)
            return Response(200, b"{}")
        return None

    async def _invoke(self, name: str, request: HttpRequest) -> Response:
        if not name:
            message = "name the model in X-Amzn-SageMaker-Target-Model"
            raise RefusedRequest(400, "no_target_model", message)
        if name in self._catalog.held():
            predictor = self._catalog.predictor(name)
        else:
            predictor = await self._inference.run(partial(self._catalog.predictor, name))
        return await self._inference.invoke(predictor, request)

    def _page(self, query: dict[str, list[str]]) -> Response:
        start, limit = _count(query, "next_page_token", 0), _count(query, "limit", PAGE)
        entries = list(self._catalog.entries())
        page: dict[str, Any] = {"models": [_describe(entry) for entry in entries[start : start + limit]]}
        if start + limit < len(entries):
            page["nextPageToken"] = str(start + limit)
        return Response(200, orjson.dumps(page))


def _read_entry(body: bytes) -> Entry:
    try:
        document = orjson.loads(body)
        name, url = document["model_name"], document["url"]
    except (ValueError, KeyError, TypeError) as error:
        message = 'the body must be {"model_name": "...", "url": "..."}'
        raise RefusedRequest(400, "invalid_json", message) from error
    if not (isinstance(name, str) and isinstance(url, str) and 0 < len(name) <= LONGEST_NAME):
        raise RefusedRequest(400, "invalid_json", "model_name and url must be strings")
    return Entry(name, url)


def _describe(entry: Entry) -> dict[str, str]:
    return {"modelName": entry.name, "modelUrl": entry.url}


def _count(query: dict[str, list[str]], name: str, default: int) -> int:
    text = query.get(name, [""])[0] or str(default)
    if not text.isdecimal() or len(text) > 9:
        raise RefusedRequest(400, "invalid_query", f"{name} must be a whole number")
    return int(text)
