"""Serving in the built image: nothing to write on, not as root, quick to start, polite at its end."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from docker_command import SECONDS, Server, docker

pytestmark = pytest.mark.docker

ROW = "0.9,0.8,0.5\n"
HARDENED = ("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "12345:12345")


@pytest.mark.parametrize("options", [(), HARDENED], ids=["as SageMaker starts it", "as another user"])
def test_it_answers_from_a_read_only_image_and_not_as_root(
    image: str, trained: Path, options: tuple[str, ...]
) -> None:
    with Server(image, trained / "model", *options) as server:
        server.wait()
        status, answer = server.ask("POST", "/invocations", ROW)
        users = docker(
            "exec", server.name, "sh", "-c", "grep -h ^Uid: /proc/[0-9]*/status | cut -f 3 | sort -u"
        )
        log = server.log
    assert status == 200, answer
    assert json.loads(answer)["predictions"][0]["label"] == "True"
    if options:
        assert users == "12345"
    else:
        # The one root is the shell that asks.
        assert len(users.splitlines()) == 2, users
        assert '"user": "model"' in log or '"user":"model"' in log


def test_the_first_ping_of_a_warm_image_comes_within_3_s(image: str, trained: Path) -> None:
    seconds = []
    for _ in range(3):
        with Server(image, trained / "model") as server:
            seconds.append(server.wait())
    # What a machine does besides makes it slower by as much.
    crowd = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    print(f"seconds from docker run to the first healthy /ping: {seconds}, load by core {crowd:.1f}")
    assert min(seconds) < 3 * crowd


def test_docker_stop_finishes_what_is_in_flight(image: str, trained: Path) -> None:
    with Server(image, trained / "model") as server:
        server.wait()
        connection = server.connect()
        body = (ROW * 100).encode()
        connection.putrequest("POST", "/invocations")
        connection.putheader("Content-Type", "text/csv")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:50])
        stop = threading.Thread(target=docker, args=("stop", "--time", "30", server.name))
        stop.start()
        stop.join(1)
        assert stop.is_alive()
        connection.send(body[50:])
        response = connection.getresponse()
        assert (response.status, len(json.loads(response.read())["predictions"])) == (200, 100)
        connection.close()
        stop.join(SECONDS)
        assert (
            docker("inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", server.name)
            == "0 false"
        )
