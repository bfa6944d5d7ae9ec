"""The server around what answers: SageMaker's two paths, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import requests

from localaws.framework_images.framework_worker.http_serving import Request, Response, server


@pytest.fixture
def url() -> Iterator[str]:
    """Serve what tells a request's parts again."""

    def echo(request: Request) -> Response:
        told = f"{request.body.decode()}|{request.content_type}|{request.accept}|{request.custom_attributes}"
        return Response(told.encode(), "text/plain", 202)

    running = server(echo, 0, "127.0.0.1")
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def test_ping_is_healthy_and_invocations_are_answered(url: str) -> None:
    assert requests.get(f"{url}/ping", timeout=30).status_code == 200
    headers = {"Content-Type": "text/csv", "X-Amzn-SageMaker-Custom-Attributes": "a=1"}
    answered = requests.post(f"{url}/invocations", data=b"1,2", headers=headers, timeout=30)
    assert (answered.status_code, answered.text) == (202, "1,2|text/csv|application/json|a=1")


def test_other_paths_are_not_there(url: str) -> None:
    assert requests.get(f"{url}/models", timeout=30).status_code == 404
    assert requests.post(f"{url}/ping", timeout=30).status_code == 404
