"""Sends the records of input files to a model, several requests at a time, and keeps the answers in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from localaws.services.sagemaker.batch_server import BatchServer, InvocationError
from localaws.services.sagemaker.data_processing import RecordError
from localaws.services.sagemaker.transform_records import Answer, Assembly, Batching, Request

CLIENT_ERROR = "ClientError"


@dataclass
class InputFile:
    """An input object on its way.

    Attributes
    ----------
    source
        ``bucket/key``, for the data log.
    path, result
        The file, and what the model made of it.
    output
        URI of the object that the result goes to.
    reason
        Why there is none, empty while all is well.
    """

    source: str
    path: Path
    result: Path
    output: str
    reason: str = ""


@dataclass(frozen=True)
class FileTransform:
    """How one instance transforms its files.

    Attributes
    ----------
    server
        The instance's container.
    batching, assembly
        How records become requests, and answers an output file.
    compressed
        Input files are gzip.
    headers
        Of every request.
    concurrency
        Requests at a time.
    log
        Takes lines of the data log.
    deliver
        Takes a file whose result is complete.
    stopped
        Tells that the job is to end.
    """

    server: BatchServer
    batching: Batching
    assembly: Assembly
    compressed: bool
    headers: Mapping[str, str]
    concurrency: int
    log: Callable[[str], None]
    deliver: Callable[[InputFile], None]
    stopped: Callable[[], bool]

    def run(self, files: Sequence[InputFile]) -> None:
        """Transform the files; one that fails keeps no other from its result."""
        window: deque[tuple[InputFile, Future[Answer] | None]] = deque()
        with ThreadPoolExecutor(self.concurrency) as threads:
            for file, request in self._requests(files):
                window.append((file, threads.submit(self._answer, request) if request else None))
                while len(window) > self.concurrency:
                    self._take(*window.popleft())
            for file, future in window:
                self._take(file, future)

    def _requests(self, files: Sequence[InputFile]) -> Iterator[tuple[InputFile, Request | None]]:
        """Yield every file's requests, and after them the file alone."""
        for file in files:
            try:
                records = self.batching.records(file.path, self.compressed)
                for request in self.batching.requests(records, self.assembly.processing):
                    if file.reason or self.stopped():
                        break
                    yield file, request
            except (RecordError, OSError, EOFError) as error:
                self._fail(file, CLIENT_ERROR, error)
            yield file, None

    def _answer(self, request: Request) -> Answer:
        body, content_type = self.server.invoke(request.body, self.headers)
        return Answer(request, body, content_type or self.headers.get("Accept", ""))

    def _take(self, file: InputFile, future: Future[Answer] | None) -> None:
        if future is None:
            self._finish(file)
            return
        try:
            answer = future.result()
            with file.result.open("ab") as result:
                result.write(self.assembly.output(answer))
        except InvocationError as error:
            self._fail(file, error.reason, error)
        except RecordError as error:
            self._fail(file, CLIENT_ERROR, error)

    def _finish(self, file: InputFile) -> None:
        file.path.unlink(missing_ok=True)
        if not file.reason and not self.stopped():
            file.result.touch()
            self.deliver(file)
        file.result.unlink(missing_ok=True)

    def _fail(self, file: InputFile, reason: str, error: Exception) -> None:
        if not file.reason and not self.stopped():
            self.log(f"[sagemaker logs]: {file.source}: {reason}: {error}")
        file.reason = file.reason or reason
