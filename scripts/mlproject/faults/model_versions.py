"""Model versions for faults: copies of the trained one with something wrong, and the executions that deploy them."""

from __future__ import annotations

import io
import json
import tarfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from mlproject import approvals
from mlproject.errors import PlatformError
from mlproject.faults.injection import until
from mlproject.faults.world import World
from mlproject.rehearsal.life import Life

MODEL_FILE = "model.ubj"
COPIED = ("ModelPackageGroupName", "InferenceSpecification", "CustomerMetadataProperties", "ModelMetrics")


@dataclass(frozen=True)
class Objects:
    """Objects in S3 by URI."""

    world: World

    def read(self, uri: str) -> bytes:
        """Return an object's content."""
        content: bytes = self.world.client("s3").get_object(**_place(uri))["Body"].read()
        return content

    def write(self, uri: str, content: bytes) -> None:
        """Replace an object, or make it."""
        self.world.client("s3").put_object(**_place(uri), Body=content)


def _place(uri: str) -> dict[str, str]:
    parts = urlsplit(uri)
    return {"Bucket": parts.netloc, "Key": parts.path.lstrip("/")}


def damaged(archive: bytes) -> bytes:
    """Return a model artefact whose files are all there, and the model itself no model."""
    made = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as good,
        tarfile.open(fileobj=made, mode="w:gz") as bad,
    ):
        for member in good.getmembers():
            file = good.extractfile(member)
            content = (
                b"this is no model" if member.name.endswith(MODEL_FILE) else file.read() if file else b""
            )
            member.size = len(content)
            bad.addfile(member, io.BytesIO(content))
    return made.getvalue()


@dataclass(frozen=True)
class Registry:
    """The model registry of a project that has trained."""

    world: World
    life: Life

    @property
    def trained(self) -> Mapping[str, Any]:
        """The version that the project's own pipeline registered."""
        group = self.life.project.names.model_package_group
        oldest = approvals.model_packages(self.world.session, group)[-1]["ModelPackageArn"]
        described: Mapping[str, Any] = self.world.client("sagemaker").describe_model_package(
            ModelPackageName=oldest
        )
        return described

    def golden_record(self) -> dict[str, Any]:
        """Return a raw record and its score, as the evaluation saw it."""
        uri = self.trained["CustomerMetadataProperties"]["GoldenRecordsUri"]
        first: dict[str, Any] = json.loads(Objects(self.world).read(uri).splitlines()[0])
        return first

    def copy(self) -> str:
        """Register a version like the trained one; return its ARN."""
        return self._register({name: self.trained[name] for name in COPIED if name in self.trained})

    def copy_with_other_scores(self) -> str:
        """Register a version whose golden records promise scores that the model does not give."""
        given = {name: self.trained[name] for name in COPIED if name in self.trained}
        uri = given["CustomerMetadataProperties"]["GoldenRecordsUri"]
        objects, wrong = Objects(self.world), f"{uri}.{uuid.uuid4().hex[:8]}.jsonl"
        records = [json.loads(line) for line in objects.read(uri).splitlines()]
        lines = [json.dumps(record | {"score": 1.0 - record["score"]}) for record in records]
        objects.write(wrong, "\n".join(lines).encode())
        metadata = {**given["CustomerMetadataProperties"], "GoldenRecordsUri": wrong}
        return self._register({**given, "CustomerMetadataProperties": metadata})

    def copy_with_own_artefact(self) -> tuple[str, str]:
        """Register a version with an artefact of its own; return its ARN and the artefact's URI."""
        given = json.loads(json.dumps({name: self.trained[name] for name in COPIED if name in self.trained}))
        container = given["InferenceSpecification"]["Containers"][0]
        uri = container["ModelDataUrl"]
        own = f"{uri.removesuffix('model.tar.gz')}{uuid.uuid4().hex[:8]}/model.tar.gz"
        Objects(self.world).write(own, Objects(self.world).read(uri))
        container["ModelDataUrl"] = own
        return self._register(given), own

    def _register(self, given: Mapping[str, Any]) -> str:
        answer = self.world.client("sagemaker").create_model_package(
            **given, ModelApprovalStatus="PendingManualApproval"
        )
        arn: str = answer["ModelPackageArn"]
        return arn

    def approve(self, arn: str) -> Execution:
        """Approve a version; return the execution of the deploy pipeline that this starts."""
        self.world.client("sagemaker").update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="fault campaign"
        )
        return self.deployment(arn)

    def deployment(self, arn: str) -> Execution:
        """Return the newest execution of the deploy pipeline for a version, waited for."""
        pipeline = self.life.project.names.repository("modeldeploy")
        client, found = self.world.client("codepipeline"), [""]

        def started() -> bool:
            for each in client.list_pipeline_executions(pipelineName=pipeline)["pipelineExecutionSummaries"]:
                identity = {"pipelineName": pipeline, "pipelineExecutionId": each["pipelineExecutionId"]}
                execution = client.get_pipeline_execution(**identity)["pipelineExecution"]
                if arn in {variable["resolvedValue"] for variable in execution.get("variables", ())}:
                    found[0] = each["pipelineExecutionId"]
                    return True
            return False

        until(started, f"no execution of {pipeline} deploys {arn}")
        return Execution(self.world, pipeline, found[0])


