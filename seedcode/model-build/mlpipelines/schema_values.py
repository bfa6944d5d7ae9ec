"""The schema of values: what may stand for a text or a number, besides the text or number itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, Discriminator, Field, Tag
from typing_extensions import TypeAliasType

from mlpipelines.schema_base import INSTANCE_TYPE, PLAIN, Section, StepName

Scalar: TypeAlias = bool | int | float | str


class ParameterValue(Section):
    """A parameter of the pipeline: an execution may be started with another value, without a commit."""

    parameter: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=256, description="Its name.")
    type: Literal["String", "Integer", "Float", "Boolean"] | None = Field(
        None, description="Its type; the default's own where nothing is said, else String."
    )
    default: Scalar | None = Field(
        None, description="Without one, whoever starts an execution has to give a value."
    )
    enum: list[str] | None = Field(None, description="The values that are allowed (String only).")


class OutputValue(Section):
    """The S3 location of what a step writes."""

    step: StepName = Field(description="Name of a step.")
    output: str = Field(description="One of its outputs: a channel, or `model` of a step that trains.")
    path: str = Field("", description="A file or folder below it.")


class PropertyValue(Section):
    """What AWS says of a step once it has run."""

    step: StepName = Field(description="Name of a step.")
    property: str = Field(
        description="Path in the answer of the job's Describe operation, such as `TrainingJobName`."
    )


class FileValue(Section):
    """A value out of a JSON file that a processing step writes."""

    step: StepName = Field(description="Name of a Processing or Metrics step.")
    property_file: str = Field(description="Name of one of its property files.")
    json_path: str = Field(description="Where the value stands, such as `metrics.auc.value`.")


class JoinValue(Section):
    """Several values, one after the other."""

    join: list[Value] = Field(min_length=1, description="The values.")
    separator: str = Field("", description="What stands between them.")


class ExecutionValue(Section):
    """A fact about the execution."""

    execution: Literal[
        "START_DATETIME", "CURRENT_DATETIME", "PIPELINE_EXECUTION_ID", "PIPELINE_EXECUTION_ARN", "PIPELINE_NAME",
        "PIPELINE_ARN", "TRAINING_JOB_NAME", "PROCESSING_JOB_NAME",
    ] = Field(description="Which one.")  # fmt: skip


KINDS: Mapping[str, type[Section]] = {
    "parameter": ParameterValue,
    "output": OutputValue,
    "property": PropertyValue,
    "property_file": FileValue,
    "join": JoinValue,
    "execution": ExecutionValue,
}


def _kind(value: Any) -> str | None:
    """Tell by its key what a value is; None for a mapping that is none of them."""
    if isinstance(value, BaseModel):
        return next(f"<{name}>" for name, kind in KINDS.items() if isinstance(value, kind))
    if not isinstance(value, dict):
        return PLAIN
    return next((f"<{name}>" for name in KINDS if name in value), None)


_DISCRIMINATOR = Discriminator(
    _kind,
    custom_error_type="value_kind",
    custom_error_message=f"this is no value: a mapping needs one of the keys {', '.join(KINDS)}",
)

Expression: TypeAlias = ParameterValue | OutputValue | PropertyValue | FileValue | JoinValue | ExecutionValue
_TAGGED = (
    Annotated[ParameterValue, Tag("<parameter>")]
    | Annotated[OutputValue, Tag("<output>")]
    | Annotated[PropertyValue, Tag("<property>")]
    | Annotated[FileValue, Tag("<property_file>")]
    | Annotated[JoinValue, Tag("<join>")]
    | Annotated[ExecutionValue, Tag("<execution>")]
)
Value = TypeAliasType("Value", Annotated[Annotated[Scalar, Tag(PLAIN)] | _TAGGED, _DISCRIMINATOR])
"""A text, a number, true or false, or an expression."""


def _parameter_or_plain(value: Any) -> str:
    return "<parameter>" if isinstance(value, (dict, ParameterValue)) else PLAIN


_SIMPLE = Discriminator(_parameter_or_plain)
Count = TypeAliasType(
    "Count",
    Annotated[
        Annotated[Annotated[int, Field(ge=1)], Tag(PLAIN)] | Annotated[ParameterValue, Tag("<parameter>")],
        _SIMPLE,
    ],
)
"""A whole number from 1 on, or a parameter."""
Switch = TypeAliasType(
    "Switch",
    Annotated[Annotated[bool, Tag(PLAIN)] | Annotated[ParameterValue, Tag("<parameter>")], _SIMPLE],
)
"""True, false or a parameter."""
InstanceType = TypeAliasType(
    "InstanceType",
    Annotated[
        Annotated[Annotated[str, Field(pattern=INSTANCE_TYPE)], Tag(PLAIN)]
        | Annotated[ParameterValue, Tag("<parameter>")],
        _SIMPLE,
    ],
)
"""An instance type of SageMaker, or a parameter."""
Text = TypeAliasType("Text", Annotated[Annotated[str, Tag(PLAIN)] | _TAGGED, _DISCRIMINATOR])
"""A text or an expression."""

JoinValue.model_rebuild()
