"""The data files of a step's channels in, their places in S3 out (to the request builders)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlpipelines.pipeline_errors import Problem
from mlpipelines.plan import HashWanted, Parameter, PipelinePlan
from mlpipelines.schema_jobs import Channel, DataFile
from mlpipelines.schema_values import ParameterValue
from mlpipelines.step_code import ContentStaging, Staging
from mlpipelines.step_index import WrittenStep
from mlpipelines.value_resolution import ValueProblem, ValueResolver


@dataclass(frozen=True)
class DataInput:
    """A data file as it comes to a step.

    Attributes
    ----------
    name
        What it is called there: its sourceName, or its channel.
    channel
        The channel that it belongs to.
    uri
        Where it lies.
    """

    name: str
    channel: str
    uri: Any


class DataLocator:
    """Finds data files, in S3 or in the repository, and gives their hashes to the parameters that want them."""

    def __init__(
        self, root: Path, bucket: str, staging: Staging, plan: PipelinePlan, resolve: ValueResolver
    ) -> None:
        """Locate files of ``root``, which ``staging`` brings to ``bucket``, for ``plan``."""
        self._root = root
        self._bucket = bucket
        self._staging = staging
        self._plan = plan
        self._resolve = resolve

    def inputs(self, step: WrittenStep, problems: list[Problem]) -> list[DataInput]:
        """Return the data files of a step, and note what is wrong with them."""
        found = [
            DataInput(file.sourceName or channel, channel, uri)
            for channel, file, uri in self._files(step, problems)
        ]
        names = [each.name for each in found]
        for name in sorted({name for name in names if names.count(name) > 1}):
            problems.append(
                step.block_problem(
                    f"two data files are called {name}: give them a sourceName each", "channels"
                )
            )
        return found

    def _files(self, step: WrittenStep, problems: list[Problem]) -> Iterator[tuple[str, DataFile, Any]]:
        for name, channel in (getattr(step.block, "channels", None) or {}).items():
            for number, file in enumerate((channel and channel.dataFiles) or ()):
                place = ("channels", name, "dataFiles", number)
                try:
                    yield name, file, self._locate(file, channel)
                except ValueProblem as error:
                    problems.append(step.block_problem(str(error), *place, "fileName"))

    def _locate(self, file: DataFile, channel: Channel) -> Any:
        written = file.fileName.default if isinstance(file.fileName, ParameterValue) else file.fileName
        if written is not None and not isinstance(written, str):
            return self._resolve(file.fileName)
        place = self._place(written, file, channel)
        if file.sha256 is not None and place is not None:
            self._hash(file.sha256, place)
        if not isinstance(file.fileName, ParameterValue):
            return place
        reference = self._resolve(file.fileName)
        described = self._plan.parameters[reference.name]
        self._plan.parameters[reference.name] = Parameter(described.name, "String", place, described.enum)
        return reference

    def _place(self, written: str | None, file: DataFile, channel: Channel) -> str | None:
        if not written:
            if file.generator is None:
                if isinstance(file.fileName, ParameterValue):
                    return None
                raise ValueProblem("a data file needs a fileName")
            self._check(file.generator)
            return self._staging.generated(file.generator)
        if written.startswith("s3://"):
            return written
        if channel.s3BucketName or channel.inputBucketPrefix:
            parts = [channel.s3BucketName or self._bucket, channel.inputBucketPrefix or "", written]
            return "s3://" + "/".join(part.strip("/") for part in parts if part.strip("/"))
        self._check(written)
        return self._staging.data(written)

    def _check(self, path: str) -> None:
        inside = (self._root / path).resolve().is_relative_to(self._root.resolve())
        if not inside or not (self._root / path).is_file():
            raise ValueProblem(
                f"there is no file {path} in this repository (data in S3 is written as s3://bucket/key)"
            )

    def _hash(self, value: ParameterValue, uri: str) -> None:
        reference = self._resolve(value)
        known = self._staging.sha256(uri) if isinstance(self._staging, ContentStaging) else None
        if known is None:
            self._plan.hashes.append(HashWanted(reference.name, uri))
        described = self._plan.parameters[reference.name]
        self._plan.parameters[reference.name] = Parameter(described.name, "String", known, described.enum)
