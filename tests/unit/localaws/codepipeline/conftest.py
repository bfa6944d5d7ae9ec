"""What the tests of CodePipeline share: roles, a bucket, a repository, projects and small pipelines."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from localaws.server import LocalAws

REGION = "eu-west-2"
BUCKET = "pipeline-artifacts"
Stage = dict[str, Any]


class Bench:
    """Everything a pipeline needs, and questions that tests ask of it."""

    def __init__(self, server: LocalAws) -> None:
        self.server = server
        self.codepipeline = server.client("codepipeline", REGION)
        self.codecommit = server.client("codecommit", REGION)
        self.codebuild = server.client("codebuild", REGION)
        self.s3 = server.client("s3", REGION)
        self.role_arn = self._role()
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.codecommit.create_repository(repositoryName="code")
        self.commit("README.md", "hello")

    def _role(self) -> str:
        services = [f"{name}.amazonaws.com" for name in ("codebuild", "codepipeline", "lambda")]
        statement = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        role = self.server.client("iam", REGION).create_role(RoleName="pipe", AssumeRolePolicyDocument=trust)
        return str(role["Role"]["Arn"])

    def commit(self, path: str, content: str) -> str:
        """Commit a file to ``main`` of ``code`` and return the commit's id."""
        branches = self.codecommit.list_branches(repositoryName="code")["branches"]
        parent = {}
        if branches:
            tip = self.codecommit.get_branch(repositoryName="code", branchName="main")["branch"]["commitId"]
            parent = {"parentCommitId": tip}
        answer = self.codecommit.put_file(
            repositoryName="code",
            branchName="main",
            filePath=path,
            fileContent=content.encode(),
            commitMessage=f"Change {path}",
            **parent,
        )
        return str(answer["commitId"])

    def project(self, name: str, *commands: str, exported: str = "", artifacts: str = "") -> None:
        """Make a CodeBuild project for a pipeline that runs ``commands``."""
        lines = ["version: 0.2"]
        lines += [f"env: {{exported-variables: [{exported}]}}"] if exported else []
        lines += ["phases:", "  build:", "    commands:", *(f"      - {json.dumps(one)}" for one in commands)]
        lines += [artifacts] if artifacts else []
        self.codebuild.create_project(
            name=name,
            source={"type": "CODEPIPELINE", "buildspec": "\n".join(lines) + "\n"},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=self.role_arn,
        )

    def pipeline(self, *stages: Stage, **changes: Any) -> dict[str, Any]:
        """Create the pipeline ``line`` of a source stage and ``stages``."""
        structure = {
            "name": "line",
            "roleArn": self.role_arn,
            "pipelineType": "V2",
            "artifactStore": {"type": "S3", "location": BUCKET},
            "stages": [self.stage("Source", self.source()), *stages],
            **changes,
        }
        return dict(self.codepipeline.create_pipeline(pipeline=structure)["pipeline"])

    def executions(self) -> list[dict[str, Any]]:
        """Return the executions of ``line``, newest first."""
        answer = self.codepipeline.list_pipeline_executions(pipelineName="line")
        return list(answer["pipelineExecutionSummaries"])

    def wait(
        self, execution_id: str = "", status: tuple[str, ...] = ("Succeeded", "Failed", "Stopped")
    ) -> str:
        """Wait until an execution (the newest) has one of the statuses and return it."""
        return self.until(lambda: self._status(execution_id, status))

    def _status(self, execution_id: str, wanted: tuple[str, ...]) -> str:
        chosen = [one for one in self.executions() if execution_id in ("", one["pipelineExecutionId"])]
        return str(chosen[0]["status"]) if chosen and chosen[0]["status"] in wanted else ""

    def until(self, question: Callable[[], str]) -> str:
        """Ask until there is an answer."""
        end = time.monotonic() + 40
        while time.monotonic() < end:
            answer = question()
            if answer:
                return answer
            time.sleep(0.05)
        raise AssertionError(self.codepipeline.get_pipeline_state(name="line"))

    def stage_state(self, name: str) -> dict[str, Any]:
        """Return a stage of GetPipelineState."""
        states = self.codepipeline.get_pipeline_state(name="line")["stageStates"]
        return next(dict(state) for state in states if state["stageName"] == name)

    def action(self, name: str) -> dict[str, Any]:
        """Return the newest run of an action."""
        runs = self.codepipeline.list_action_executions(pipelineName="line")["actionExecutionDetails"]
        return next(dict(run) for run in runs if run["actionName"] == name)

    def token(self, stage_name: str) -> str:
        """Wait for an approval of a stage to be asked for and return its token."""
        return self.until(
            lambda: str(
                self.stage_state(stage_name)["actionStates"][0].get("latestExecution", {}).get("token", "")
            )
        )

    def decide(self, stage_name: str, status: str = "Approved", summary: str = "fine") -> None:
        """Answer the approval of a stage."""
        self.codepipeline.put_approval_result(
            pipelineName="line",
            stageName=stage_name,
            actionName=self.stage_state(stage_name)["actionStates"][0]["actionName"],
            result={"status": status, "summary": summary},
            token=self.token(stage_name),
        )

    @staticmethod
    def stage(stage_name: str, *actions: dict[str, Any], **changes: Any) -> Stage:
        """Return a stage."""
        return {"name": stage_name, "actions": list(actions), **changes}

    @staticmethod
    def source(**configuration: str) -> dict[str, Any]:
        """Return a source action in namespace ``Src`` that does not poll."""
        given = {"RepositoryName": "code", "BranchName": "main", "PollForSourceChanges": "false"}
        return {
            "name": "Fetch",
            "namespace": "Src",
            "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"},
            "configuration": given | configuration,
            "outputArtifacts": [{"name": "SourceOutput"}],
        }

    @staticmethod
    def build(project: str, **changes: Any) -> dict[str, Any]:
        """Return a build action; ``variables`` become its environment."""
        configuration = {"ProjectName": project}
        variables = changes.pop("variables", {})
        if variables:
            listed = [{"name": name, "value": value} for name, value in variables.items()]
            configuration["EnvironmentVariables"] = json.dumps(listed)
        configuration |= changes.pop("configuration", {})
        return {
            "name": f"Run-{project}",
            "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
            "configuration": configuration,
            "inputArtifacts": [{"name": "SourceOutput"}],
            **changes,
        }

    @staticmethod
    def approval(**configuration: str) -> dict[str, Any]:
        """Return a manual approval."""
        return {
            "name": "Approve",
            "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
            "configuration": configuration,
        }

    @staticmethod
    def condition(result: str, variable: str, operator: str, value: str) -> dict[str, Any]:
        """Return a stage condition of one VariableCheck."""
        rule = {
            "name": "Check",
            "ruleTypeId": {"category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1"},
            "configuration": {"Variable": variable, "Operator": operator, "Value": value},
        }
        return {"conditions": [{"result": result, "rules": [rule]}]}


@pytest.fixture
def bench(localaws: LocalAws) -> Bench:
    """Return a bench with a repository ``code`` that has one commit on ``main``."""
    return Bench(localaws)
