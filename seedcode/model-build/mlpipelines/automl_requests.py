"""A written step in, the request of its AutoML job out (to `planning`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlpipelines.chaining import AUTOML_CHANNELS
from mlpipelines.job_parts import JobParts, unless_empty
from mlpipelines.schema_training import AutoML
from mlpipelines.step_index import WrittenStep

CHANNEL_TYPES = dict(zip(AUTOML_CHANNELS, ("training", "validation"), strict=True))


@dataclass
class AutoMLBuilder:
    """Builds the requests of AutoML jobs; what all jobs share comes from ``jobs``."""

    jobs: JobParts

    def automl(self, step: WrittenStep) -> dict[str, Any]:
        """Return the arguments of CreateAutoMLJob, which pipelines take in the mode ENSEMBLING only."""
        block: AutoML = step.block
        if (block.problem_type is None) != (block.objective is None):
            message = "problem_type and objective go together: write both or neither"
            self.jobs.problems.append(step.block_problem(message))
        settings = self.jobs.settings
        security: dict[str, Any] = {
            "VolumeKmsKeyId": settings.kms_key_arn,
            "EnableInterContainerTrafficEncryption": True,
        }
        if settings.vpc:
            security["VpcConfig"] = settings.vpc
        generation = (
            {"AlgorithmsConfig": [{"AutoMLAlgorithms": block.algorithms}]} if block.algorithms else {}
        )
        split = {"ValidationFraction": block.validation_fraction} if block.validation_fraction else {}
        return {
            "InputDataConfig": self._channels(step),
            "OutputDataConfig": {
                "S3OutputPath": self.jobs.model_prefix(step),
                "KmsKeyId": settings.kms_key_arn,
            },
            **({"ProblemType": block.problem_type} if block.problem_type else {}),
            **unless_empty(AutoMLJobObjective={"MetricName": block.objective} if block.objective else {}),
            "AutoMLJobConfig": {
                "Mode": "ENSEMBLING",
                "CompletionCriteria": self._limits(block),
                "SecurityConfig": security,
                **unless_empty(CandidateGenerationConfig=generation, DataSplitConfig=split),
            },
            "RoleArn": settings.pipeline_role_arn,
            "Tags": self.jobs.tags(block),
        }

    def _limits(self, block: AutoML) -> dict[str, Any]:
        limits = {
            "MaxCandidates": block.max_candidates,
            "MaxAutoMLJobRuntimeInSeconds": block.max_runtime_seconds,
            "MaxRuntimePerTrainingJobInSeconds": block.max_runtime_per_candidate_seconds,
        }
        return {name: self.jobs.resolve(value) for name, value in limits.items() if value is not None}

    def _channels(self, step: WrittenStep) -> list[dict[str, Any]]:
        block: AutoML = step.block
        static = self.jobs.data.inputs(step, self.jobs.problems)
        given = [(each.channel, each.uri) for each in static]
        given += [(each.name, each.uri) for each in self.jobs.chained(step, [name for name, _ in given])]
        names = [name for name, _ in given]
        if "train" not in names or len(set(names)) < len(names) or not set(names) <= set(CHANNEL_TYPES):
            has = ", ".join(names) or "nothing"
            rule = "an AutoML job is given train and, if there is one, validation, once each"
            self.jobs.problems.append(step.problem(f"{rule}: here it is given {has}"))
        weight = {"SampleWeightAttributeName": block.sample_weight} if block.sample_weight else {}
        return [
            {
                "ChannelType": CHANNEL_TYPES.get(name, name),
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
                "TargetAttributeName": block.target,
                "ContentType": block.content_type,
                **weight,
            }
            for name, uri in given
        ]
