"""The schema of what a model is for: batch transform and registration."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from mlpipelines.schema_base import Section, spelled
from mlpipelines.schema_jobs import DEFAULT_INSTANCE, PROJECT_IMAGE, Channels, Job, usual_channels
from mlpipelines.schema_values import InstanceType, Text, Value


class Transform(Job):
    """A batch transform job, and what serves the model."""

    entry_point: str | None = Field(
        None, pattern=r"^[\w./-]+\.py$", description="The inference script, for images that take one."
    )
    strategy: Literal["SingleRecord", "MultiRecord"] | None = Field(None, description="Records in a request.")
    assemble_with: Literal["None", "Line"] | None = Field(None, description="What stands between answers.")
    join_source: Literal["None", "Input"] | None = Field(None, description="Put input and answer together.")
    split_type: Literal["None", "Line", "RecordIO", "TFRecord"] | None = Field(
        None, description="What stands between records."
    )
    content_type: str = Field("text/csv", description="Of the requests.")
    accept: str | None = Field(None, description="Of the answers; as content_type without it.")
    max_payload: int | None = Field(None, ge=0, description="Largest request in MB.")
    input_filter: str | None = Field(None, description="JSONPath: what of a record the model sees.")
    output_filter: str | None = Field(None, description="JSONPath: what of the answer is kept.")
    volume_size_in_gb: PositiveInt = Field(
        50,
        validation_alias=spelled("volume_size", "volume_size_in_gb"),
        description="Taken for the sample's sake: AWS chooses the disk of a transform.",
    )
    max_runtime_seconds: PositiveInt = Field(
        3600,
        validation_alias=spelled("max_runtime_in_seconds", "max_runtime_seconds"),
        description="Taken for the sample's sake: a transform has no such limit.",
    )
    channels: Channels = Field(
        default_factory=usual_channels, description="One channel, with at most one data file."
    )


class Inference(Section):
    """How a registered model is served."""

    image_uri: str = Field(
        PROJECT_IMAGE,
        pattern=r"^\S+$",
        max_length=255,
        validation_alias=spelled("image_uri", "image"),
        description="As in jobs.",
    )
    supported_content_types: list[str] = Field(["application/json"], min_length=1, description="Of requests.")
    supported_response_MIME_types: list[str] = Field(
        ["application/json"], min_length=1, description="Of answers."
    )
    SupportedRealtimeInferenceInstanceTypes: list[InstanceType] = Field(
        [DEFAULT_INSTANCE], description="For endpoints."
    )
    SupportedTransformInstanceTypes: list[InstanceType] = Field(
        [DEFAULT_INSTANCE], description="For transforms."
    )
    approval_status: Text = Field(
        "PendingManualApproval", description="`PendingManualApproval`, `Approved` or `Rejected`."
    )


class Registry(Section):
    """Registration in the model registry."""

    group: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9](-*[A-Za-z0-9])*$",
        description="Model package group: `project` is the one whose approved versions are deployed;"
        " any other name, or the model's without one, becomes a group of the project's by that name.",
    )
    ModelRepack: Literal["True", "False"] | bool = Field(
        "False", description="Must be False: the inference script goes into the archive when training."
    )
    ModelPackageDescription: str | None = Field(None, max_length=1024, description="For those who approve.")
    InferenceSpecification: Inference = Field(
        default_factory=lambda: Inference(), description="How it is served."
    )
    customer_metadata_properties: dict[str, Value] | None = Field(
        None, max_length=50, description="Words that stay with the version."
    )
    domain: str | None = Field(None, description="Machine learning domain, such as MACHINE_LEARNING.")
    task: str | None = Field(None, description="Machine learning task, such as CLASSIFICATION.")
