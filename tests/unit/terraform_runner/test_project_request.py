"""The stored event: what it means for Terraform, and what of it is never shown."""

from __future__ import annotations

import json

import pytest

from terraform_runner.project_request import ProjectRequest, pascal_case, snake_case
from terraform_runner.runner_errors import UserError

from .conftest import real_event, request_of


def test_parameters_become_terraform_variables() -> None:
    assert request_of("create").resource_properties.terraform_variables() == {
        "project_name": "churn",
        "project_id": "p-abc123def456",
        "project_variant": "churn-xgboost-daal4py",
        "approver_email": "approver@example.com",
        "staging_instance_type": "ml.m5.large",
        "staging_instance_count": "1",
        "production_instance_type": "ml.m5.large",
        "production_instance_count": "2",
        "data_location": "",
        "keep_data_on_delete": "false",
        "api_authorization": "AWS_IAM",
        "template_version": "a1b2c3d4e5f60718",
    }


def test_an_update_knows_what_the_project_was_made_from() -> None:
    old = request_of("update").old_resource_properties
    assert old is not None
    assert old.bundle_key == "bundles/a1b2c3d4e5f60718.zip"


def test_the_presigned_url_is_not_shown() -> None:
    assert "X-Amz-Signature" not in repr(request_of("create"))


def test_an_unreadable_event_is_told_without_its_values() -> None:
    event = {**real_event("create"), "ResponseURL": "not a url, but secret"}
    del event["StackId"]
    with pytest.raises(UserError, match="StackId") as refused:
        ProjectRequest.parse(json.dumps(event).encode())
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("output", "attribute"),
    [
        ("model_build_clone_url", "ModelBuildCloneUrl"),
        ("model_package_group", "ModelPackageGroup"),
        ("production_api_url", "ProductionApiUrl"),
        ("approvals_topic_arn", "ApprovalsTopicArn"),
        ("name_prefix", "NamePrefix"),
    ],
)
def test_names_survive_the_way_to_cloudformation_and_back(output: str, attribute: str) -> None:
    assert pascal_case(output) == attribute
    assert snake_case(attribute) == output
