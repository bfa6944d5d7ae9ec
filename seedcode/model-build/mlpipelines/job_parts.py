"""What the requests of all jobs share: inputs, clusters, networks, code, places of outputs (to their builders)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlpipelines.chaining import ChainedInput, chained_inputs
from mlpipelines.data_inputs import DataLocator
from mlpipelines.instance_types import check_instance_type
from mlpipelines.pipeline_errors import Problem
from mlpipelines.plan import ExecutionReference, Joined, ParameterReference
from mlpipelines.project_images import ImageResolver
from mlpipelines.project_settings import ProjectSettings
from mlpipelines.schema_checks import Check
from mlpipelines.schema_jobs import Channel, ScriptJob
from mlpipelines.step_code import Staging
from mlpipelines.step_index import WrittenStep
from mlpipelines.value_resolution import ValueResolver

CODE = "code"
LONGEST_GROUP = 63
OWN_DISK = re.compile(
    r"ml\.([a-z]+\d+[a-z]*d[a-z]*|dl1|g5|g[67]e?|gr6|i\d[a-z]*|p5[a-z]*|p6-[a-z0-9]+|p6e-gb200|trn\d[a-z]*)\."
)
"""Instances with disks of their own, which encrypt by themselves and take no key."""


@dataclass
class JobParts:
    """Makes what the requests of one pipeline's jobs have in common.

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

    def group(self, step: WrittenStep, written: str | None) -> str:
        """Return the model package group that a step's block names, and note a name that is too long."""
        if written == "project":
            return self.settings.model_package_group
        name = f"{self.settings.group_prefix}-{written or step.model.name}"
        if len(name) > LONGEST_GROUP:
            most = LONGEST_GROUP - len(self.settings.group_prefix) - 1
            message = f"the group {name} is longer than {LONGEST_GROUP} characters: give it a name of at most {most}"
            self.problems.append(step.block_problem(message, "group"))
        return name

    def chained(self, step: WrittenStep, taken: Sequence[str]) -> list[ChainedInput]:
        """Return what other steps give to this one; ``taken`` are names that its own data files have."""
        reserved = [*taken, CODE] if getattr(step.block, "entry_point", None) else taken
        return chained_inputs(step, self.steps, self.outputs, reserved, self.problems)

    def cluster(self, step: WrittenStep, kind: str) -> dict[str, Any]:
        """Return the instances of a step's job; ``kind`` is botocore's name of what they are for."""
        block: ScriptJob | Check = step.block
        instance = self.instance(step, kind)
        return {
            "InstanceCount": self.resolve(block.instance_count),
            "InstanceType": instance,
            "VolumeSizeInGB": block.volume_size_in_gb,
            **self.volume_key(instance),
        }

    def volume_key(self, instance: Any) -> dict[str, str]:
        """Return the key of an instance's volume, if it takes one; of a parameter the default decides."""
        usual = self.resolve.usual(instance)
        has_disk = isinstance(usual, str) and OWN_DISK.match(usual)
        return {} if has_disk else {"VolumeKmsKeyId": self.settings.kms_key_arn}

    def instance(self, step: WrittenStep, kind: str) -> Any:
        """Return the instance type of a step's job, and note one that AWS does not have for this kind of job."""
        written = step.block.instance_type
        chosen = written.default if not isinstance(written, str) else written
        if isinstance(chosen, str) and (wrong := check_instance_type(chosen, kind)):
            self.problems.append(step.block_problem(wrong, "instance_type"))
        return self.resolve(written)

    def network(self, block: ScriptJob | Check) -> dict[str, Any]:
        """Return how isolated a job is, and the project's network."""
        network: dict[str, Any] = {"EnableNetworkIsolation": block.network_isolation}
        if block.instance_count != 1 and not isinstance(
            self.resolve(block.instance_count), ParameterReference
        ):
            network["EnableInterContainerTrafficEncryption"] = True
        if self.settings.vpc:
            network["VpcConfig"] = self.settings.vpc
        return network

    def environment(self, block: ScriptJob, chained: Sequence[ChainedInput]) -> dict[str, Any]:
        """Return a job's variables, with the sample's names of what is chained for its script."""
        environment = self.resolve.texts(block.env)
        aliases = {each.alias: each.name for each in chained if each.alias and each.alias != each.name}
        if block.entry_point and aliases:
            environment["STEP_INPUT_ALIASES"] = json.dumps(aliases, sort_keys=True)
        return environment

    def code(self, step: WrittenStep) -> str:
        """Return where the code of a step's script will lie."""
        block: ScriptJob = step.block
        return self.staging.code(self._source(block, step), block.source_files)

    def script(self, block: ScriptJob, step: WrittenStep) -> list[str]:
        """Return what the launcher is told to start."""
        return [self._source(block, step), str(block.entry_point)]

    def _source(self, block: ScriptJob, step: WrittenStep) -> str:
        return (block.source_directory or step.model.section.source_directory).strip("/")


def unless_empty(**mappings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return those that hold something."""
    return {name: mapping for name, mapping in mappings.items() if mapping}
