"""Turns an input file of a transform job into requests, and what the model answers into the output file."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from localaws.services.sagemaker.data_processing import DataProcessing, RecordError, is_csv, media_type

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Request:
    """One request to the model: the records as read, and its body."""

    records: list[bytes]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the model made of a request."""

    request: Request
    body: bytes
    content_type: str


@dataclass(frozen=True)
class Batching:
    """How records become requests.

    Attributes
    ----------
    by_line
        A line is a record (SplitType Line); otherwise a file is one.
    multi_record
        As many records in a request as the payload allows; otherwise one.
    max_payload_mb
        0 for no limit.
    """

    by_line: bool
    multi_record: bool
    max_payload_mb: int

    def requests(self, records: Iterable[bytes], processing: DataProcessing) -> Iterator[Request]:
        """Yield the requests of a file's records."""
        limit = self.max_payload_mb * MEGABYTE
        batch: list[bytes] = []
        parts: list[bytes] = []
        size = 0
        for record in records:
            part = processing.for_model(record)
            if limit and len(part) > limit:
                raise RecordError("Too much data for max payload size")
            full = limit and size + len(part) + len(parts) > limit
            if batch and (full or not self.multi_record):
                yield Request(batch, b"\n".join(parts))
                batch, parts, size = [], [], 0
            batch.append(record)
            parts.append(part)
            size += len(part)
        if batch:
            yield Request(batch, b"\n".join(parts))

    def records(self, path: Path, compressed: bool) -> Iterator[bytes]:
        """Yield the records of a file, lines without their ends; empty lines are none."""
        with gzip.open(path) if compressed else path.open("rb") as file:
            if not self.by_line:
                yield file.read()
                return
            for line in file:
                record = line.rstrip(b"\r\n")
                if record:
                    yield record


@dataclass(frozen=True)
class Assembly:
    """How answers become an output file.

    Attributes
    ----------
    by_line
        Every record ends its line (AssembleWith Line); otherwise answers follow each other as they are.
    """

    by_line: bool
    processing: DataProcessing

    def output(self, answer: Answer) -> bytes:
        """Return what an answer adds to the output file."""
        if not self.processing.by_record:
            return self._ended(answer.body)
        predictions = self._predictions(answer)
        results = [
            self.processing.for_output(record, prediction, answer.content_type)
            for record, prediction in zip(answer.request.records, predictions, strict=True)
        ]
        return self._ended(b"\n".join(results))

    def _predictions(self, answer: Answer) -> list[bytes]:
        lines = [line for line in answer.body.splitlines() if line.strip()]
        wanted = len(answer.request.records)
        if wanted == 1 and not (
            is_csv(answer.content_type) or media_type(answer.content_type).endswith("lines")
        ):
            return [answer.body]
        if len(lines) != wanted:
            raise RecordError(
                f"Fail to join data: mismatched line count between the input and the output ({wanted} records, "
                f"{len(lines)} predictions)"
            )
        return lines

    def _ended(self, body: bytes) -> bytes:
        return body if not self.by_line or body.endswith(b"\n") else body + b"\n"
