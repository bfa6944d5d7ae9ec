"""The `serve` command as a process: it answers over HTTP, ends on SIGTERM, and says why when it cannot start."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server_process import SECONDS, SERVE, ask, environment, free_port, wait_until_healthy

from xgboost_daal4py.serving import main


@pytest.fixture(params=[1, 2])
def server(request: pytest.FixtureRequest, trained: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    with subprocess.Popen(SERVE, env=environment(trained, port, request.param)) as process:
        try:
            wait_until_healthy(port)
            yield process, port
        finally:
            process.kill()


def test_a_record_is_answered_and_sigterm_finishes_what_is_in_flight(
    server: tuple[subprocess.Popen[bytes], int], record: dict[str, Any]
) -> None:
    process, port = server
    status, document = ask(port, "POST", "/invocations", json.dumps(record).encode())
    assert (status, document["predictions"][0]["label"]) == (200, "True")
    answers: list[int] = []
    client = threading.Thread(target=lambda: answers.append(send_slowly(port)))
    client.start()
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    client.join(SECONDS)
    assert answers == [200]
    # With one worker uvicorn hands the signal on after its graceful end; the exit is by that signal then.
    assert process.wait(SECONDS) in (0, -signal.SIGTERM)
    with pytest.raises(OSError, match="refused"):
        ask(port, "GET", "/ping")


def send_slowly(port: int) -> int:
    body = b"0,1,250,10,25,250\n" * 20
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.putrequest("POST", "/invocations")
    connection.putheader("Content-Type", "text/csv")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:100])
    time.sleep(1)
    connection.send(body[100:])
    status = connection.getresponse().status
    connection.close()
    return status


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
