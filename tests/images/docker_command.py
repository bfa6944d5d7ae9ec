"""The docker command for tests of built images: arguments in, what it printed out."""

from __future__ import annotations

import http.client
import subprocess
import time
from pathlib import Path

SECONDS = 60


def docker(*words: str) -> str:
    """Run docker; a failure fails the test with docker's own words."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr or done.stdout}"
    return done.stdout.strip()


def run_job(image: str, ml: Path, *words: str, options: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run a container on ``ml`` as /opt/ml to its end; returns the exit code and what it printed."""
    command = [
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        "--volume",
        f"{ml}:/opt/ml",
        *options,
        image,
        *words,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class Server:
    """A container that serves ``ml/model``, with nothing to write on."""

    def __init__(self, image: str, model: Path, *options: str) -> None:
        self.started = time.monotonic()
        self.name = docker(
            *("run", "--detach", "--read-only", "--publish", "127.0.0.1::8080"),
            *("--volume", f"{model}:/opt/ml/model:ro", *options, image, "serve"),
        )
        self.port = int(docker("port", self.name, "8080").splitlines()[0].rpartition(":")[2])

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        docker("rm", "--force", self.name)

    @property
    def log(self) -> str:
        return docker("logs", self.name)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def ask(self, method: str, path: str, body: str = "", kind: str = "text/csv") -> tuple[int, str]:
        connection = self.connect()
        try:
            connection.request(method, path, body, {"Content-Type": kind})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def wait(self) -> float:
        """Return the seconds from the container's start to the first healthy /ping."""
        while time.monotonic() < self.started + SECONDS:
            try:
                if self.ask("GET", "/ping")[0] == 200:
                    return time.monotonic() - self.started
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
        raise AssertionError(f"not healthy in {SECONDS} s: {self.log}")
