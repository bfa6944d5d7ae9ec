"""The routes of an endpoint with one model: /invocations, its OpenAPI description, and whether it is well."""

from __future__ import annotations

from functools import cached_property

import orjson

from xgboost_daal4py.http_messages import HttpRequest, Response
from xgboost_daal4py.inference import Inference
from xgboost_daal4py.openapi import describe_endpoint
from xgboost_daal4py.outputs import check_outputs
from xgboost_daal4py.predictor import Predictor


class SingleModel:
    """An endpoint with the one model that lies in /opt/ml/model.

    Raises
    ------
    UserError
        When the model does not have the outputs that the endpoint is set to give.
    """

    def __init__(self, predictor: Predictor, inference: Inference) -> None:
        check_outputs(inference.outputs, predictor)
        self._predictor = predictor
        self._inference = inference

    async def route(self, request: HttpRequest) -> Response | None:
        """Answer a request, or return None when the path and method are not this endpoint's."""
        if request.path == "/invocations" and request.method == "POST":
            return await self._inference.invoke(self._predictor, request)
        if request.path == "/openapi.json" and request.method == "GET":
            return Response(200, self._description)
        return None

    def check(self) -> None:
        """Predict a built-in record; raises `PlatformError` when the answer is wrong."""
        self._predictor.check()

    def facts(self) -> dict[str, str]:
        """Return what the log says about the endpoint when it starts."""
        return self._predictor.facts()

    @cached_property
    def _description(self) -> bytes:
        document: bytes = orjson.dumps(describe_endpoint(self._predictor))
        return document
