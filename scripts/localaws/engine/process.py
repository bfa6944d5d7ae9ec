"""The process engine: a container is a process group with the image's environment and its paths rewritten."""

from __future__ import annotations

import contextlib
import itertools
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from localaws import processors
from localaws.engine import Cluster, Container, ContainerSpec
from localaws.engine.curated import CuratedImages
from localaws.engine.processes import kill_all, signal_group
from localaws.engine.rewrite import PathMap
from localaws.engine.subnets import in_subnet
from localaws.engine.watchdog import Watchdog
from localaws.images import Image
from localaws.runtime import Runtime
from localaws.settings import HostSettings

ML_ROOT = "/opt/ml"
ENGINE_MARKER = "LOCALAWS_ENGINE"
CONTAINER_MARKER = "LOCALAWS_CONTAINER"
NOT_FOUND = 'echo "exec: \\"$0\\": executable file not found in \\$PATH"; exit 127'
CLOSE_GRACE_SECONDS = 2.0
LOOPBACK = "127.0.0.1"
CLUSTER_ADDRESSES = "127.83.{}.{}"
MOST_HOSTS = 254


class ProcessContainer:
    """A started process and everything it started.

    Parameters
    ----------
    spec
        What it was started from.
    process
        The main process, the leader of its own session.
    marker
        ``NAME=value`` in the environment of everything in the container.
    port
        The host's port for the published one, 0 for none.
    sandbox
        The container's own folder, removed after its end.
    ended
        Called once, when none of its processes is left.
    """

    def __init__(
        self,
        spec: ContainerSpec,
        process: subprocess.Popen[str],
        marker: str,
        port: int,
        sandbox: Path,
        ended: Callable[[ProcessContainer], None],
    ) -> None:
        self.group = process.pid
        self._spec = spec
        self._process = process
        self._marker = marker
        self._port = port
        self._sandbox = sandbox
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, name=f"log of {spec.name}", daemon=True)
        self._reader.start()
        threading.Thread(
            target=self._supervise, args=(ended,), name=f"end of {spec.name}", daemon=True
        ).start()

    @property
    def address(self) -> str:
        """``http://127.0.0.1:<port>`` of the published port."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def out_of_memory(self) -> bool:
        """False: memory is not limited, and an end by the machine's own shortage looks like any other."""
        return False

    def known_as(self, path: str) -> str:
        """Return the folder of this machine that is meant."""
        return PathMap(self._spec.mounts)(path)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code; raise ``TimeoutError`` when it still runs after ``timeout`` seconds."""
        if not self._ended.wait(timeout):
            raise TimeoutError(f"{self._spec.name} still runs after {timeout} seconds")
        code = self._process.wait()
        # As a container's exit code tells of a signal.
        return code if code >= 0 else 128 - code

    def running(self) -> bool:
        """Tell whether the main process is alive."""
        return self._process.poll() is None

    def stop(self, grace: float = 30.0) -> int:
        """Send SIGTERM to everything in the container, SIGKILL after ``grace``; return the exit code."""
        signal_group(self.group, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        signal_group(self.group, signal.SIGKILL)
        return self.wait()

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        processors.share_one()
        with self._process.stdout as lines:
            for line in lines:
                self._spec.log(line.rstrip("\n"))

    def _supervise(self, ended: Callable[[ProcessContainer], None]) -> None:
        """Let nothing outlive the main process, as nothing in a container outlives its first process."""
        self._process.wait()
        signal_group(self.group, signal.SIGKILL)
        kill_all(self._marker)
        self._reader.join(timeout=5)
        ended(self)
        # Nobody has to wait for the removal of what may be thousands of files.
        self._ended.set()
        _remove(self._sandbox)


class ProcessEngine:
    """Runs containers as processes of this machine.

    Parameters
    ----------
    runtime
        The server: data folder, images and the environment that reaches AWS.
    settings
        What the host gives.
    build_environment
        Variables of the build image itself.
    """

    name = "processes"
    host_address = LOOPBACK

    def __init__(
        self, runtime: Runtime, settings: HostSettings, build_environment: Mapping[str, str]
    ) -> None:
        self._runtime = runtime
        self._settings = settings
        self._folder = runtime.data / "engine"
        self._curated = CuratedImages(self._folder, settings, build_environment)
        self._id = uuid.uuid4().hex
        self._numbers = itertools.count(1)
        self._clusters = itertools.count()
        self._running: dict[int, ProcessContainer] = {}
        self._lock = threading.Lock()
        self._watchdog: Watchdog | None = None
        self._temporary = Path()
        self._closed = False

    def start(self, spec: ContainerSpec) -> Container:
        """Start a container; raise ``localaws.images.ImageNotFound`` when there is no such image."""
        number = self._next_number()
        sandbox = self._folder / "containers" / f"{number}-{_slug(spec.name)}"
        (sandbox / "home").mkdir(parents=True)
        (self._temporary / str(number)).mkdir()
        (sandbox / "tmp").symlink_to(self._temporary / str(number))
        try:
            container = self._start(spec, sandbox, f"{self._id}-{number}")
        except BaseException:
            _remove(sandbox)
            raise
        return container

    def for_build(
        self, spec: ContainerSpec, privileged: bool
    ) -> contextlib.AbstractContextManager[ContainerSpec]:
        """Return ``spec`` as it is: `CuratedImages` plays the build image, which has no Docker engine."""
        return contextlib.nullcontext(spec)

    @contextlib.contextmanager
    def cluster(self, size: int, isolated: bool = False) -> Iterator[Cluster]:
        """Name ``size`` hosts; where there are several, each has an address of the loopback interface to itself."""
        if size > MOST_HOSTS:
            raise ValueError(
                f"{size} hosts are more than the {MOST_HOSTS} that this engine has addresses for"
            )
        number = next(self._clusters) % 256
        several = tuple(CLUSTER_ADDRESSES.format(number, host) for host in range(1, size + 1))
        yield Cluster(f"cluster-{number}", several if size > 1 else ("algo-1",), "lo")

    def _next_number(self) -> int:
        with self._lock:
            self._check_open()
            if self._watchdog is None:
                # Short, because programs make sockets in TMPDIR and a socket's path ends at 108 bytes.
                self._temporary = Path(tempfile.mkdtemp(prefix="la-"))
                self._watchdog = Watchdog(f"{ENGINE_MARKER}={self._id}", self._temporary)
            return next(self._numbers)

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("the engine is closed: the server is ending")

    def _start(self, spec: ContainerSpec, sandbox: Path, container_id: str) -> ProcessContainer:
        image = self._curated.find(spec.image, sandbox) or self._runtime.images.find(spec.image, spec.region)
        mounts = {**image.mounts, **spec.mounts}
        workdir = (spec.workdir or image.workdir).rstrip("/")
        if workdir and PathMap(mounts)(workdir) == workdir:
            mounts[workdir] = sandbox / "home"
        rewrite = PathMap(mounts)
        port = _free_port() if spec.port else 0
        environment = self._environment(spec, image, sandbox, rewrite)
        environment |= {ENGINE_MARKER: self._id, CONTAINER_MARKER: container_id}
        if ML_ROOT in mounts:
            environment["ML_ROOT"] = str(mounts[ML_ROOT])
        if port:
            environment["SAGEMAKER_BIND_TO_PORT"] = str(port)
        head = spec.command or image.entrypoint
        tail = spec.arguments or (() if spec.command else image.command)
        words = [rewrite(word) for word in (*head, *tail)]
        folder = Path(rewrite(workdir) or sandbox / "home")
        folder.mkdir(parents=True, exist_ok=True)
        marker = f"{CONTAINER_MARKER}={container_id}"
        # Started and remembered in one, so that closing the engine misses nothing.
        with self._lock:
            self._check_open()
            process = _launch(words, environment, folder)
            container = ProcessContainer(spec, process, marker, port, sandbox, self._forget)
            self._running[container.group] = container
            self._tell(f"+{container.group}")
        return container

    def _environment(
        self, spec: ContainerSpec, image: Image, sandbox: Path, rewrite: PathMap
    ) -> dict[str, str]:
        environment = {"PATH": self._settings.path, "LANG": self._settings.lang}
        environment |= {"HOME": str(sandbox / "home"), "TMPDIR": str((sandbox / "tmp").readlink())}
        environment |= {name: rewrite(value) for name, value in image.environment.items()}
        environment |= in_subnet(self._runtime.environment(spec.region, spec.role_arn), spec)
        return environment | {name: rewrite(value) for name, value in spec.environment.items()}

    def _tell(self, line: str) -> None:
        if self._watchdog:
            self._watchdog.tell(line)

    def _forget(self, container: ProcessContainer) -> None:
        with self._lock:
            self._running.pop(container.group, None)
            self._tell(f"-{container.group}")

    def close(self) -> None:
        """End every container that this engine started."""
        with self._lock:
            self._closed = True
            containers = list(self._running.values())
            watchdog, self._watchdog = self._watchdog, None
        stops = [
            threading.Thread(target=container.stop, args=(CLOSE_GRACE_SECONDS,)) for container in containers
        ]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()
        if watchdog:
            watchdog.close()


def _launch(words: list[str], environment: Mapping[str, str], workdir: Path) -> subprocess.Popen[str]:
    if not words or not shutil.which(words[0], path=environment["PATH"]):
        words = ["/bin/sh", "-c", NOT_FOUND, words[0] if words else ""]
    with processors.starting_on_all():
        return subprocess.Popen(  # noqa: S603 - running the given command is what an engine is for
            words,
            env=environment,
            cwd=workdir,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )


def _remove(sandbox: Path) -> None:
    shutil.rmtree((sandbox / "tmp").readlink(), ignore_errors=True)
    shutil.rmtree(sandbox, ignore_errors=True)


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name)[-80:]


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as server:
        port: int = server.getsockname()[1]
        return port
