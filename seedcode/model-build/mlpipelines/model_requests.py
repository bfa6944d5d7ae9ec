"""A written step in, the request that transforms with, creates or registers a model out (to `planning`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from mlpipelines.chaining import chained_inputs
from mlpipelines.instance_types import check_instance_type
from mlpipelines.job_parts import JobParts
from mlpipelines.model_reports import model_reports
from mlpipelines.plan import Joined, PropertyReference
from mlpipelines.schema_document import AutoMLStepEntry, CreateModelStepEntry, TransformStepEntry
from mlpipelines.schema_serving import Registry, Transform
from mlpipelines.schema_training import AutoML
from mlpipelines.step_index import BEST_CANDIDATE, TRAINERS, WrittenStep

CANDIDATE_VARIABLES = (
    "MODEL_NAME",
    "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT",
    "SAGEMAKER_INFERENCE_OUTPUT",
    "SAGEMAKER_INFERENCE_SUPPORTED",
    "SAGEMAKER_PROGRAM",
    "SAGEMAKER_SUBMIT_DIRECTORY",
)
"""What the container of an AutoML job's best candidate is told, as the SDK's own AutoML step has it."""


@dataclass
class ModelBuilder:
    """Builds the requests around trained models; what jobs share comes from ``jobs``."""

    jobs: JobParts

    def transform(self, step: WrittenStep) -> dict[str, Any]:
        """Return the arguments of CreateTransformJob."""
        block: Transform = step.block
        source = step.latest(CreateModelStepEntry)
        if source is None:
            message = "a Transform step needs a model: put a CreateModel step before it"
            self._note(step, message)
        instance = self.jobs.instance(step, "TransformInstanceType")
        resources = {
            "InstanceType": instance,
            "InstanceCount": self.jobs.resolve(block.instance_count),
            **self.jobs.volume_key(instance),
        }
        channel, description = next(iter(block.channels.items()), ("train", None))
        if len(block.channels) > 1:
            self.jobs.problems.append(step.block_problem("a transform has one channel", "channels"))
        request: dict[str, Any] = {
            "ModelName": PropertyReference(source.name, "ModelName") if source else "",
            "TransformInput": {
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": self._transform_data(step)}
                },
                "ContentType": block.content_type,
                **_given(SplitType=block.split_type),
            },
            "TransformOutput": {
                "S3OutputPath": self.jobs.output_location(step, channel, description),
                "Accept": block.accept or block.content_type,
                "KmsKeyId": self.jobs.settings.kms_key_arn,
                **_given(AssembleWith=block.assemble_with),
            },
            "TransformResources": resources,
            **_given(BatchStrategy=block.strategy, MaxPayloadInMB=block.max_payload),
            **_given(Environment=self.jobs.resolve.texts(block.env) or None),
            "Tags": self.jobs.tags(block),
        }
        processing = _given(
            InputFilter=block.input_filter, JoinSource=block.join_source, OutputFilter=block.output_filter
        )
        return request | ({"DataProcessing": processing} if processing else {})

    def create(self, step: WrittenStep) -> dict[str, Any]:
        """Return the arguments of CreateModel."""
        self._refuse_repacking(step)
        settings = self.jobs.settings
        return {
            "PrimaryContainer": self._container(step),
            "ExecutionRoleArn": settings.pipeline_role_arn,
            "EnableNetworkIsolation": False,
            **({"VpcConfig": settings.vpc} if settings.vpc else {}),
            "Tags": settings.tags,
        }

    def register(self, step: WrittenStep) -> dict[str, Any]:
        """Return the arguments of CreateModelPackage."""
        registry: Registry = step.block
        inference = registry.InferenceSpecification
        self._refuse_repacking(step)
        request: dict[str, Any] = {
            "ModelPackageGroupName": self.jobs.group(step, registry.group),
            "InferenceSpecification": {
                "Containers": [self._container(step)],
                "SupportedContentTypes": list(inference.supported_content_types),
                "SupportedResponseMIMETypes": list(inference.supported_response_MIME_types),
                "SupportedRealtimeInferenceInstanceTypes": self._types(
                    step, "SupportedRealtimeInferenceInstanceTypes", "ProductionVariantInstanceType"
                ),
                "SupportedTransformInstanceTypes": self._types(
                    step, "SupportedTransformInstanceTypes", "TransformInstanceType"
                ),
            },
            "ModelApprovalStatus": self.jobs.resolve(inference.approval_status),
            **_given(ModelPackageDescription=registry.ModelPackageDescription),
            **_given(Domain=registry.domain, Task=registry.task),
        }
        metadata = self.jobs.resolve.texts(registry.customer_metadata_properties)
        request |= model_reports(step, self.jobs.outputs)
        return request | ({"CustomerMetadataProperties": metadata} if metadata else {})

    def _container(self, step: WrittenStep) -> dict[str, Any]:
        trainer = step.latest(*TRAINERS)
        if trainer is None:
            self._note(step, f"a {step.step_class} step needs a Training, Tuning or AutoML step before it")
            return {}
        if isinstance(trainer.entry, AutoMLStepEntry):
            return self._best_candidate(trainer)
        registry: Registry = step.block
        container = {
            "Image": self.jobs.images(step, registry.InferenceSpecification.image_uri),
            "ModelDataUrl": self.jobs.outputs[trainer.name]["model"],
        }
        environment = self._environment(step)
        return container | ({"Environment": environment} if environment else {})

    def _best_candidate(self, trainer: WrittenStep) -> dict[str, Any]:
        """Return the container that serves what an AutoML job has found."""
        variables: dict[str, Any] = {
            name: PropertyReference(trainer.name, f"{BEST_CANDIDATE}.Environment['{name}']")
            for name in CANDIDATE_VARIABLES
        }
        block: AutoML = trainer.block
        if block.inference_response_keys:
            variables["SAGEMAKER_INFERENCE_OUTPUT"] = ",".join(block.inference_response_keys)
        return {
            "Image": PropertyReference(trainer.name, f"{BEST_CANDIDATE}.Image"),
            "ModelDataUrl": self.jobs.outputs[trainer.name]["model"],
            "Environment": variables,
        }

    def _environment(self, step: WrittenStep) -> dict[str, Any]:
        """Return the variables of a served model: what transform says, and which script SageMaker's own images run."""
        transform = step.model.section.transform
        if transform is None:
            return {}
        environment = self.jobs.resolve.texts(transform.env)
        if transform.entry_point:
            program = PurePosixPath(transform.entry_point).with_suffix("")
            environment |= {
                "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
                "SAGEMAKER_PROGRAM": ".".join(program.parts),
                "SAGEMAKER_REQUIREMENTS": "requirements.txt",
            }
        return environment

    def _transform_data(self, step: WrittenStep) -> Any:
        static = self.jobs.data.inputs(step, self.jobs.problems)
        chained = chained_inputs(
            step, self.jobs.steps, self.jobs.outputs, [each.name for each in static], self.jobs.problems
        )
        given = [each.uri for each in static] + [each.uri for each in chained]
        if len(given) != 1:
            words = "nothing" if not given else f"{len(given)} sources"
            self._note(step, f"a transform takes one data file or one chained output, and is given {words}")
            return ""
        assert isinstance(step.entry, TransformStepEntry)  # noqa: S101  # for the reader of types
        below = step.entry.chain_input_additional_prefix
        return Joined((given[0], below), "/") if below and chained else given[0]

    def _types(self, step: WrittenStep, key: str, kind: str) -> list[Any]:
        written = getattr(step.block.InferenceSpecification, key)
        for number, each in enumerate(written):
            if isinstance(each, str) and (wrong := check_instance_type(each, kind)):
                place = ("InferenceSpecification", key, number)
                self.jobs.problems.append(step.block_problem(wrong, *place))
        return [self.jobs.resolve(each) for each in written]

    def _refuse_repacking(self, step: WrittenStep) -> None:
        if step.block.ModelRepack in (True, "True"):
            message = (
                "models are not repacked here: let the training put the script into code/ of SM_MODEL_DIR,"
                " or serve with an image that has it, and say False"
            )
            self.jobs.problems.append(step.block_problem(message, "ModelRepack"))

    def _note(self, step: WrittenStep, message: str) -> None:
        self.jobs.problems.append(step.problem(message))


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
