"""The schema of jobs: their channels and data files, what all have in common, processing and evaluation."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PositiveInt

from mlpipelines.schema_base import Section, spelled
from mlpipelines.schema_values import Count, InstanceType, ParameterValue, Switch, Text, Value

PROJECT_IMAGE = "project"
DEFAULT_INSTANCE = "ml.m5.2xlarge"


def _named_tags(value: Any) -> Any:
    """Let AWS's list of `Key` and `Value` pass as a mapping."""
    if isinstance(value, list) and all(
        isinstance(tag, dict) and tag.keys() == {"Key", "Value"} for tag in value
    ):
        return {tag["Key"]: tag["Value"] for tag in value}
    return value


def _named_channels(value: Any) -> Any:
    """Let one name, or a list of names, pass as channels of which nothing is said."""
    if isinstance(value, str):
        return {value: None}
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return dict.fromkeys(value)
    return value


Tags: TypeAlias = Annotated[
    dict[str, str], BeforeValidator(_named_tags, json_schema_input_type=dict[str, str] | list[dict[str, str]])
]


class DataFile(Section):
    """A file or folder that a job is given."""

    sourceName: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="A processing job finds it in /opt/ml/processing/input/<sourceName>; without one, as its channel.",
    )
    fileName: Text = Field(
        "",
        description="`s3://bucket/key`; else a key in the channel's bucket if it names one; else a path in this"
        " repository, which is uploaded by the hash of its content.",
    )
    generator: str | None = Field(
        None,
        description="A Python file of this repository whose output is the data, used as long as fileName is empty.",
    )
    sha256: ParameterValue | None = Field(
        None,
        description="The parameter whose default becomes the SHA-256 of the file: new data is a new run.",
    )


class Channel(Section):
    """A folder that a job is given, writes, or both."""

    s3BucketName: str | None = Field(
        None,
        validation_alias=spelled("s3BucketName", "s3Bucket"),
        description="Bucket of data files that are not written as s3://, and of outputs; the project's without it.",
    )
    inputBucketPrefix: str | None = Field(
        None,
        validation_alias=spelled("inputBucketPrefix", "s3InputPrefix"),
        description="What stands before the names of those files.",
    )
    outputBucketPrefix: str | None = Field(
        None, description="Where outputs go in the bucket; <pipeline>/<step> without it."
    )
    dataFiles: list[DataFile] | None = Field(None, description="What the job is given.")


Channels: TypeAlias = Annotated[
    dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$", max_length=64)], Channel | None],
    BeforeValidator(_named_channels, json_schema_input_type=dict[str, Channel | None] | list[str] | str),
]


def usual_channels() -> dict[str, Channel | None]:
    """Return the channels of a job that names none."""
    return {"train": None}


class Job(Section):
    """What all jobs have in common."""

    image_uri: str = Field(
        PROJECT_IMAGE,
        min_length=1,
        max_length=255,
        pattern=r"^\S+$",
        validation_alias=spelled("image_uri", "image"),
        description="The container image: a URI, `project` (what `container/` of this repository makes), a folder"
        " with a Dockerfile, beginning with `./`, which the Image stage builds, or `aws:<repository>:<tag>`, one of"
        " AWS's own, such as `aws:tensorflow-training:2.19.0-cpu-py312`, from its registry for the region.",
    )
    base_job_name: str | None = Field(
        None, description="Taken for the sample's sake: SageMaker names the jobs of pipelines itself."
    )
    instance_type: InstanceType = Field(DEFAULT_INSTANCE, description="What it runs on.")
    instance_count: Count = Field(
        1, description="How many of them; above one, a job runs over several hosts."
    )
    tags: Tags | None = Field(None, description="Tags besides the project's.")
    env: dict[str, Value] | None = Field(None, description="Environment variables.")


class ScriptJob(Job):
    """A job that may run a script of this repository."""

    entry_point: str | None = Field(
        None,
        pattern=r"^[\w./-]+\.py$",
        description="A Python file below source_directory. Without one, the image does what it does by itself.",
    )
    source_directory: str | None = Field(None, description="Instead of the model's.")
    source_files: list[str] | None = Field(
        None,
        description="Patterns of the files below source_directory that the script needs: only a change of these runs"
        " the step again. Without it, all but tests and `conf`.",
    )
    volume_size_in_gb: PositiveInt = Field(
        32, validation_alias=spelled("volume_size_in_gb", "volume_size"), description="Disk of each instance."
    )
    max_runtime_seconds: PositiveInt = Field(
        3000,
        validation_alias=spelled("max_runtime_seconds", "max_runtime_in_seconds"),
        description="When to give up.",
    )
    network_isolation: bool = Field(
        False, description="No way out of the container: not to S3, nor to a package index."
    )


class PropertyFileEntry(Section):
    """A JSON file that conditions and values can read from."""

    name: str = Field(description="What values call it.")
    output: str = Field(description="Channel of the step that it is written to.")
    path: str = Field(description="Its name there.")


class Processing(ScriptJob):
    """A processing job: `preprocess`, or any other name that a step's step_type gives."""

    flow: str | None = Field(
        None,
        pattern=r"^[\w./-]+\.flow$",
        description="A Data Wrangler flow below source_directory, instead of image and entry_point: AWS's container of"
        " the project's region runs it. Its data sets are the data files of their names; its one channel is called as"
        " Data Wrangler calls the output, `<node id>.default`.",
    )
    refit: Switch = Field(
        False,
        description="Of a flow: learn anew what its nodes have learned (imputed values, types), and leave the flow with"
        " it beside the output; else what the file has is applied.",
    )
    arguments: list[Value] | None = Field(None, description="What follows the script's name.")
    framework_version: str | None = Field(None, description="Taken for the sample's sake; the image decides.")
    s3_data_distribution_type: Literal["FullyReplicated", "ShardedByS3Key"] = Field(
        "FullyReplicated", description="How inputs are spread over several instances."
    )
    s3_data_type: Literal["S3Prefix", "ManifestFile"] = Field("S3Prefix", description="What data files are.")
    s3_input_mode: Literal["File", "Pipe"] = Field("File", description="How they come.")
    s3_upload_mode: Literal["EndOfJob", "Continuous"] = Field("EndOfJob", description="When outputs go.")
    channels: Channels = Field(
        default_factory=usual_channels,
        description="Its data files are inputs; the files left in /opt/ml/processing/output/<channel> are its output.",
    )
    property_files: list[PropertyFileEntry] | None = Field(
        None, description="Files that values are read from."
    )


class MetricsReport(Section):
    """Where an evaluation's report lies."""

    output: str = Field("model_evaluation_metrics", description="Name of the step's output.")
    file: str = Field("model_evaluation_metrics.json", description="The report in it.")


class Evaluation(Processing):
    """A processing job that judges a model; registration takes its report along."""

    volume_size_in_gb: PositiveInt = Field(
        50, validation_alias=spelled("volume_size_in_gb", "volume_size"), description="Disk of each instance."
    )
    max_runtime_seconds: PositiveInt = Field(
        3600,
        validation_alias=spelled("max_runtime_in_seconds", "max_runtime_seconds"),
        description="When to give up.",
    )
    content_type: str = Field("application/json", description="Of the report.")
    metrics: MetricsReport = Field(
        default_factory=MetricsReport,
        description="The report. Under its default name, all of /opt/ml/processing/output is the output.",
    )
    strategy: str | None = Field(None, description="Taken for the sample's sake: a processing job has none.")
    max_payload: int | None = Field(
        None, description="Taken for the sample's sake: a processing job has none."
    )