@dataclass(frozen=True)
class Execution:
    """An execution of a pipeline."""

    world: World
    pipeline: str
    execution_id: str

    @property
    def _identity(self) -> dict[str, str]:
        return {"pipelineName": self.pipeline, "pipelineExecutionId": self.execution_id}

    @property
    def status(self) -> str:
        """The execution's status."""
        client = self.world.client("codepipeline")
        found: str = client.get_pipeline_execution(**self._identity)["pipelineExecution"]["status"]
        return found

    def end(self) -> str:
        """Wait for the execution's end and return its status."""
        until(lambda: self.status != "InProgress", f"{self.pipeline} does not end")
        return self.status

    def failure(self) -> tuple[str, str]:
        """Wait for the execution to fail; return the stage, and what it says of why."""
        if self.end() != "Failed":
            raise PlatformError(f"{self.pipeline} is {self.status} in spite of the fault")
        for run in self._runs():
            if run["status"] == "Failed":
                result = run.get("output", {}).get("executionResult", {})
                told = result.get("errorDetails", {}).get("message") or result.get(
                    "externalExecutionSummary", ""
                )
                return run["stageName"], told
        raise PlatformError(f"{self.pipeline} failed without a failed action")

    def stage_status(self, stage: str) -> str:
        """Return the status of the execution's last run in a stage, empty before there is one."""
        return next((str(run["status"]) for run in self._runs() if run["stageName"] == stage), "")

    def wait_gate(self) -> approvals.Gate:
        """Wait until this execution stands at the gate."""

        def waits() -> bool:
            if self.status not in ("InProgress", "Superseded"):
                raise PlatformError(f"{self.pipeline} is {self.status} before the gate: {self.failure()}")
            return self.stage_status("ApproveProduction") == "InProgress" and bool(self._gate())

        until(waits, f"{self.pipeline} does not get to the gate")
        gate = self._gate()
        if gate is None:
            raise PlatformError(f"{self.pipeline} left the gate by itself")
        return gate

    def _gate(self) -> approvals.Gate | None:
        return approvals.waiting_gate(self.world.session, self.pipeline)

    def decide(self, decision: approvals.Decision = "Approved") -> None:
        """Answer at the gate."""
        approvals.decide_gate(self.world.session, self.pipeline, decision, "fault campaign")

    def retry(self, stage: str, mode: Literal["FAILED_ACTIONS", "ALL_ACTIONS"] = "FAILED_ACTIONS") -> None:
        """Retry what failed in a stage, or all of it."""
        self.world.client("codepipeline").retry_stage_execution(
            **self._identity, stageName=stage, retryMode=mode
        )

    def abandon(self) -> None:
        """Stop the execution at once."""
        self.world.client("codepipeline").stop_pipeline_execution(
            **self._identity, abandon=True, reason="fault campaign"
        )
        self.end()

    def _runs(self) -> list[dict[str, Any]]:
        """Return the execution's actions, newest first."""
        listed = self.world.client("codepipeline").list_action_executions(
            pipelineName=self.pipeline, filter={"pipelineExecutionId": self.execution_id}
        )
        return list(listed["actionExecutionDetails"])


def start_pipeline(world: World, kind: str) -> Execution:
    """Start the project's ``modelbuild`` or ``modeldeploy`` pipeline."""
    pipeline = world.train().project.names.repository(kind)
    started = world.client("codepipeline").start_pipeline_execution(name=pipeline)
    return Execution(world, pipeline, started["pipelineExecutionId"])


def pushed(world: World, repository: str, path: str, content: bytes) -> Execution:
    """Commit a file to ``main``; return the execution of the repository's pipeline that this starts."""
    codecommit, codepipeline = world.client("codecommit"), world.client("codepipeline")
    tip = codecommit.get_branch(repositoryName=repository, branchName="main")["branch"]["commitId"]
    commit = codecommit.put_file(
        repositoryName=repository,
        branchName="main",
        fileContent=content,
        filePath=path,
        parentCommitId=tip,
        commitMessage="fault campaign",
    )["commitId"]
    found: list[str] = []

    def started() -> bool:
        listed = codepipeline.list_pipeline_executions(pipelineName=repository)["pipelineExecutionSummaries"]
        found[:] = [
            each["pipelineExecutionId"]
            for each in listed
            if commit in {source.get("revisionId") for source in each.get("sourceRevisions", ())}
        ]
        return bool(found)

    until(started, f"no execution of {repository} takes {commit}")
    return Execution(world, repository, found[0])


def abandon_all(world: World) -> None:
    """End whatever runs in the project's pipelines, so that the next fault finds them idle."""
    client = world.client("codepipeline")
    for pipeline in [each["name"] for each in client.list_pipelines()["pipelines"]]:
        listed = client.list_pipeline_executions(pipelineName=pipeline)["pipelineExecutionSummaries"]
        for each in listed:
            if each["status"] == "InProgress":
                Execution(world, pipeline, each["pipelineExecutionId"]).abandon()
    world.waiting = ""
