"""A written step in, the request of its training or tuning job out (to `planning`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlpipelines.chaining import ChainedInput
from mlpipelines.data_inputs import DataInput
from mlpipelines.job_parts import CODE, JobParts, unless_empty
from mlpipelines.schema_training import Train
from mlpipelines.step_code import LAUNCHER
from mlpipelines.step_index import WrittenStep

MOST_CHANNELS = 20


@dataclass
class TrainingBuilder:
    """Builds the requests of training and tuning jobs; what all jobs share comes from ``jobs``."""

    jobs: JobParts

    def training(self, step: WrittenStep) -> dict[str, Any]:
        """Return the arguments of CreateTrainingJob."""
        block: Train = step.block
        static = self.jobs.data.inputs(step, self.jobs.problems)
        chained = self.jobs.chained(step, [each.channel for each in static])
        algorithm: dict[str, Any] = {
            "TrainingImage": self.jobs.images(step, block.image_uri),
            "TrainingInputMode": block.input_mode,
        }
        channels = self._channels(step, static, chained)
        if block.entry_point:
            channels.append(_channel(CODE, self.jobs.code(step)))
            algorithm["ContainerEntrypoint"] = ["python3", f"/opt/ml/input/data/{CODE}/{LAUNCHER}"]
            algorithm["ContainerArguments"] = self.jobs.script(block, step)
        if block.metric_definitions:
            algorithm["MetricDefinitions"] = [
                {"Name": m.name, "Regex": m.regex} for m in block.metric_definitions
            ]
        network = self.jobs.network(block)
        return {
            "AlgorithmSpecification": algorithm,
            "RoleArn": self.jobs.settings.pipeline_role_arn,
            "InputDataConfig": channels,
            "OutputDataConfig": {
                "S3OutputPath": self.jobs.model_prefix(step),
                "KmsKeyId": self.jobs.settings.kms_key_arn,
            },
            "ResourceConfig": self.jobs.cluster(step, "TrainingInstanceType"),
            "StoppingCondition": {"MaxRuntimeInSeconds": block.max_runtime_seconds},
            **unless_empty(
                HyperParameters=self.jobs.resolve.texts(block.hyperparameters),
                Environment=self.jobs.environment(block, chained if block.entry_point else ()),
            ),
            **network,
            "Tags": self.jobs.tags(block),
        }

    def tuning(self, step: WrittenStep) -> dict[str, Any]:
        """Return the arguments of CreateHyperParameterTuningJob."""
        block: Train = step.block
        tune = step.model.section.tune
        if tune is None:
            return {}
        if block.entry_point:
            message = "AWS takes no command for trainings of a tuning job: use an image that trains by itself"
            self.jobs.problems.append(step.block_problem(message, "entry_point"))
        names = [metric.name for metric in block.metric_definitions or ()]
        if tune.objective.metric_name not in names:
            known = ", ".join(names) or "none"
            message = f"train has no metric_definition {tune.objective.metric_name}: it has {known}"
            self.jobs.problems.append(step.model.problem(message, "tune", "objective", "metric_name"))
        training = self.training(step)
        algorithm = training.pop("AlgorithmSpecification")
        constant = {
            n: v for n, v in training.pop("HyperParameters", {}).items() if n not in tune.parameter_ranges
        }
        tags = training.pop("Tags")
        definition = {
            **unless_empty(StaticHyperParameters=constant),
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

    def _channels(
        self, step: WrittenStep, static: Sequence[DataInput], chained: Sequence[ChainedInput]
    ) -> list[dict[str, Any]]:
        block: Train = step.block
        names = [each.channel for each in static]
        for name in sorted({name for name in names if names.count(name) > 1}):
            message = f"a training channel takes one data file: give {name} a folder of S3, or a channel each"
            self.jobs.problems.append(step.block_problem(message, "channels", name))
        found = [(each.channel, each.uri) for each in static] + [(each.name, each.uri) for each in chained]
        channels = [_channel(name, uri, block.distribution, block.content_type) for name, uri in found]
        if block.model_data_uri:
            uri = self.jobs.resolve(block.model_data_uri)
            channels.append(_channel("model", uri, content_type="application/x-sagemaker-model"))
        if not channels:
            message = "this step is given no data: chain it to a step, or name dataFiles in its channels"
            self.jobs.problems.append(step.problem(message))
        if len(channels) > MOST_CHANNELS:
            self.jobs.problems.append(
                step.problem(f"{len(channels)} channels, and SageMaker takes {MOST_CHANNELS}")
            )
        return channels

    def _ranges(self, step: WrittenStep) -> dict[str, list[dict[str, Any]]]:
        ranges: dict[str, list[dict[str, Any]]] = {}
        tune = step.model.section.tune
        for name, each in (tune.parameter_ranges if tune else {}).items():
            kind = each.type.capitalize()
            if each.type == "categorical":
                values = [self.jobs.resolve.text(value) for value in each.values or ()]
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
                self.jobs.problems.append(
                    step.model.problem(f"a {each.type} range has {needs}", "tune", "parameter_ranges", name)
                )
            ranges.setdefault(f"{kind}ParameterRanges", []).append(entry)
        return ranges


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


def _number(value: float | None, kind: str) -> str:
    return str(int(value or 0)) if kind == "Integer" else str(value)
