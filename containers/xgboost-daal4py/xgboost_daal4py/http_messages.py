"""ASGI's messages in and out as one request and one response; bodies are read whole, up to a limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from xgboost_daal4py.refusals import RefusedRequest

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CUSTOM_ATTRIBUTES = b"x-amzn-sagemaker-custom-attributes"
JSON_HEADER = (b"content-type", b"application/json")


@dataclass(slots=True)
class Response:
    """What goes back to the client."""

    status: int
    body: bytes
    headers: Sequence[tuple[bytes, bytes]] = (JSON_HEADER,)
    body_bytes: int = 0
    """Of the request that it answers."""
    records: int = 0


@dataclass(slots=True)
class HttpRequest:
    """A request whose body has not been read yet."""

    method: str
    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    receive: Receive

    @classmethod
    def of(cls, scope: Message, receive: Receive) -> HttpRequest:
        """Take what ASGI gives; its header names are in lower case."""
        query = scope.get("query_string", b"")
        return cls(scope["method"], scope["path"], query, dict(scope["headers"]), receive)

    def header(self, name: bytes) -> str:
        """Return a header's value, empty when it is not there."""
        return self.headers.get(name, b"").decode("latin-1")


async def read_body(request: HttpRequest, limit: int) -> bytes:
    """Return the body.

    Raises
    ------
    RefusedRequest
        413 when it is, or says that it is, larger than ``limit`` bytes.
    """
    declared = request.header(b"content-length")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    message = await request.receive()
    body: bytes = message.get("body", b"")
    if len(body) > limit:
        raise _too_large(limit)
    if not message.get("more_body"):
        return body
    parts = bytearray(body)
    while message.get("more_body"):
        message = await request.receive()
        parts += message.get("body", b"")
        if len(parts) > limit:
            raise _too_large(limit)
    return bytes(parts)


async def send_response(send: Send, response: Response) -> None:
    """Send a response whole."""
    headers = [*response.headers, (b"content-length", b"%d" % len(response.body))]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _too_large(limit: int) -> RefusedRequest:
    return RefusedRequest(413, "payload_too_large", f"the body is larger than {limit} bytes")
