"""A container of the Docker engine at work: its output line by line, its end, and its removal."""

from __future__ import annotations

import codecs
import contextlib
import math
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import docker.errors

from localaws.engine import ContainerSpec

READ_SECONDS = 10.0


class DockerContainer:
    """A container from its start to its removal.

    Parameters
    ----------
    spec
        What it was made from.
    container
        The container as the ``docker`` library has it, not yet started.
    network
        The Docker network in which its port is asked for, ``""`` for none.
    ended
        Called once, when the container has ended and before anybody who waits learns of it.
    """

    def __init__(
        self, spec: ContainerSpec, container: Any, network: str, ended: Callable[[DockerContainer], None]
    ) -> None:
        self.id: str = container.id
        self._spec = spec
        self._container = container
        self._network = network
        self._end_of = ended
        self._ended = threading.Event()
        self._code = 0
        self._out_of_memory = False
        self._address = ""

    def start(self) -> None:
        """Start it; from here on it ends by itself, by `stop`, or with its engine."""
        self._container.start()
        self._address = self._find_address()
        reader = threading.Thread(target=self._read, name=f"log of {self._spec.name}")
        reader.daemon = True
        reader.start()
        end = threading.Thread(target=self._supervise, args=(reader,), name=f"end of {self._spec.name}")
        end.daemon = True
        end.start()

    @property
    def address(self) -> str:
        """``http://<address>:<port>`` at which this machine reaches the published port."""
        return self._address

    @property
    def out_of_memory(self) -> bool:
        """Tell whether it was killed because it wanted more than its memory."""
        return self._out_of_memory

    def known_as(self, path: str) -> str:
        """Return ``path``: a container has it as it is."""
        return path

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code; raise ``TimeoutError`` when it still runs after ``timeout`` seconds."""
        if not self._ended.wait(timeout):
            raise TimeoutError(f"{self._spec.name} still runs after {timeout} seconds")
        return self._code

    def running(self) -> bool:
        """Tell whether the main process is alive."""
        return not self._ended.is_set()

    def stop(self, grace: float = 30.0) -> int:
        """Send SIGTERM, SIGKILL after ``grace``; return the exit code."""
        with contextlib.suppress(docker.errors.NotFound):
            self._container.stop(timeout=math.ceil(grace))
        return self.wait()

    def remove(self) -> None:
        """Remove it, running or not."""
        # Somebody else may be removing it, or may have done so.
        with contextlib.suppress(docker.errors.APIError):
            self._container.remove(force=True, v=True)

    def _find_address(self) -> str:
        if not self._spec.port:
            return ""
        self._container.reload()
        networks = self._container.attrs["NetworkSettings"]["Networks"]
        return f"http://{networks[self._network]['IPAddress']}:{self._spec.port}"

    def _read(self) -> None:
        # Followed to its end, which closes the connection; attaching would leave one open for each container.
        for line in lines(self._container.logs(stream=True, follow=True)):
            self._spec.log(line)

    def _supervise(self, reader: threading.Thread) -> None:
        try:
            self._code = int(self._container.wait(timeout=None)["StatusCode"])
            self._container.reload()
            self._out_of_memory = bool(self._container.attrs["State"]["OOMKilled"])
        except docker.errors.NotFound:
            # Somebody removed it: nothing is known but that it was killed.
            self._code = self._code or 137
        finally:
            reader.join(READ_SECONDS)
            self._end_of(self)
            self._ended.set()
            self.remove()


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Make lines of pieces that end anywhere, also within a character."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    for chunk in chunks:
        *whole, rest = (rest + decoder.decode(chunk)).split("\n")
        yield from (line.removesuffix("\r") for line in whole)
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest
