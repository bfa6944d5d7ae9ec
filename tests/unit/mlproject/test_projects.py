"""A project is followed to its end, and its failure is told with CloudFormation's reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mlproject import projects
from mlproject.catalog import Product
from mlproject.errors import PlatformError, UserError

PRODUCT = Product("prod-1", "pa-1", "v1")


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
