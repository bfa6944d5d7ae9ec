"""moto's end of the API: requests come in, and the operations that are grafted onto it answer them."""

from __future__ import annotations

from moto.core.responses import BaseResponse


class CodeConnectionsResponse(BaseResponse):
    """Answers requests to CodeConnections."""

    def __init__(self) -> None:
        super().__init__(service_name="codeconnections")
