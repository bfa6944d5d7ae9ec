"""The schema of a configuration file as a whole: models, and the pipeline with its steps."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag

from mlpipelines.schema_base import NAME, Section, StepName
from mlpipelines.schema_model import ModelSection
from mlpipelines.schema_values import Text, Value

DAYS = re.compile(r"(?i)\d+d")
DURATION = r"^(P(\d+[YMWD])+(T(\d+[HMS])+)?|PT(\d+[HMS])+)$"


def _iso_duration(value: Any) -> Any:
    """Let `10d`, as the sample writes it, pass as ISO 8601."""
    return f"P{value.upper()}" if isinstance(value, str) and DAYS.fullmatch(value) else value


class ChainSource(Section):
    """Outputs of a step, chosen one by one."""

    step: StepName = Field(description="Name of a step.")
    channels: list[str] | dict[str, str] = Field(
        description="Its outputs; as a mapping, each with the channel that it becomes here."
    )


def _source_kind(value: Any) -> str:
    return "<source>" if isinstance(value, (dict, ChainSource)) else "<step>"


Source: TypeAlias = Annotated[
    Annotated[StepName, Tag("<step>")] | Annotated[ChainSource, Tag("<source>")], Discriminator(_source_kind)
]


class StepEntry(Section):
    """What all steps have in common."""

    step_name: StepName = Field(description="What it is called; no two steps of a pipeline have one name.")
    display_name: str | None = Field(None, max_length=256, description="What Studio shows instead.")
    description: str | None = Field(None, max_length=3072, description="For the reader.")
    enable_cache: bool = Field(
        False,
        description="Take the result of an earlier run with the same arguments instead of running again.",
    )
    cache_expire_after: Annotated[str, BeforeValidator(_iso_duration), Field(pattern=DURATION)] = Field(
        "P10D", description="How old that run may be: an ISO 8601 duration, or days as `10d`."
    )


class JobStep(StepEntry):
    """A step that runs a job of its model."""

    step_type: str | None = Field(
        None, description="The block of the model that says what it does; each class has its usual one."
    )
    chain_input_source_step: list[Source] = Field(
        [],
        description="Steps whose outputs it is given, of any model of the pipeline. Without it, and without data"
        " files, it is given those of the step before it that has what it needs.",
    )


class ProcessingStepEntry(JobStep):
    """Runs a processing job."""

    step_class: Literal["Processing"]


class TrainingStepEntry(JobStep):
    """Trains a model."""

    step_class: Literal["Training"]


class TuningStepEntry(JobStep):
    """Trains many and keeps the best: `train` of the model, searched as `tune` says."""

    step_class: Literal["Tuning"]


class AutoMLStepEntry(JobStep):
    """Lets SageMaker find a model; the best candidate is what CreateModel and RegisterModel take."""

    step_class: Literal["AutoML"]


class QualityCheckStepEntry(JobStep):
    """Checks the quality of data, or of a model's answers, against a baseline."""

    step_class: Literal["QualityCheck"]


class ClarifyCheckStepEntry(JobStep):
    """Checks for bias, or how a model explains itself, against a baseline."""

    step_class: Literal["ClarifyCheck"]


class TransformStepEntry(JobStep):
    """Lets a model answer a whole data set."""

    step_class: Literal["Transform"]
    chain_input_additional_prefix: str = Field(
        "", description="What is below the chained output: a file or a folder."
    )


class MetricsStepEntry(JobStep):
    """Judges a model."""

    step_class: Literal["Metrics"]


class CreateModelStepEntry(StepEntry):
    """Makes a model out of what the training step before it left."""

    step_class: Literal["CreateModel"]
    step_type: str | None = Field(None, description="The usual one is `registry`.")


class RegisterModelStepEntry(StepEntry):
    """Registers the model with the report of the Metrics step before it, if there is one."""

    step_class: Literal["RegisterModel"]
    step_type: str | None = Field(None, description="The usual one is `registry`.")


class Comparison(Section):
    """A condition: all of a step's must hold."""

    left: Value = Field(description="What is compared.")
    operator: Literal[">=", ">", "<=", "<", "==", "in"] = Field(description="How.")
    right: Value | list[Value] = Field(description="With what; a list for `in`.", union_mode="left_to_right")


class ConditionStepEntry(StepEntry):
    """Chooses which steps follow."""

    step_class: Literal["Condition"]
    conditions: list[Comparison] = Field(min_length=1, description="What must hold.")
    if_steps: list[StepName] = Field([], description="Steps that run only if it does.")
    else_steps: list[StepName] = Field([], description="Steps that run only if it does not.")


class FailStepEntry(StepEntry):
    """Ends the execution as failed."""

    step_class: Literal["Fail"]
    error_message: Text = Field(description="Why.")


class OutputParameter(Section):
    """A value that somebody else gives back."""

    name: str = Field(description="Its name; read as the property `OutputParameters['name']`.")
    type: Literal["String", "Integer", "Float", "Boolean"] = Field("String", description="Its type.")


class LambdaStepEntry(StepEntry):
    """Calls a function."""

    step_class: Literal["Lambda"]
    function_arn: Text = Field(description="Which one; the pipeline's role must be allowed to.")
    inputs: dict[str, Value] = Field({}, description="Its event.")
    outputs: list[OutputParameter] = Field([], description="What it returns.")


class CallbackStepEntry(StepEntry):
    """Sends a message with a token to a queue and waits for the answer."""

    step_class: Literal["Callback"]
    sqs_queue_url: Text = Field(description="The queue.")
    inputs: dict[str, Value] = Field({}, description="What the message holds.")
    outputs: list[OutputParameter] = Field([], description="What the answer holds.")


AnyStep: TypeAlias = Annotated[
    ProcessingStepEntry
    | TrainingStepEntry
    | TuningStepEntry
    | AutoMLStepEntry
    | CreateModelStepEntry
    | TransformStepEntry
    | MetricsStepEntry
    | QualityCheckStepEntry
    | ClarifyCheckStepEntry
    | RegisterModelStepEntry
    | ConditionStepEntry
    | FailStepEntry
    | LambdaStepEntry
    | CallbackStepEntry,
    Field(discriminator="step_class"),
]


class PipelineModel(Section):
    """The steps of one model in a pipeline."""

    steps: list[AnyStep] = Field(
        min_length=1, description="In the order of their description, not of running."
    )


class PipelineSection(Section):
    """A SageMaker pipeline."""

    pipelineName: str = Field(
        pattern=NAME, max_length=64, description="Its name; on AWS, the project's name stands before it."
    )
    start: Literal["changed", "always", "never"] = Field(
        "changed",
        description="When a push starts it: if its definition is another than what last succeeded, each time, or only"
        " when somebody starts it.",
    )
    models: dict[str, PipelineModel] = Field(min_length=1, description="By the names under `models`.")
    dependencies: list[str] | None = Field(
        None, description="Further order, as in Airflow: `a >> b >> c`, `[a, b] >> c`, `c << a`."
    )


class Document(Section):
    """A configuration file; all of it may stand below the one key `conf`."""

    models: dict[Annotated[str, Field(pattern=NAME, max_length=63)], ModelSection] = Field(
        default_factory=dict, description="By name; those of all files together are the repository's models."
    )
    sagemakerPipeline: PipelineSection | None = Field(
        None, description="The pipeline that this file makes; it may use models of other files."
    )
