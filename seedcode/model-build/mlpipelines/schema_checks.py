"""The schema of checks against a baseline: the quality of data and models, their bias, their explanations."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field, JsonValue, PositiveInt

from mlpipelines.schema_base import Section
from mlpipelines.schema_jobs import Channels, Tags, usual_channels
from mlpipelines.schema_values import Count, InstanceType, Scalar, Switch, Text, Value

DatasetFormat: TypeAlias = dict[Literal["csv", "json", "parquet"], dict[str, Scalar]]
CHECK_INSTANCE = "ml.m5.xlarge"


class Check(Section):
    """What both kinds of checks have in common; their images are AWS's own, of the project's region."""

    instance_type: InstanceType = Field(CHECK_INSTANCE, description="What it runs on.")
    instance_count: Count = Field(1, description="How many of them.")
    volume_size_in_gb: PositiveInt = Field(30, description="Disk of each instance.")
    max_runtime_seconds: PositiveInt = Field(3600, description="When to give up.")
    network_isolation: bool = Field(False, description="No way out of the container.")
    tags: Tags | None = Field(None, description="Tags besides the project's.")
    env: dict[str, Value] | None = Field(None, description="Environment variables.")
    group: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9](-*[A-Za-z0-9])*$",
        description="The model package group whose latest approved version has the baseline: named as in registry.",
    )
    skip_check: Switch = Field(False, description="Do not compare with a baseline: only make a new one.")
    fail_on_violation: Switch = Field(True, description="The step fails when the baseline is violated.")
    register_new_baseline: Switch = Field(
        False, description="Let the new baseline be what later versions are compared with."
    )
    supplied_baseline_constraints: Text | None = Field(
        None, description="S3 URI of the constraints to compare with, instead of the group's."
    )
    channels: Channels = Field(
        default_factory=usual_channels,
        description="One channel: its one data file, or what is chained, is what is checked; its output is the report.",
    )


def _usual_format() -> DatasetFormat:
    return {"csv": {"header": True, "output_columns_position": "START"}}


class QualityCheck(Check):
    """A check of data by the Model Monitor container."""

    dataset_format: DatasetFormat = Field(
        default_factory=_usual_format,
        min_length=1,
        max_length=1,
        description="As Model Monitor has it: `{csv: {header: true}}`, `{json: {lines: true}}`.",
    )
    supplied_baseline_statistics: Text | None = Field(
        None, description="S3 URI of the statistics to compare with, instead of the group's."
    )


class ModelQualityCheck(QualityCheck):
    """A check of a model's answers by the Model Monitor container; besides the keys of a check of data, these."""

    problem_type: Literal["BinaryClassification", "MulticlassClassification", "Regression"] = Field(
        description="What the model does."
    )
    inference_attribute: Text | None = Field(None, description="Index or JSONPath of the answer.")
    probability_attribute: Text | None = Field(None, description="Index or JSONPath of the probability.")
    ground_truth_attribute: Text | None = Field(None, description="Index or JSONPath of the true label.")
    probability_threshold_attribute: Text | None = Field(
        None, description="From which probability an answer is the positive one."
    )


class ClarifyCheck(Check):
    """A check of bias or of explanations by the Clarify container."""

    analysis: dict[str, JsonValue] = Field(
        description="The analysis configuration as Clarify documents it (`dataset_type`, `label`, `facet`, `methods`,"
        " `predictor` ...); it is uploaded by the hash of its content. The name of a model is filled in by the step.",
    )
