"""The `serve` command as a process: it answers over HTTP, ends on SIGTERM, and says why when it cannot start."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xgboost_daal4py.serving import main

SERVE = [sys.executable, "-c", "import sys; from xgboost_daal4py.serving import main; sys.exit(main())"]
SECONDS = 60
SOURCE = Path(__file__).parents[1]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def environment(root: Path, port: int, workers: int = 2) -> dict[str, str]:
    return {
        "ML_ROOT": str(root),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "SAGEMAKER_MODEL_SERVER_WORKERS": str(workers),
        "PYTHONPATH": str(SOURCE),
        "PATH": "/usr/bin:/bin",
    }


def ask(port: int, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def wait_until_healthy(port: int) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            if ask(port, "GET", "/ping")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not become healthy")


@pytest.fixture(params=[1, 2])
def server(request: pytest.FixtureRequest, trained: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    with subprocess.Popen(SERVE, env=environment(trained, port, request.param)) as process:
        try:
            wait_until_healthy(port)
            yield process, port
        finally:
            process.kill()


def test_a_record_is_answered_and_sigterm_ends_it_cleanly(
    server: tuple[subprocess.Popen[bytes], int], record: dict[str, Any]
) -> None:
    process, port = server
    status, document = ask(port, "POST", "/invocations", json.dumps(record).encode())
    assert (status, document["predictions"][0]["label"]) == (200, "True")
    process.send_signal(signal.SIGTERM)
    # With one worker uvicorn hands the signal on after its graceful end; the exit is by that signal then.
    assert process.wait(SECONDS) in (0, -signal.SIGTERM)
    with pytest.raises(OSError, match="refused"):
        ask(port, "GET", "/ping")


def test_a_model_that_cannot_be_served_ends_it_with_the_reason(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(trained / "model", tmp_path / "model")
    (tmp_path / "model" / "features.json").unlink()
    monkeypatch.setenv("ML_ROOT", str(tmp_path))
    assert main() == 1
    assert capsys.readouterr().err.startswith("the model has no features.json")


def test_a_wrong_setting_ends_it_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAGEMAKER_BIND_TO_PORT", "eighty")
    assert main() == 1
    assert "SAGEMAKER_BIND_TO_PORT must be a whole number above 0, not 'eighty'" in capsys.readouterr().err
