"""CloudFormation's requests: what starts a build, what is answered at once, and what is never logged."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from botocore.exceptions import ClientError

from terraform_runner_provider.provider_handler import Provider

from .conftest import BUCKET, real_event


def changed(event: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """Return the event with other properties; None takes one away."""
    merged = {**event["ResourceProperties"], **properties}
    return {**event, "ResourceProperties": {k: v for k, v in merged.items() if v is not None}}


CONNECTION = "arn:aws:codeconnections:eu-west-1:123456789012:connection/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize("name", ["create", "update", "delete"])
def test_a_request_is_stored_and_starts_a_build_that_is_told_where(provider: Provider, name: str) -> None:
    event = real_event(f"cloudformation-{name}")

    provider.handle_request(event)

    key = f"requests/{event['RequestId']}/event.json"
    stored = provider.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert json.loads(stored) == event
    (started,) = provider.codebuild.started.values()
    assert started["projectName"] == "runner"
    assert started["environmentVariablesOverride"] == [
        {"name": "REQUEST_KEY", "value": key, "type": "PLAINTEXT"}
    ]
    assert provider.send.answers == []  # type: ignore[attr-defined]


def test_the_same_request_never_starts_two_builds(provider: Provider) -> None:
    event = real_event("cloudformation-create")
    provider.handle_request(event)
    provider.handle_request(event)
    assert len(provider.codebuild.started) == 1


def test_a_request_that_a_build_took_on_long_ago_starts_nothing(provider: Provider) -> None:
    event = real_event("cloudformation-create")
    provider.s3.put_object(Bucket=BUCKET, Key=f"requests/{event['RequestId']}/build.json", Body=b"{}")
    provider.handle_request(event)
    assert provider.codebuild.started == {}


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"SageMakerProjectName": "-churn"}, "SageMakerProjectName must be 1 to 32 letters"),
        ({"SageMakerProjectName": "c" * 33}, "SageMakerProjectName must be"),
        ({"SageMakerProjectName": "churn\n"}, "SageMakerProjectName must be"),
        ({"SageMakerProjectId": None}, "property SageMakerProjectId is missing"),
        ({"Colour": "blue"}, "unknown property Colour"),
        ({"StagingInstanceCount": "0"}, "StagingInstanceCount must be a whole number from 1 to 10"),
        ({"ProductionInstanceCount": "11"}, "ProductionInstanceCount must be"),
        ({"StagingInstanceType": "m5.large"}, "StagingInstanceType must be a SageMaker instance type"),
        ({"DataLocation": "churn.txt"}, "DataLocation must be an object in S3"),
        ({"DataLocation": "s3://my-bucket/all customers"}, "DataLocation must be"),
        ({"DataLocation": "s3://my-bucket/" + 242 * "c"}, "of at most 256 letters"),
        ({"ProjectVariant": "churn"}, "ProjectVariant must be one of churn-xgboost-daal4py, autopilot"),
        ({"ConnectionArn": "arn:aws:s3:::bucket"}, "ConnectionArn must be the ARN of a connection"),
        ({"BuildRepositoryId": "churn"}, "BuildRepositoryId must be owner/name"),
        ({"DeployRepositoryId": "team/../churn"}, "DeployRepositoryId must be owner/name"),
        ({"ConnectionArn": CONNECTION}, "are given together, or none of them"),
        ({"BuildRepositoryId": "team/churn"}, "are given together, or none of them"),
        (
            {
                "ConnectionArn": CONNECTION,
                "BuildRepositoryId": "team/churn",
                "DeployRepositoryId": "Team/Churn",
            },
            "must be two repositories",
        ),
        ({"ApproverEmail": "nobody"}, "ApproverEmail must be an e-mail address"),
        ({"KeepDataOnDelete": "yes"}, "KeepDataOnDelete must be true or false"),
        ({"ApiAuthorization": "NONE"}, "ApiAuthorization must be AWS_IAM or API_KEY"),
        ({"TemplateVersion": "0" * 16}, "never published"),
        ({"TemplateSha256": "x"}, "TemplateSha256 must be"),
    ],
)
def test_a_wrong_property_is_refused_at_once_with_its_rule(
    provider: Provider, properties: dict[str, Any], words: str
) -> None:
    provider.handle_request(changed(real_event("cloudformation-create"), **properties))
    answer = provider.send.only  # type: ignore[attr-defined]
    assert answer["Status"] == "FAILED"
    assert words in answer["Reason"]
    assert provider.codebuild.started == {}


def test_every_problem_is_named_at_once(provider: Provider) -> None:
    event = changed(real_event("cloudformation-create"), SageMakerProjectName="", ApiAuthorization="NONE")
    provider.handle_request(event)
    reason = provider.send.only["Reason"]  # type: ignore[attr-defined]
    assert "SageMakerProjectName" in reason
    assert "ApiAuthorization" in reason


def test_a_project_of_a_template_from_before_there_was_a_choice_may_be_rolled_back_to_it(
    provider: Provider,
) -> None:
    provider.handle_request(changed(real_event("cloudformation-update"), ProjectVariant=None))
    assert len(provider.codebuild.started) == 1


def test_a_project_of_the_teams_own_repositories_is_made(provider: Provider) -> None:
    team = {
        "ConnectionArn": CONNECTION,
        "BuildRepositoryId": "team/build",
        "DeployRepositoryId": "team/apps/deploy",
    }
    provider.handle_request(changed(real_event("cloudformation-create"), **team))
    assert len(provider.codebuild.started) == 1


@pytest.mark.parametrize("name", ["c" * 32, "1churn", "a-b--c", "C"])
def test_every_name_that_sagemaker_allows_is_taken(provider: Provider, name: str) -> None:
    provider.handle_request(changed(real_event("cloudformation-create"), SageMakerProjectName=name))
    assert len(provider.codebuild.started) == 1


def test_rolling_back_a_refused_create_deletes_nothing_and_succeeds(provider: Provider) -> None:
    created = changed(real_event("cloudformation-create"), SageMakerProjectName="-")
    provider.handle_request(created)
    refused = provider.send.answers.pop()[1]  # type: ignore[attr-defined]

    deleted = changed(real_event("cloudformation-delete"), SageMakerProjectName="-")
    provider.handle_request({**deleted, "PhysicalResourceId": refused["PhysicalResourceId"]})

    answer = provider.send.only  # type: ignore[attr-defined]
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == refused["PhysicalResourceId"]
    assert provider.codebuild.started == {}


def test_an_update_that_is_refused_keeps_the_project(provider: Provider) -> None:
    provider.handle_request(changed(real_event("cloudformation-update"), ApiAuthorization="NONE"))
    assert provider.send.only["PhysicalResourceId"] == "p-abc123def456"  # type: ignore[attr-defined]


def test_a_project_of_an_older_form_can_still_be_deleted(provider: Provider) -> None:
    event = changed(real_event("cloudformation-delete"), ApiAuthorization=None, Forgotten="yes")
    provider.handle_request(event)
    assert len(provider.codebuild.started) == 1


def test_a_build_that_cannot_start_is_told_at_once(provider: Provider) -> None:
    provider.codebuild.refusal = "AccountLimitExceededException"
    provider.handle_request(real_event("cloudformation-create"))
    answer = provider.send.only  # type: ignore[attr-defined]
    assert answer["Status"] == "FAILED"
    assert "AccountLimitExceededException" in answer["Reason"]
    assert answer["PhysicalResourceId"].startswith("rejected-")


def test_a_request_that_no_stack_asked_for_is_refused(provider: Provider) -> None:
    provider.cloudformation.status = "CREATE_COMPLETE"
    provider.handle_request(real_event("cloudformation-delete"))
    assert "is not being created, updated or deleted" in provider.send.only["Reason"]  # type: ignore[attr-defined]
    assert provider.codebuild.started == {}


def test_an_answer_is_marked(provider: Provider) -> None:
    event = changed(real_event("cloudformation-create"), ApiAuthorization="NONE")
    provider.handle_request(event)
    mark = provider.s3.get_object(Bucket=BUCKET, Key=f"requests/{event['RequestId']}/answer.json")
    assert json.loads(mark["Body"].read())["Status"] == "FAILED"


def test_the_presigned_url_is_never_logged(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="terraform_runner_provider"):
        provider.handle_request(real_event("cloudformation-create"))
        provider.handle_request(changed(real_event("cloudformation-update"), ApiAuthorization="NONE"))
    assert "build started" in caplog.text
    assert "answered" in caplog.text
    assert "X-Amz-Signature" not in caplog.text


def test_an_error_of_s3_other_than_a_lost_race_is_told(provider: Provider) -> None:
    provider.s3.delete_bucket(Bucket=BUCKET)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        # It answers first and then cannot leave the mark: the retry of the event will.
        provider.handle_request(real_event("cloudformation-create"))
    assert "could not be started" in provider.send.only["Reason"]  # type: ignore[attr-defined]
