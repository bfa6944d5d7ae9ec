"""The limit: reads a request's body as the container's server does, and answers the same bytes to everybody."""

from __future__ import annotations

from xgboost_daal4py.http_messages import (
    HttpRequest,
    Message,
    Receive,
    Response,
    Send,
    read_body,
    send_response,
)
from xgboost_daal4py.serving import run_server
from xgboost_daal4py.settings import Settings

ANSWER = b'{"predictions":[{"score":0.8129714131355286,"label":"True"}]}'


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Answer a request."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await read_body(HttpRequest.of(scope, receive), 2**30)
    await send_response(send, Response(200, ANSWER))


if __name__ == "__main__":
    run_server("constant_server:app", Settings.from_environment(), factory=False)
