"""When and how state reaches the data folder: a forked copy of the server writes it while the server goes on.

A fork is the whole memory at one instant, so a snapshot is never torn and nothing waits for it. The file is replaced
as a whole; a server that dies at any moment leaves the last complete one.
"""

from __future__ import annotations

import ctypes
import gc
import json
import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from localaws import processors
from localaws.errors import PlatformError, UserError
from localaws.persistence import backends
from localaws.persistence.graph import Blobs

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = logging.getLogger("localaws")

READS = ("BatchGet", "Describe", "Filter", "Get", "List", "Search")
FOLDER = "state"
FILE = "snapshot.json"
FORMAT = 1
SHORTEST_PAUSE = 1.0
SHARE = 9.0
"""A pause lasts this many times as long as the snapshot before it, as far as `LONGEST_PAUSE` allows."""
LONGEST_PAUSE = 5.0
RECORDS_PAUSE = 300.0
"""Where nothing changes but what requests leave behind: under load that is always, and a copy costs what answers."""

LONGEST_SNAPSHOT = 120.0
_PR_SET_PDEATHSIG = 1
_RECORDS = re.compile(
    r"[a-z0-9]+\.execute-api\.|[^/]*/_aws/execute-api/|[^/]*/endpoints/[^/]+/invocations$"
    # What SageMaker captures of requests.
    r"|.*/\d{4}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{3}-[0-9a-f-]{36}\.jsonl$"
)
_libc = ctypes.CDLL(None)


def may_change(environ: WSGIEnvironment) -> bool:
    """Tell whether a request may change the state; what only asks is known by its method or its operation's name."""
    operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    return environ["REQUEST_METHOD"] not in ("GET", "HEAD") and not operation.startswith(READS)


def leaves_records(environ: WSGIEnvironment) -> bool:
    """Tell whether all that a request leaves behind is logs and measurements: it calls a REST API or an endpoint, or
    brings measurements or what was captured."""
    path = environ.get("PATH_INFO", "")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    measures = path.endswith("/PutMetricData") or target.endswith(".PutMetricData")
    return measures or bool(_RECORDS.match(environ.get("HTTP_HOST", "") + path))


class Snapshots:
    """Keeps the state of this process's backends in a folder.

    Parameters
    ----------
    data
        The server's data folder.
    """

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER
        self._touched = threading.Event()
        self._recorded = False
        self._closed = threading.Event()
        self._taking = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name="snapshots", daemon=True)
        self._told: set[str] = set()

    @property
    def exist(self) -> bool:
        """Whether an earlier server left a state."""
        return (self._folder / FILE).exists()

    def restore(self) -> bool:
        """Read the state that an earlier server left; tell whether there was one.

        Raises
        ------
        UserError
            It cannot be read; it stays as it is.
        """
        if not self.exist:
            return False
        # All of it stays: looking again and again for what can go would take most of the time.
        gc.disable()
        try:
            self._read()
        except UserError:
            raise
        except Exception as error:
            # Whatever a damaged file makes of the reader: the user can do the same about all of it.
            log.debug("the state in %s cannot be read", self._folder, exc_info=True)
            raise UserError(
                f"the state in {self._folder} is damaged ({type(error).__name__}: {error}): put back a copy of the "
                f"data folder, or remove {self._folder} to begin empty"
            ) from error
        finally:
            gc.enable()
        return True

    def _read(self) -> None:
        document = json.loads((self._folder / FILE).read_text())
        if document["format"] != FORMAT:
            raise UserError(
                f"the state in {self._folder} was written by another version: remove it to begin empty"
            )
        backends.read(document, self._blobs(set(), set()))

    def start(self) -> None:
        """Begin to keep the state."""
        self._folder.mkdir(exist_ok=True)
        self._thread.start()

    def touch(self) -> None:
        """Say that the state has changed."""
        self._touched.set()

    def record(self) -> None:
        """Say that there are new logs and measurements, and nothing else has changed."""
        self._recorded = True

    def close(self) -> None:
        """Take a last snapshot, of what nobody changes any more, and end."""
        self._closed.set()
        self._touched.set()
        self._thread.join(LONGEST_SNAPSHOT)
        self._take_or_tell()

    def take(self) -> float:
        """Write a snapshot of this instant; return the seconds it took.

        Raises
        ------
        PlatformError
            It could not be written; the last one stays.
        """
        started = time.monotonic()
        with self._taking:
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reading)
                self._write_and_exit(writing)
            os.close(writing)
            with os.fdopen(reading) as told:
                said = told.read()
            _, status = os.waitpid(child, 0)
        if status != 0:
            raise PlatformError(f"the state could not be written: {said or f'it ended with status {status}'}")
        self._tell(said)
        return time.monotonic() - started

    def _take_or_tell(self) -> float:
        try:
            return self.take()
        except PlatformError as error:
            log.error("%s", error)
            return LONGEST_PAUSE

    def _keep(self) -> None:
        while True:
            if not self._touched.wait(RECORDS_PAUSE) and not self._recorded:
                continue
            if self._closed.is_set():
                return
            self._touched.clear()
            self._recorded = False
            seconds = self._take_or_tell()
            self._closed.wait(min(LONGEST_PAUSE, max(SHORTEST_PAUSE, SHARE * seconds)))

    def _write_and_exit(self, writing: int) -> None:
        """Be the copy: nothing here may wait for a lock that a thread of the server held at the fork."""
        status, told = 1, ""
        try:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            processors.use_all()
            os.nice(10)
            gc.disable()
            lost = self._write()
            status, told = 0, "".join(f"{name}: {why}\n" for name, why in sorted(lost.items()))
        except BaseException as error:
            told = repr(error)
        finally:
            os.write(writing, told.encode()[:60_000])
            os._exit(status)

    def _write(self) -> dict[str, str]:
        kept: set[str] = set()
        made: set[str] = set()
        try:
            document, lost = backends.write(self._blobs(kept, made))
            fresh = self._folder / f"{FILE}.new"
            with fresh.open("w") as file:
                # In one string: much quicker than by pieces.
                file.write(json.dumps({"format": FORMAT, **document}, separators=(",", ":")))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._folder / FILE)
        except BaseException:
            self._clear(made)
            raise
        for blob in self._folder.glob("blobs/*"):
            if blob.name not in kept:
                blob.unlink()
        return lost

    def _clear(self, made: set[str]) -> None:
        """Take back what a snapshot that failed has written: on a full disk it would keep the next from its room."""
        for path in [*self._folder.glob("*.new"), *(self._folder / "blobs" / name for name in made)]:
            path.unlink(missing_ok=True)

    def _blobs(self, kept: set[str], made: set[str]) -> Blobs:
        """Return where contents go and come from.

        Parameters
        ----------
        kept, made
            Take the names of all that a snapshot holds, and of what is written for it.
        """
        folder = self._folder / "blobs"

        def put(name: str, content: Callable[[], bytes]) -> None:
            kept.add(name)
            if not (folder / name).exists():
                folder.mkdir(exist_ok=True)
                fresh = self._folder / "blob.new"
                with fresh.open("wb") as file:
                    file.write(content())
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(folder / name)
                made.add(name)

        return Blobs(put, lambda name: (folder / name).read_bytes())

    def _tell(self, said: str) -> None:
        for line in said.splitlines():
            if line not in self._told:
                self._told.add(line)
                log.warning("not kept over a restart: %s", line)
