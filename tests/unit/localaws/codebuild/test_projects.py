"""CodeBuild projects by API, in the shapes that Terraform's provider sends."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

ENVIRONMENT = {"type": "LINUX_CONTAINER", "image": "aws/codebuild/x:1", "computeType": "BUILD_GENERAL1_SMALL"}


def create(codebuild: Any, role_arn: str, **changes: Any) -> dict[str, Any]:
    """Create a project of a pipeline, changed as asked."""
    parameters = {
        "name": "p1",
        "source": {"type": "CODEPIPELINE", "buildspec": "buildspec/test.yml"},
        "artifacts": {"type": "CODEPIPELINE"},
        "environment": ENVIRONMENT,
        "serviceRole": role_arn,
        **changes,
    }
    return dict(codebuild.create_project(**parameters)["project"])


def test_a_pipeline_project_needs_no_location_and_gets_defaults(codebuild: Any, role_arn: str) -> None:
    made = create(codebuild, role_arn, tags=[{"key": "team", "value": "a"}])
    assert made["timeoutInMinutes"] == 60
    assert made["cache"] == {"type": "NO_CACHE"}
    assert made["environment"]["imagePullCredentialsType"] == "CODEBUILD"
    assert made["logsConfig"]["cloudWatchLogs"]["status"] == "ENABLED"
    assert codebuild.batch_get_projects(names=[made["arn"], "none"])["projectsNotFound"] == ["none"]


def test_an_update_changes_what_it_names_and_keeps_the_rest(codebuild: Any, role_arn: str) -> None:
    create(codebuild, role_arn, description="old", timeoutInMinutes=30)
    changed = codebuild.update_project(name="p1", description="new", logsConfig={})["project"]
    assert changed["description"] == "new"
    assert changed["timeoutInMinutes"] == 30


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": {"type": "GITHUB", "location": "x"}}, "GITHUB"),
        ({"source": {"type": "S3"}}, "location is required"),
        ({"artifacts": {"type": "NO_ARTIFACTS"}}, "must both be CODEPIPELINE"),
        ({"timeoutInMinutes": 2161}, "timeoutInMinutes"),
        ({"serviceRole": "builder"}, "service role"),
        ({"environment": ENVIRONMENT | {"type": "WINDOWS_SERVER_2019_CONTAINER"}}, "WINDOWS"),
    ],
)
def test_a_project_that_cannot_work_is_refused(
    codebuild: Any, role_arn: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        create(codebuild, role_arn, **changes)
    assert caught.value.response["Error"]["Code"] == "InvalidInputException"


def test_a_name_is_used_once_and_is_free_after_deletion(codebuild: Any, role_arn: str) -> None:
    create(codebuild, role_arn)
    with pytest.raises(codebuild.exceptions.ResourceAlreadyExistsException):
        create(codebuild, role_arn)
    codebuild.delete_project(name="p1")
    codebuild.delete_project(name="p1")
    assert codebuild.list_projects()["projects"] == []
    create(codebuild, role_arn)


def test_a_pipeline_project_is_not_started_by_hand(codebuild: Any, role_arn: str) -> None:
    create(codebuild, role_arn)
    with pytest.raises(ClientError, match="only be started by CodePipeline"):
        codebuild.start_build(projectName="p1")
    with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
        codebuild.start_build(projectName="none")
