"""The process engine: a container is a process group with the image's environment and its paths rewritten."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping

from localaws.engine import Container, ContainerSpec
from localaws.images import ImageNotFound
from localaws.runtime import Runtime
from localaws.settings import HostSettings

CURATED_IMAGE_PREFIX = "aws/codebuild/"


class ProcessContainer:
    """A started process and everything it started."""

    def __init__(self, spec: ContainerSpec, process: subprocess.Popen[str], port: int) -> None:
        self._spec = spec
        self._process = process
        self._port = port
        self._reader = threading.Thread(target=self._read, name=f"log {spec.name}", daemon=True)
        self._reader.start()

    @property
    def address(self) -> str:
        """``http://127.0.0.1:<port>`` of the published port."""
        return f"http://127.0.0.1:{self._port}"

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code; raise ``TimeoutError`` when it still runs after ``timeout`` seconds."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"{self._spec.name} still runs after {timeout} seconds") from error
        self._reader.join(timeout=5)
        return code

    def running(self) -> bool:
        """Tell whether the main process is alive."""
        return self._process.poll() is None

    def stop(self, grace: float = 30.0) -> int:
        """Send SIGTERM to everything in the container, SIGKILL after ``grace``; return the exit code."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        self._signal(signal.SIGKILL)
        return self.wait()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        with self._process.stdout as lines:
            for line in lines:
                self._spec.log(line.rstrip("\n"))


class ProcessEngine:
    """Runs containers as processes of this machine."""

    name = "process"

    def __init__(
        self, runtime: Runtime, settings: HostSettings, build_environment: Mapping[str, str]
    ) -> None:
        self._runtime = runtime
        self._settings = settings
        self._build_environment = dict(build_environment)
        self._started: list[ProcessContainer] = []

    def start(self, spec: ContainerSpec) -> Container:
        """Start a container; raise ``localaws.images.ImageNotFound`` when there is no such image."""
        if not spec.image.startswith(CURATED_IMAGE_PREFIX):
            raise ImageNotFound(spec.image)
        port = _free_port() if spec.port else 0
        mounts = sorted(spec.mounts.items(), key=lambda item: -len(item[0]))

        def rewrite(text: str) -> str:
            for path, folder in mounts:
                text = text.replace(path, str(folder))
            return text

        environment = {"PATH": self._settings.path, "LANG": self._settings.lang, "HOME": "/tmp"}  # noqa: S108
        environment |= self._build_environment
        environment |= self._runtime.environment(spec.region, spec.role_arn)
        environment |= {name: rewrite(value) for name, value in spec.environment.items()}
        if port:
            environment["SAGEMAKER_BIND_TO_PORT"] = str(port)
        process = subprocess.Popen(  # noqa: S603 - running the given command is what an engine is for
            [rewrite(word) for word in (*spec.command, *spec.arguments)],
            env=environment,
            cwd=rewrite(spec.workdir) or None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        container = ProcessContainer(spec, process, port)
        self._started.append(container)
        return container

    def close(self) -> None:
        """End every container that this engine started."""
        for container in self._started:
            if container.running():
                container.stop(grace=2)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
