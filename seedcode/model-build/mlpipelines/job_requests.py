"""A written step in, the request of its processing, training, tuning or transform job out (to `planning`)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlpipelines.chaining import ChainedInput, chained_inputs
from mlpipelines.data_inputs import DataInput, DataLocator
from mlpipelines.instance_types import check_instance_type
from mlpipelines.pipeline_errors import Problem
from mlpipelines.plan import ExecutionReference, Joined, ParameterReference
from mlpipelines.project_images import ImageResolver
from mlpipelines.project_settings import ProjectSettings
from mlpipelines.schema_blocks import Channel, Evaluation, MetricsReport, Processing, ScriptJob, Train
from mlpipelines.schema_document import MetricsStepEntry
from mlpipelines.step_code import LAUNCHER, Staging
from mlpipelines.step_index import WrittenStep
from mlpipelines.value_resolution import ValueResolver

INPUT = "/opt/ml/processing/input"
OUTPUT = "/opt/ml/processing/output"
CODE = "code"
MOST_PROCESSING_INPUTS = 10
MOST_CHANNELS = 20
OWN_DISK = re.compile(
    r"ml\.([a-z]\d+[a-z]*d[a-z]*|g4dn|g5|g6e?|gr6|p4de?|p5[a-z]*|i\d[a-z]*|trn\d[a-z]*|inf\d[a-z]*)\."
)
"""Instances with disks of their own, which encrypt by themselves and take no key."""


@dataclass
class JobBuilder:
    """Builds the requests of one pipeline's jobs.

    Attributes
    ----------
    settings
        The project's facts.
    pipeline
        The pipeline's name in the file, of which locations are made.
    steps, outputs
        All of its steps and where their outputs will lie.
    """

    settings: ProjectSettings
    pipeline: str
    steps: Mapping[str, WrittenStep]
    outputs: Mapping[str, Mapping[str, Any]]
    resolve: ValueResolver
    data: DataLocator
    staging: Staging
    images: ImageResolver
    problems: list[Problem]

    def processing(self, step: WrittenStep) -> dict[str, Any]:
        """Return the arguments of CreateProcessingJob."""
        block: Processing = step.block
        static = self.data.inputs(step, self.problems)
        chained = self._chained(step, [each.name for each in static])
        given = [(each.name, each.uri) for each in static] + [(each.name, each.uri) for each in chained]
        inputs = [self._processing_input(block, name, uri) for name, uri in given]
        application: dict[str, Any] = {"ImageUri": self.images(step, block.image_uri)}
        if block.entry_point:
            code = self._code(step)
            inputs.insert(0, self._processing_input(Processing(), CODE, code))
            application["ContainerEntrypoint"] = [
                "python3",
                f"{INPUT}/{CODE}/{LAUNCHER}",
                *self._script(block, step),
            ]
        if block.arguments:
            application["ContainerArguments"] = [self.resolve.text(value) for value in block.arguments]
        if len(inputs) > MOST_PROCESSING_INPUTS:
            words = f"{len(inputs)} inputs with the code, and SageMaker takes {MOST_PROCESSING_INPUTS}"
            self.problems.append(step.problem(f"{words}: put files into one folder of S3"))
        return {
            "ProcessingResources": {"ClusterConfig": self._cluster(step, "ProcessingInstanceType")},
            "AppSpecification": application,
            "RoleArn": self.settings.pipeline_role_arn,
            **_unless_empty(Environment=self._environment(block, chained)),
            "StoppingCondition": {"MaxRuntimeInSeconds": block.max_runtime_seconds},
            "NetworkConfig": self._network(block),
            "ProcessingInputs": inputs,
            "ProcessingOutputConfig": {
                "Outputs": self._processing_outputs(step),
                "KmsKeyId": self.settings.kms_key_arn,
            },
            "Tags": self.tags(block),
        }

    def training(self, step: WrittenStep) -> dict[str, Any]:
        """Return the arguments of CreateTrainingJob."""
        block: Train = step.block
        static = self.data.inputs(step, self.problems)
        chained = self._chained(step, [each.channel for each in static])
        algorithm: dict[str, Any] = {
            "TrainingImage": self.images(step, block.image_uri),
            "TrainingInputMode": block.input_mode,
        }
        channels = self._channels(step, static, chained)
        if block.entry_point:
            channels.append(_channel(CODE, self._code(step)))
            algorithm["ContainerEntrypoint"] = ["python3", f"/opt/ml/input/data/{CODE}/{LAUNCHER}"]
            algorithm["ContainerArguments"] = self._script(block, step)
        if block.metric_definitions:
            algorithm["MetricDefinitions"] = [
                {"Name": m.name, "Regex": m.regex} for m in block.metric_definitions
            ]
        network = self._network(block)
        return {
            "AlgorithmSpecification": algorithm,
            "RoleArn": self.settings.pipeline_role_arn,
            "InputDataConfig": channels,
            "OutputDataConfig": {
                "S3OutputPath": self.model_prefix(step),
                "KmsKeyId": self.settings.kms_key_arn,
            },
            "ResourceConfig": self._cluster(step, "TrainingInstanceType"),
            "StoppingCondition": {"MaxRuntimeInSeconds": block.max_runtime_seconds},
            **_unless_empty(
                HyperParameters=self.resolve.texts(block.hyperparameters),
                Environment=self._environment(block, chained if block.entry_point else ()),
            ),
            **network,
            "Tags": self.tags(block),
        }

    def tuning(self, step: WrittenStep) -> dict[str, Any]:
        """Return the arguments of CreateHyperParameterTuningJob."""
        block: Train = step.block
        tune = step.model.section.tune
        if tune is None:
            return {}
        if block.entry_point:
            message = "AWS takes no command for trainings of a tuning job: use an image that trains by itself"
            self.problems.append(step.block_problem(message, "entry_point"))
        names = [metric.name for metric in block.metric_definitions or ()]
        if tune.objective.metric_name not in names:
            known = ", ".join(names) or "none"
            message = f"train has no metric_definition {tune.objective.metric_name}: it has {known}"
            self.problems.append(step.model.problem(message, "tune", "objective", "metric_name"))
        training = self.training(step)
        algorithm = training.pop("AlgorithmSpecification")
        constant = {
            n: v for n, v in training.pop("HyperParameters", {}).items() if n not in tune.parameter_ranges
        }
        tags = training.pop("Tags")
        definition = {
            **_unless_empty(StaticHyperParameters=constant),
            "AlgorithmSpecification": {k: v for k, v in algorithm.items() if not k.startswith("Container")},
            **training,
        }
        configuration: dict[str, Any] = {
            "Strategy": tune.strategy,
            "HyperParameterTuningJobObjective": {
                "Type": tune.objective.type,
                "MetricName": tune.objective.metric_name,
            },
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": tune.max_jobs,
                "MaxParallelTrainingJobs": min(tune.max_parallel_jobs, tune.max_jobs),
            },
            "ParameterRanges": self._ranges(step),
            "TrainingJobEarlyStoppingType": tune.early_stopping,
        }
        if tune.strategy == "Grid":
            # The grid itself says how many there are.
            del configuration["ResourceLimits"]["MaxNumberOfTrainingJobs"]
        if tune.random_seed is not None:
            configuration["RandomSeed"] = tune.random_seed
        return {
            "HyperParameterTuningJobConfig": configuration,
            "TrainingJobDefinition": definition,
            "Tags": tags,
        }

    def model_prefix(self, step: WrittenStep) -> Any:
        """Return where a training step's models go."""
        written = getattr(step.block, "output_path", None)
        return self.resolve(written) if written else f"{self.root}/{self.pipeline}/{step.name}"

    @property
    def root(self) -> str:
        """Where everything goes that jobs write."""
        return f"s3://{self.settings.project_bucket}/training"

    def tags(self, block: Any) -> list[dict[str, str]]:
        """Return the project's tags and the block's own."""
        own = [{"Key": key, "Value": value} for key, value in (getattr(block, "tags", None) or {}).items()]
        return [*self.settings.tags, *own]

    def output_location(self, step: WrittenStep, name: str, channel: Channel | None) -> Joined:
        """Return where an output goes: an own folder for each execution."""
        bucket = (channel and channel.s3BucketName) or self.settings.project_bucket
        prefix = ((channel and channel.outputBucketPrefix) or f"{self.pipeline}/{step.name}").strip("/")
        # The role may write to this part of the project's bucket.
        base = f"s3://{bucket}/training" if bucket == self.settings.project_bucket else f"s3://{bucket}"
        return Joined((f"{base}/{prefix}", ExecutionReference("PIPELINE_EXECUTION_ID"), name), "/")

    def _chained(self, step: WrittenStep, taken: Sequence[str]) -> list[ChainedInput]:
        reserved = [*taken, CODE] if getattr(step.block, "entry_point", None) else taken
        return chained_inputs(step, self.steps, self.outputs, reserved, self.problems)

    def _processing_input(self, block: Processing, name: str, uri: Any) -> dict[str, Any]:
        return {
            "InputName": name,
            "AppManaged": False,
            "S3Input": {
                "S3Uri": uri,
                "LocalPath": f"{INPUT}/{name}",
                "S3DataType": block.s3_data_type,
                "S3InputMode": block.s3_input_mode,
                "S3DataDistributionType": block.s3_data_distribution_type,
            },
        }

    def _processing_outputs(self, step: WrittenStep) -> list[dict[str, Any]]:
        block: Processing = step.block
        outputs: dict[str, Channel | None] = dict(block.channels)
        paths = {name: f"{OUTPUT}/{name}" for name in outputs}
        if isinstance(block, Evaluation) and isinstance(step.entry, MetricsStepEntry):
            usual = block.metrics.output == MetricsReport().output
            outputs = {block.metrics.output: next(iter(block.channels.values()), None)}
            paths = {block.metrics.output: OUTPUT if usual else f"{OUTPUT}/{block.metrics.output}"}
        return [
            {
                "OutputName": name,
                "AppManaged": False,
                "S3Output": {
                    "S3Uri": self.output_location(step, name, channel),
                    "LocalPath": paths[name],
                    "S3UploadMode": block.s3_upload_mode,
                },
            }
            for name, channel in outputs.items()
        ]

    def _channels(
        self, step: WrittenStep, static: Sequence[DataInput], chained: Sequence[ChainedInput]
    ) -> list[dict[str, Any]]:
        block: Train = step.block
        names = [each.channel for each in static]
        for name in sorted({name for name in names if names.count(name) > 1}):
            message = f"a training channel takes one data file: give {name} a folder of S3, or a channel each"
            self.problems.append(step.block_problem(message, "channels", name))
        found = [(each.channel, each.uri) for each in static] + [(each.name, each.uri) for each in chained]
        channels = [_channel(name, uri, block.distribution, block.content_type) for name, uri in found]
        if block.model_data_uri:
            uri = self.resolve(block.model_data_uri)
            channels.append(_channel("model", uri, content_type="application/x-sagemaker-model"))
        if not channels:
            message = "this step is given no data: chain it to a step, or name dataFiles in its channels"
            self.problems.append(step.problem(message))
        if len(channels) > MOST_CHANNELS:
            self.problems.append(
                step.problem(f"{len(channels)} channels, and SageMaker takes {MOST_CHANNELS}")
            )
        return channels

    def _ranges(self, step: WrittenStep) -> dict[str, list[dict[str, Any]]]:
        ranges: dict[str, list[dict[str, Any]]] = {}
        tune = step.model.section.tune
        for name, each in (tune.parameter_ranges if tune else {}).items():
            kind = each.type.capitalize()
            if each.type == "categorical":
                values = [self.resolve.text(value) for value in each.values or ()]
                wrong = not values or each.min is not None or each.max is not None
                entry = {"Name": name, "Values": values}
            else:
                wrong = each.min is None or each.max is None or each.min > each.max or each.values is not None
                low, high = (_number(bound, kind) for bound in (each.min, each.max))
                entry = {"Name": name, "MinValue": low, "MaxValue": high, "ScalingType": each.scaling}
            if wrong:
                needs = (
                    "values" if each.type == "categorical" else "min and max, in this order, and no values"
                )
                self.problems.append(
                    step.model.problem(f"a {each.type} range has {needs}", "tune", "parameter_ranges", name)
                )
            ranges.setdefault(f"{kind}ParameterRanges", []).append(entry)
        return ranges

    def _cluster(self, step: WrittenStep, kind: str) -> dict[str, Any]:
        block: ScriptJob = step.block
        instance = self.instance(step, kind)
        cluster = {
            "InstanceCount": self.resolve(block.instance_count),
            "InstanceType": instance,
            "VolumeSizeInGB": block.volume_size_in_gb,
            "VolumeKmsKeyId": self.settings.kms_key_arn,
        }
        if isinstance(instance, str) and OWN_DISK.match(instance):
            del cluster["VolumeKmsKeyId"]
        return cluster

    def instance(self, step: WrittenStep, kind: str) -> Any:
        """Return the instance type of a step's job, and note one that AWS does not have for this kind of job."""
        written = step.block.instance_type
        chosen = written.default if not isinstance(written, str) else written
        if isinstance(chosen, str) and (wrong := check_instance_type(chosen, kind)):
            self.problems.append(step.block_problem(wrong, "instance_type"))
        return self.resolve(written)

    def _network(self, block: ScriptJob) -> dict[str, Any]:
        network: dict[str, Any] = {"EnableNetworkIsolation": block.network_isolation}
        if block.instance_count != 1 and not isinstance(
            self.resolve(block.instance_count), ParameterReference
        ):
            network["EnableInterContainerTrafficEncryption"] = True
        if self.settings.vpc:
            network["VpcConfig"] = self.settings.vpc
        return network

    def _environment(self, block: ScriptJob, chained: Sequence[ChainedInput]) -> dict[str, Any]:
        environment = self.resolve.texts(block.env)
        aliases = {each.alias: each.name for each in chained if each.alias and each.alias != each.name}
        if block.entry_point and aliases:
            environment["STEP_INPUT_ALIASES"] = json.dumps(aliases, sort_keys=True)
        return environment

    def _code(self, step: WrittenStep) -> str:
        block: ScriptJob = step.block
        return self.staging.code(self._source(block, step), block.source_files)

    def _script(self, block: ScriptJob, step: WrittenStep) -> list[str]:
        return [self._source(block, step), str(block.entry_point)]

    def _source(self, block: ScriptJob, step: WrittenStep) -> str:
        return (block.source_directory or step.model.section.source_directory).strip("/")


def _channel(
    name: str, uri: Any, distribution: str = "FullyReplicated", content_type: str | None = None
) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "ChannelName": name,
        "DataSource": {
            "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": distribution}
        },
    }
    return channel | ({"ContentType": content_type} if content_type else {})


def _unless_empty(**mappings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: mapping for name, mapping in mappings.items() if mapping}


def _number(value: float | None, kind: str) -> str:
    return str(int(value or 0)) if kind == "Integer" else str(value)
