"""A pipeline as it will be, in AWS's words, with references that `sdk_compiler` turns into expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

ParameterType: TypeAlias = Literal["String", "Integer", "Float", "Boolean"]


@dataclass(frozen=True)
class ParameterReference:
    """The value of a parameter, whatever it will be."""

    name: str


@dataclass(frozen=True)
class PropertyReference:
    """What AWS says of a step, such as ``ModelArtifacts.S3ModelArtifacts``."""

    step: str
    path: str


@dataclass(frozen=True)
class FileReference:
    """A value in a step's property file."""

    step: str
    property_file: str
    json_path: str


@dataclass(frozen=True)
class ExecutionReference:
    """A fact about the execution, by the SDK's name for it."""

    name: str


@dataclass(frozen=True)
class AwsImage:
    """One of AWS's own images, in the repository of a region; the version says which where there are several."""

    name: str
    region: str
    version: str = ""


@dataclass(frozen=True)
class AwsRepositoryImage:
    """An image by the repository and tag that AWS has it under, in the registry of a region."""

    repository: str
    tag: str
    region: str


@dataclass(frozen=True)
class Joined:
    """Values, one after the other."""

    parts: tuple[Any, ...]
    separator: str = ""


@dataclass(frozen=True)
class Parameter:
    """What an execution may be started with."""

    name: str
    type: ParameterType
    default: Any = None
    enum: tuple[str, ...] = ()


@dataclass(frozen=True)
class PropertyFileFact:
    """A JSON file of a step that values are read from."""

    name: str
    output: str
    path: str


@dataclass(frozen=True)
class ConditionFact:
    """A comparison."""

    left: Any
    operator: str
    right: Any


@dataclass
class PlannedStep:
    """A step as it will be.

    Attributes
    ----------
    name
        Its name.
    kind
        Its type in a pipeline definition.
    model
        The model that it belongs to.
    request
        The arguments of the API call behind it.
    depends_on
        Steps that it follows though it takes nothing from them.
    cache_expire_after
        How old a result may be that is taken instead; empty to run always.
    more
        What a step of its kind has besides a request: the function of a Lambda step, what a check compares with.
    """

    name: str
    kind: str
    model: str
    request: dict[str, Any] = field(default_factory=dict)
    depends_on: list[str] = field(default_factory=list)
    cache_expire_after: str = ""
    display_name: str | None = None
    description: str | None = None
    property_files: Sequence[PropertyFileFact] = ()
    conditions: Sequence[ConditionFact] = ()
    if_steps: Sequence[str] = ()
    else_steps: Sequence[str] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def needs(self) -> list[str]:
        """Return the steps that must be over before this one begins, each once, in a fixed order."""
        found = [*self.depends_on, *steps_in([self.request, self.conditions, self.more])]
        return list(dict.fromkeys(found))


@dataclass(frozen=True)
class HashWanted:
    """An S3 object whose SHA-256 is to become the default of a parameter."""

    parameter: str
    uri: str


@dataclass
class PipelinePlan:
    """A pipeline as it will be.

    Attributes
    ----------
    name
        On AWS.
    steps
        All of them, also those in branches of conditions, in the file's order.
    groups
        Model package groups that it registers to.
    hashes
        What only a look into S3 can fill in.
    """

    name: str
    start: str
    parameters: dict[str, Parameter] = field(default_factory=dict)
    steps: list[PlannedStep] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    hashes: list[HashWanted] = field(default_factory=list)

    def edges(self) -> Iterator[tuple[str, str, str]]:
        """Yield from, to and label of every arrow of the drawing."""
        for step in self.steps:
            for need in step.needs():
                yield need, step.name, ""
            for label, names in (("yes", step.if_steps), ("no", step.else_steps)):
                for name in names:
                    yield step.name, name, label


def steps_in(value: Any) -> Iterator[str]:
    """Yield the names of the steps that a value refers to."""
    if isinstance(value, (PropertyReference, FileReference)):
        yield value.step
    elif isinstance(value, Joined):
        yield from steps_in(value.parts)
    elif isinstance(value, ConditionFact):
        yield from steps_in([value.left, value.right])
    elif isinstance(value, Mapping):
        yield from steps_in(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from steps_in(item)
