"""A plan in, the deployed pipeline and its execution out: fills in, uploads, compares, writes and starts."""

from __future__ import annotations

import dataclasses
import difflib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from mlpipelines import project_bucket
from mlpipelines.execution import Execution
from mlpipelines.plan import PipelinePlan
from mlpipelines.project_settings import ProjectSettings
from mlpipelines.sdk_compiler import compile_pipeline
from mlpipelines.step_code import ContentStaging

COMMIT = "CommitId"
"""A parameter of this name, if a pipeline has it, is given the commit that starts it."""


@dataclass(frozen=True)
class Deployer:
    """Brings pipelines into the project.

    Attributes
    ----------
    settings
        The project's facts.
    session
        A boto3 session.
    tell
        Where the way of things is told.
    """

    settings: ProjectSettings
    session: Any
    tell: Callable[[str], None]

    def fill_in(self, plan: PipelinePlan) -> None:
        """Give parameters that want a file's hash, and could not know it, the hash of the object in S3."""
        for wanted in plan.hashes:
            digest = project_bucket.hash_object(self.session.client("s3"), wanted.uri)
            plan.parameters[wanted.parameter] = dataclasses.replace(
                plan.parameters[wanted.parameter], default=digest
            )
            self.tell(f"data {wanted.uri}, SHA-256 {digest}")

    def deployed(self, plan: PipelinePlan) -> str:
        """Return the definition that AWS has; "" without one."""
        try:
            answer = self._sagemaker.describe_pipeline(PipelineName=plan.name)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("ResourceNotFound", "ResourceNotFoundException"):
                return ""
            raise
        return str(answer["PipelineDefinition"])

    def difference(self, plan: PipelinePlan) -> str:
        """Return what would change, as a diff of two definitions; "" if nothing."""
        self.fill_in(plan)
        old, new = (_lines(text) for text in (self.deployed(plan), compile_pipeline(plan)))
        return "\n".join(difflib.unified_diff(old, new, "deployed", "here", lineterm=""))

    def write(self, plan: PipelinePlan, staging: ContentStaging) -> bool:
        """Upload what the plan needs and write the pipeline; returns whether its definition is another one now."""
        self.fill_in(plan)
        definition = compile_pipeline(plan)
        uploads = staging.uploads.values()
        project_bucket.upload(
            self.session.client("s3"), self.settings.project_bucket, self.settings.kms_key_arn, uploads
        )
        for group in dict.fromkeys(plan.groups):
            self._ensure_group(group)
        before = self.deployed(plan)
        if before and json.loads(before) == json.loads(definition):
            return False
        request = {
            "PipelineName": plan.name,
            "PipelineDefinition": definition,
            "RoleArn": self.settings.pipeline_role_arn,
        }
        if before:
            self._sagemaker.update_pipeline(**request)
        else:
            self._sagemaker.create_pipeline(**request, Tags=self.settings.tags)
        return True

    def reason_to_start(self, plan: PipelinePlan, changed: bool) -> str:
        """Return why a push starts the pipeline; "" if it does not."""
        if plan.start == "never":
            return ""
        if plan.start == "always":
            return "it is started at each push"
        if changed:
            return "its definition has changed"
        summaries = self._sagemaker.list_pipeline_executions(
            PipelineName=plan.name, SortBy="CreationTime", SortOrder="Descending", MaxResults=1
        )["PipelineExecutionSummaries"]
        if not summaries:
            return "it has never run"
        status = summaries[0]["PipelineExecutionStatus"]
        return f"its latest execution has {status.lower()}" if status in ("Failed", "Stopped") else ""

    def start(self, plan: PipelinePlan, parameters: Mapping[str, str]) -> Execution:
        """Start an execution with ``parameters``, and the commit if the pipeline wants it."""
        given = dict(parameters)
        if COMMIT in plan.parameters:
            given.setdefault(COMMIT, self.settings.commit_id)
        execution = Execution.start(
            self._sagemaker,
            pipeline=plan.name,
            display_name=f"commit-{self.settings.commit_id[:8]}-{int(time.time())}",
            parameters=given,
            tell=lambda line: self.tell(f"{plan.name}: {line}"),
        )
        self.tell(f"{plan.name}: execution {execution.arn}")
        return execution

    def _ensure_group(self, group: str) -> None:
        if group == self.settings.model_package_group:
            return
        try:
            self._sagemaker.describe_model_package_group(ModelPackageGroupName=group)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("ValidationException", "ResourceNotFound"):
                raise
            self._sagemaker.create_model_package_group(ModelPackageGroupName=group, Tags=self.settings.tags)
            self.tell(f"made the model package group {group}")

    @property
    def _sagemaker(self) -> Any:
        return self.session.client("sagemaker")


def _lines(definition: str) -> list[str]:
    return json.dumps(json.loads(definition), indent=1).splitlines() if definition else []
