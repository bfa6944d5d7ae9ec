"""A project that is to go comes in; what its pipelines run and made is stopped and deleted, before Terraform.

Everything here may find its work done already: a delete that died half-way is simply begun again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, WaiterError

from terraform_runner.deletions import absent, request_token
from terraform_runner.inventory import Inventory
from terraform_runner.naming import REPOSITORIES, ProjectNames
from terraform_runner.runner_errors import PlatformError

if TYPE_CHECKING:
    import boto3
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_sagemaker import SageMakerClient

_WAIT_SECONDS = 1200
_POLL_SECONDS = 3.0


def tear_down(
    session: boto3.Session,
    names: ProjectNames,
    inventory: Inventory,
    keep_data: bool,
    say: Callable[[str], None],
    stage_inventories: Sequence[Inventory] = (),
) -> None:
    """Delete what the pipelines of the project made, so that Terraform can destroy the rest.

    Parameters
    ----------
    session, names
        The project's own account, and the project in it.
    inventory
        What the project has there.
    keep_data
        Whether the bucket's objects stay.
    say
        Takes each line for the log.
    stage_inventories
        What the project has in the accounts of its stages, where they are others.
    """
    _stop_pipelines(session, names)
    _stop_builds(session, names)
    sagemaker, pipelines = session.client("sagemaker"), inventory.sagemaker_pipelines()
    _stop_sagemaker_pipelines(sagemaker, pipelines)
    for each in (inventory, *stage_inventories):
        for stack in each.stage_stacks():
            say(f"deleting stack {stack}")
            try:
                _delete_stack(each.session.client("cloudformation"), stack)
            except PlatformError as error:
                # A schedule may have started its pipeline meanwhile; the schedule itself is gone now.
                say(f"{error}; once more")
                _stop_sagemaker_pipelines(sagemaker, pipelines)
                _delete_stack(each.session.client("cloudformation"), stack)
    serving = [each.delete_serving for each in (inventory, *stage_inventories)]
    steps = [*serving, inventory.delete_training, inventory.delete_images]
    if not keep_data:
        steps.append(inventory.delete_objects)
    for step in steps:
        for deleted in step():
            say(f"deleted {deleted}")


def _stop_pipelines(session: boto3.Session, names: ProjectNames) -> None:
    codepipeline = session.client("codepipeline")
    for kind in REPOSITORIES:
        pipeline = names.repository(kind)
        try:
            found = codepipeline.list_pipeline_executions(pipelineName=pipeline)["pipelineExecutionSummaries"]
        except ClientError as error:
            if absent(error):
                continue
            raise
        for execution in found:
            if execution["status"] == "InProgress":
                codepipeline.stop_pipeline_execution(
                    pipelineName=pipeline,
                    pipelineExecutionId=execution["pipelineExecutionId"],
                    abandon=True,
                    reason="The project is being deleted.",
                )


def _stop_builds(session: boto3.Session, names: ProjectNames) -> None:
    codebuild = session.client("codebuild")
    for page in codebuild.get_paginator("list_projects").paginate():
        for project in filter(names.owns, page["projects"]):
            # The newest hundred: builds end after at most some hours, and this is the most that one call tells.
            builds = codebuild.list_builds_for_project(projectName=project, sortOrder="DESCENDING")["ids"]
            for build in codebuild.batch_get_builds(ids=builds[:100])["builds"] if builds else []:
                if not build.get("buildComplete", True):
                    codebuild.stop_build(id=build["id"])


def _stop_sagemaker_pipelines(sagemaker: SageMakerClient, pipelines: list[str]) -> None:
    running = [
        execution["PipelineExecutionArn"]
        for pipeline in pipelines
        for execution in sagemaker.list_pipeline_executions(PipelineName=pipeline)[
            "PipelineExecutionSummaries"
        ]
        if execution["PipelineExecutionStatus"] in ("Executing", "Stopping")
    ]
    for arn in running:
        sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=request_token(arn))
    for arn in running:
        _wait(
            lambda arn=arn: (  # type: ignore[misc]
                sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]
                not in ("Executing", "Stopping")
            ),
            f"The SageMaker pipeline execution {arn} does not stop",
        )


def _delete_stack(cloudformation: CloudFormationClient, stack: str) -> None:
    # A stack that is being updated cannot be deleted until that is over.
    _wait(lambda: not _updating(cloudformation, stack), f"The stack {stack} does not finish its update")
    cloudformation.delete_stack(StackName=stack)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=stack,
            WaiterConfig={
                "Delay": int(_POLL_SECONDS),
                "MaxAttempts": int(_WAIT_SECONDS / _POLL_SECONDS),
            },
        )
    except WaiterError as error:
        raise PlatformError(
            f"The stack {stack} could not be deleted: {_why(cloudformation, stack)}"
        ) from error


def _updating(cloudformation: CloudFormationClient, stack: str) -> bool:
    try:
        status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if absent(error):
            return False
        raise
    return status.startswith("UPDATE_") and status.endswith("_IN_PROGRESS")


def _why(cloudformation: CloudFormationClient, stack: str) -> str:
    for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]:
        if (
            event.get("ResourceStatus") == "DELETE_FAILED"
            and event.get("PhysicalResourceId") != event["StackId"]
        ):
            return f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason was given')}"
    return "it is not over yet; delete the project again later"


def _wait(done: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise PlatformError(
                f"{otherwise} within {_WAIT_SECONDS // 60} minutes; delete the project again later."
            )
        time.sleep(_POLL_SECONDS)
