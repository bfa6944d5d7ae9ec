"""A project is followed to its end, and its failure is told with CloudFormation's reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mlproject import projects
from mlproject.catalog import Product
from mlproject.errors import PlatformError, UserError
from mlproject.s3_templates import S3Template

PRODUCT = Product(
    "prod-1", "pa-1", "v1", frozenset({"ApproverEmail", "ProjectVariant", "SageMakerProjectName"})
)
TEMPLATE = S3Template(
    "https://artifacts.s3.eu-west-1.amazonaws.com/products/v1.yaml",
    "arn:aws:iam::123456789012:role/launch",
    "v1",
    frozenset({"SageMakerProjectName", "ApproverEmail", "ApiAuthorization"}),
)
STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/SP-1/0"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects, "POLL_SECONDS", 0)


def described(status: str, reason: str = "") -> dict[str, Any]:
    return {
        "ProjectArn": "arn:aws:sagemaker:eu-west-1:123456789012:project/churn",
        "ProjectName": "churn",
        "ProjectId": "p-abcdefghijkl",
        "ProjectStatus": status,
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
        "ServiceCatalogProvisionedProductDetails": {
            "ProvisionedProductId": "pp-1",
            "ProvisionedProductStatusMessage": reason,
        },
    }


def in_s3(status: str) -> dict[str, Any]:
    provider = {
        "TemplateName": "chosen-in-studio",
        "TemplateURL": TEMPLATE.url,
        "RoleARN": TEMPLATE.launch_role_arn,
        "Parameters": [
            {"Key": "ApproverEmail", "Value": "a@example.com"},
            {"Key": "SageMakerProjectName", "Value": "churn"},
            {"Key": "OnlyInTheVersionBefore", "Value": "1"},
        ],
        "StackDetail": {"Name": "SP-1", "Id": STACK, "StatusMessage": "as SageMaker says"},
    }
    answer = described(status) | {"TemplateProviderDetails": [{"CfnTemplateProviderDetail": provider}]}
    del answer["ServiceCatalogProvisionedProductDetails"]
    return answer


def event(of: dict[str, str], status: str, reason: str = "") -> dict[str, Any]:
    known = {
        "StackId": STACK,
        "EventId": "e",
        "StackName": "SP-1",
        "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return {**known, **of, "ResourceStatus": status, "ResourceStatusReason": reason}


def queue(session: Any, *answers: dict[str, Any]) -> None:
    for answer in answers:
        session.answers("sagemaker").add_response("describe_project", answer, {"ProjectName": "churn"})


def test_a_created_project_is_waited_for_and_each_status_told(session: Any) -> None:
    session.answers("sagemaker").add_response(
        "create_project",
        {"ProjectArn": described("")["ProjectArn"], "ProjectId": "p-abcdefghijkl"},
        {
            "ProjectName": "churn",
            "ServiceCatalogProvisioningDetails": {
                "ProductId": "prod-1",
                "ProvisioningArtifactId": "pa-1",
                "ProvisioningParameters": [{"Key": "ApproverEmail", "Value": "a@example.com"}],
            },
        },
    )
    queue(session, described("Pending"), described("CreateInProgress"), described("CreateCompleted"))
    told: list[str] = []
    project = projects.create(session, PRODUCT, "churn", {"ApproverEmail": "a@example.com"})
    assert projects.wait(session, project, told.append).status == "CreateCompleted"
    assert told == ["Pending", "CreateInProgress"]


def test_a_project_of_a_template_in_s3_is_created_with_the_launch_role(session: Any) -> None:
    session.answers("sagemaker").add_response(
        "create_project",
        {"ProjectArn": described("")["ProjectArn"], "ProjectId": "p-abcdefghijkl"},
        {
            "ProjectName": "churn",
            "TemplateProviders": [
                {
                    "CfnTemplateProvider": {
                        "TemplateName": "project",
                        "TemplateURL": TEMPLATE.url,
                        "RoleARN": TEMPLATE.launch_role_arn,
                        "Parameters": [{"Key": "ApproverEmail", "Value": "a@example.com"}],
                    }
                }
            ],
        },
    )
    queue(session, in_s3("CreateInProgress"))
    project = projects.create(session, TEMPLATE, "churn", {"ApproverEmail": "a@example.com"})
    assert project.stack == STACK


def test_an_update_says_every_parameter_that_the_version_has_again_and_the_new_ones(session: Any) -> None:
    queue(session, in_s3("CreateCompleted"), in_s3("CreateCompleted"))
    session.answers("sagemaker").add_response(
        "update_project",
        {"ProjectArn": described("")["ProjectArn"]},
        {
            "ProjectName": "churn",
            "TemplateProvidersToUpdate": [
                {
                    "CfnTemplateProvider": {
                        "TemplateName": "chosen-in-studio",
                        "TemplateURL": TEMPLATE.url,
                        "Parameters": [
                            {"Key": "ApproverEmail", "Value": "a@example.com"},
                            {"Key": "ApiAuthorization", "Value": "API_KEY"},
                        ],
                    }
                }
            ],
        },
    )
    queue(session, in_s3("UpdateInProgress"))
    found = projects.find(session, "churn")
    updated = projects.update(session, found, TEMPLATE, {"ApiAuthorization": "API_KEY"})
    assert updated.status == "UpdateInProgress"


def test_a_project_of_a_product_is_not_updated_to_a_template_in_s3(session: Any) -> None:
    queue(session, described("CreateCompleted"), described("CreateCompleted"))
    with pytest.raises(UserError, match="'churn' was not created from a template in S3"):
        projects.update(session, projects.find(session, "churn"), TEMPLATE, {})


def test_an_update_of_a_product_names_the_version_and_every_parameter_again(session: Any) -> None:
    given = {"ApproverEmail": "a@example.com", "ProjectVariant": "autopilot", "GoneSince": "x"}
    before = described("CreateCompleted")
    before["ServiceCatalogProvisioningDetails"] = {
        "ProductId": "prod-1",
        "ProvisioningParameters": [{"Key": key, "Value": value} for key, value in given.items()],
    }
    queue(session, before, before)
    session.answers("sagemaker").add_response(
        "update_project",
        {"ProjectArn": described("")["ProjectArn"]},
        {
            "ProjectName": "churn",
            "ServiceCatalogProvisioningUpdateDetails": {
                "ProvisioningArtifactId": "pa-1",
                "ProvisioningParameters": [
                    {"Key": "ApproverEmail", "Value": "b@example.com"},
                    {"Key": "ProjectVariant", "Value": "autopilot"},
                ],
            },
        },
    )
    queue(session, described("UpdateInProgress"))
    found = projects.find(session, "churn")
    updated = projects.update(session, found, PRODUCT, {"ApproverEmail": "b@example.com"})
    assert updated.status == "UpdateInProgress"


def test_a_project_of_a_template_in_s3_fails_with_the_reason_of_its_stacks_last_operation(
    session: Any,
) -> None:
    queue(session, in_s3("UpdateFailed"))
    resource = {"LogicalResourceId": "Project"}
    stack = {"LogicalResourceId": "SP-1", "StackName": "SP-1"}
    newest_first = [
        event(resource, "UPDATE_FAILED", "Terraform: bucket is taken"),
        event(stack, "UPDATE_IN_PROGRESS"),
        event(resource, "UPDATE_FAILED", "mended since"),
        event(stack, "UPDATE_IN_PROGRESS"),
    ]
    session.answers("cloudformation").add_response(
        "describe_stack_events", {"StackEvents": newest_first}, {"StackName": STACK}
    )
    assert projects.find(session, "churn").reason == "Project: Terraform: bucket is taken"


def test_the_outputs_of_a_project_of_a_template_in_s3_are_its_stacks(session: Any) -> None:
    queue(session, in_s3("CreateCompleted"))
    stack = {
        "StackName": "SP-1",
        "StackStatus": "CREATE_COMPLETE",
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
        "Outputs": [{"OutputKey": "ProductionApiUrl", "OutputValue": "https://api.example.com"}],
    }
    session.answers("cloudformation").add_response(
        "describe_stacks", {"Stacks": [stack]}, {"StackName": STACK}
    )
    found = projects.find(session, "churn")
    assert projects.outputs(session, found) == {"ProductionApiUrl": "https://api.example.com"}


def test_a_refused_name_is_the_callers_to_mend(session: Any) -> None:
    session.answers("sagemaker").add_client_error(
        "create_project", "ValidationException", "must satisfy regular expression pattern", 400
    )
    with pytest.raises(UserError, match=r"'-bad' cannot be created: must satisfy .*\(ValidationException\)"):
        projects.create(session, PRODUCT, "-bad", {})


def test_a_failed_creation_carries_its_reason(session: Any) -> None:
    queue(session, described("CreateInProgress"), described("CreateFailed", "Terraform: bucket is taken"))
    with pytest.raises(PlatformError, match="CreateFailed: Terraform: bucket is taken"):
        projects.wait(session, projects.find(session, "churn"), lambda _: None)


def test_a_project_that_vanishes_while_it_is_deleted_is_deleted(session: Any) -> None:
    queue(session, described("DeleteInProgress"))
    session.answers("sagemaker").add_client_error(
        "describe_project", "ValidationException", "does not exist", 400
    )
    projects.wait_deleted(session, projects.find(session, "churn"), lambda _: None)


def test_credentials_that_expire_meanwhile_do_not_make_a_project_look_deleted(session: Any) -> None:
    queue(session, described("DeleteInProgress"))
    session.answers("sagemaker").add_client_error("describe_project", "ExpiredTokenException", "expired", 400)
    with pytest.raises(UserError, match=r"'churn' cannot be read: expired .*: renew your credentials"):
        projects.wait_deleted(session, projects.find(session, "churn"), lambda _: None)


def test_a_project_that_there_is_not_is_told_with_the_region(session: Any) -> None:
    session.answers("sagemaker").add_client_error(
        "describe_project", "ValidationException", "it does not exist", 400
    )
    with pytest.raises(projects.MissingProject, match="no project 'churn' in eu-west-1: it does not exist"):
        projects.find(session, "churn")


def test_a_failed_deletion_is_told(session: Any) -> None:
    queue(session, described("DeleteFailed", "bucket is not empty"))
    with pytest.raises(PlatformError, match="could not be deleted: bucket is not empty"):
        projects.wait_deleted(session, projects.find(session, "churn"), lambda _: None)


def test_the_projects_outputs_are_those_of_its_product(session: Any) -> None:
    queue(session, described("CreateCompleted"), described("CreateCompleted"))
    catalog = session.answers("servicecatalog")
    product = {"ProvisionedProductDetail": {"LastSuccessfulProvisioningRecordId": "rec-1"}}
    catalog.add_response("describe_provisioned_product", product, {"Id": "pp-1"})
    outputs = [{"OutputKey": "ProductionApiUrl", "OutputValue": "https://api.example.com"}]
    catalog.add_response("describe_record", {"RecordOutputs": outputs}, {"Id": "rec-1"})
    found = projects.find(session, "churn")
    assert projects.outputs(session, found) == {"ProductionApiUrl": "https://api.example.com"}
