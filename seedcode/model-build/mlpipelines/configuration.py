"""A repository in, its models and pipelines out, merged from all files; `planning` makes steps of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from mlpipelines.pipeline_errors import ConfigurationError, Problem, UserError
from mlpipelines.schema_document import Document, PipelineSection
from mlpipelines.schema_errors import schema_problems
from mlpipelines.schema_model import ModelSection
from mlpipelines.substitution import substitute
from mlpipelines.yaml_source import KeyPath, SourceFile, read_source

ALL_FILES = "**/conf/conf*.yaml"
LEFT_OUT = re.compile(r"\.|__pycache__$|node_modules$")
"""Folders of tools and environments, in which nobody writes configurations."""


@dataclass(frozen=True)
class Located:
    """Something that a file says, and where: the file and the path of keys to it."""

    source: SourceFile
    path: KeyPath

    def problem(self, message: str, *below: str | int) -> Problem:
        """Return a problem at a place below this one."""
        return self.source.problem((*self.path, *below), message)

    def __str__(self) -> str:
        line, column = self.source.place(self.path)
        return f"{self.source.name}:{line}:{column}"


@dataclass(frozen=True)
class Model(Located):
    """A model and what its file says of it."""

    name: str
    section: ModelSection


@dataclass(frozen=True)
class PipelineConfiguration(Located):
    """A pipeline and what its file says of it, with the models of all files."""

    section: PipelineSection
    models: Mapping[str, Model]

    @property
    def name(self) -> str:
        """Its name in the file; on AWS, the project's stands before it."""
        return self.section.pipelineName


@dataclass
class Configuration:
    """All that the files of a repository say.

    Attributes
    ----------
    root
        The repository.
    models, pipelines
        By name, in the order of files and of places in them.
    problems
        What is wrong so far.
    """

    root: Path
    models: dict[str, Model] = field(default_factory=dict)
    pipelines: dict[str, PipelineConfiguration] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def raise_problems(self) -> None:
        """Raise everything that is wrong, at once, if anything is."""
        if self.problems:
            raise ConfigurationError(self.problems)


def find_files(root: Path, pattern: str = ALL_FILES) -> list[Path]:
    """Return the repository's configuration files in a fixed order.

    Raises
    ------
    UserError
        When the pattern is none.
    """
    try:
        found = [path for path in root.glob(pattern) if path.is_file()]
    except (ValueError, NotImplementedError) as error:
        raise UserError(f"{pattern!r} is no pattern of files: {error}") from error
    return sorted(path for path in found if not any(map(LEFT_OUT.match, _folders(path, root))))


def _folders(path: Path, root: Path) -> Iterable[str]:
    return PurePosixPath(path.relative_to(root)).parts[:-1]


def read_configuration(root: Path, files: Sequence[Path], variables: Mapping[str, str]) -> Configuration:
    """Read and merge the files; what is wrong is in the answer's ``problems``.

    Parameters
    ----------
    root
        The repository.
    files
        As `find_files` returns them.
    variables
        What values may refer to.
    """
    configuration = Configuration(root)
    for path in files:
        source = read_source(path, root)
        configuration.problems += source.problems
        for document, base in _documents(source, variables, configuration.problems):
            _merge(document, source, base, configuration)
    return configuration


def _documents(
    source: SourceFile, variables: Mapping[str, str], problems: list[Problem]
) -> Iterator[tuple[Document, KeyPath]]:
    """Yield the file's document, if it is one, and where in the file it begins: the sample puts it below `conf`."""
    if source.problems:
        return
    if not isinstance(source.data, dict):
        problems.append(source.problem((), "a configuration is a mapping with models and sagemakerPipeline"))
        return
    base: KeyPath = ("conf",) if source.data.keys() == {"conf"} else ()
    found = len(problems)

    def missing(path: KeyPath, name: str) -> None:
        problems.append(
            source.problem(path, f"the variable {name} is not set and has no default (${{{name}:-...}})")
        )

    source.data = substitute(source.data, variables, missing)
    data: Any = source.data["conf"] if base else source.data
    try:
        document = Document.model_validate(data)
    except ValidationError as error:
        problems += schema_problems(source, error, base)
        return
    if len(problems) == found:
        yield document, base


def _merge(document: Document, source: SourceFile, base: KeyPath, configuration: Configuration) -> None:
    for name, section in document.models.items():
        model = Model(source, (*base, "models", name), name, section)
        first = configuration.models.setdefault(name, model)
        if first is not model:
            configuration.problems.append(model.problem(f"the model {name} is here twice: first at {first}"))
    if document.sagemakerPipeline is None:
        return
    pipeline = PipelineConfiguration(
        source, (*base, "sagemakerPipeline"), document.sagemakerPipeline, configuration.models
    )
    earlier = configuration.pipelines.setdefault(pipeline.name, pipeline)
    if earlier is not pipeline:
        message = f"the pipeline {pipeline.name} is here twice: first at {earlier}"
        configuration.problems.append(pipeline.problem(message, "pipelineName"))
