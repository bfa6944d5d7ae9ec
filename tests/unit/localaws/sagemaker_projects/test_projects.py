"""A project is what was launched for it, under its name and id."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..servicecatalog.conftest import REGION, Shop


@dataclass
class Studio:
    """SageMaker as a Studio user sees it."""

    shop: Shop

    @property
    def client(self) -> Any:
        """SageMaker's client, as the Studio role."""
        return self.shop.server.client("sagemaker", REGION, self.shop.role)

    def create(self, name: str = "churn", version: int = 0, **parameters: str) -> dict[str, Any]:
        """Create a project from the product and return its final state."""
        self.client.create_project(
            ProjectName=name,
            ServiceCatalogProvisioningDetails={
                "ProductId": self.shop.product,
                "ProvisioningArtifactId": self.shop.versions[version],
                "ProvisioningParameters": [{"Key": key, "Value": value} for key, value in parameters.items()],
            },
            Tags=[{"Key": "team", "Value": "churn"}],
        )
        return self.settled(name)

    def delete(self, name: str = "churn") -> dict[str, Any]:
        """Delete a project and return its final state."""
        self.client.delete_project(ProjectName=name)
        return self.settled(name)

    def settled(self, name: str = "churn") -> dict[str, Any]:
        """Wait until nothing is in progress."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            project: dict[str, Any] = self.client.describe_project(ProjectName=name)
            if not project["ProjectStatus"].endswith("InProgress"):
                return project
            time.sleep(0.05)
        raise TimeoutError(name)

    def stack(self, project: dict[str, Any]) -> dict[str, Any]:
        """Return the stack of a project from the catalog."""
        provisioned = project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductId"]
        client = self.shop.server.client("cloudformation", REGION)
        found: dict[str, Any] = client.describe_stacks(StackName=f"SC-123456789012-{provisioned}")["Stacks"][
            0
        ]
        return found


@pytest.fixture
def studio(shop: Shop) -> Studio:
    """Be a Studio user."""
    return Studio(shop)


def test_a_project_is_made_from_a_product_under_its_name_and_id(studio: Studio) -> None:
    project = studio.create(Value="large")
    assert project["ProjectStatus"] == "CreateCompleted"
    assert re.fullmatch(r"p-[a-z0-9]{12}", project["ProjectId"])
    assert project["ProjectArn"] == "arn:aws:sagemaker:us-east-1:123456789012:project/churn"
    stack = studio.stack(project)
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}
    assert outputs["Project"] == f"churn/{project['ProjectId']}"
    tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
    assert tags["sagemaker:project-name"] == "churn"
    assert tags["sagemaker:project-id"] == project["ProjectId"]
    assert tags["team"] == "churn"
    assert studio.shop.stored() == ["large"]


def test_a_failed_project_says_why_and_can_be_deleted_and_made_again(studio: Studio) -> None:
    project = studio.create(version=1)
    assert project["ProjectStatus"] == "CreateFailed"
    message = project["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductStatusMessage"]
    assert message.startswith("ResourceLogicalId:Stored")
    assert studio.delete()["ProjectStatus"] == "DeleteCompleted"
    assert studio.create()["ProjectStatus"] == "CreateCompleted"


def test_an_update_keeps_what_it_does_not_name(studio: Studio) -> None:
    created = studio.create(Value="small")
    studio.client.update_project(
        ProjectName="churn",
        ServiceCatalogProvisioningUpdateDetails={
            "ProvisioningParameters": [{"Key": "Value", "Value": "large"}],
        },
    )
    assert studio.settled()["ProjectStatus"] == "UpdateCompleted"
    studio.client.update_project(
        ProjectName="churn",
        ServiceCatalogProvisioningUpdateDetails={"ProvisioningArtifactId": studio.shop.versions[1]},
    )
    updated = studio.settled()
    assert updated["ProjectStatus"] == "UpdateCompleted"
    assert updated["ServiceCatalogProvisioningDetails"]["ProvisioningArtifactId"] == studio.shop.versions[1]
    assert studio.shop.stored() == ["large"]
    assert updated["ProjectId"] == created["ProjectId"]


def test_without_a_version_the_newest_active_one_is_taken(studio: Studio) -> None:
    studio.shop.admin.update_provisioning_artifact(
        ProductId=studio.shop.product, ProvisioningArtifactId=studio.shop.versions[1], Active=False
    )
    studio.client.create_project(
        ProjectName="churn", ServiceCatalogProvisioningDetails={"ProductId": studio.shop.product}
    )
    details = studio.settled()["ServiceCatalogProvisioningDetails"]
    assert details["ProvisioningArtifactId"] == studio.shop.versions[0]


def test_a_name_belongs_to_one_living_project(studio: Studio) -> None:
    first = studio.create()
    with pytest.raises(ClientError, match="Project already exists: churn"):
        studio.create()
    studio.delete()
    with pytest.raises(ClientError, match="Project churn does not exist"):
        studio.client.delete_project(ProjectName="churn")
    assert studio.create()["ProjectId"] != first["ProjectId"]
    listed = studio.client.list_projects(NameContains="chur")["ProjectSummaryList"]
    assert sorted(item["ProjectStatus"] for item in listed) == ["CreateCompleted", "DeleteCompleted"]


def test_two_projects_live_side_by_side_and_lists_come_in_pages(studio: Studio) -> None:
    for name in ("a", "b", "0c"):
        studio.create(name)
    first = studio.client.list_projects(SortBy="Name", SortOrder="Ascending", MaxResults=2)
    rest = studio.client.list_projects(
        SortBy="Name", SortOrder="Ascending", MaxResults=2, NextToken=first["NextToken"]
    )
    names = [item["ProjectName"] for page in (first, rest) for item in page["ProjectSummaryList"]]
    assert names == ["0c", "a", "b"]
    assert studio.delete("a")["ProjectStatus"] == "DeleteCompleted"
    assert len(studio.shop.stored()) == 2


@pytest.mark.parametrize("name", ["-churn", "churn-", "a" * 33, "with_underscore"])
def test_a_bad_name_is_refused(studio: Studio, name: str) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*projectName"):
        studio.create(name)


def test_a_name_of_32_characters_that_begins_with_a_digit_is_taken(studio: Studio) -> None:
    assert studio.create("1" + "a" * 31)["ProjectStatus"] == "CreateCompleted"


def test_who_may_not_launch_the_product_cannot_create_a_project(studio: Studio) -> None:
    nobody = studio.shop.server.client("sagemaker", REGION)
    with pytest.raises(ClientError, match="No launch paths found for resource"):
        nobody.create_project(
            ProjectName="churn", ServiceCatalogProvisioningDetails={"ProductId": studio.shop.product}
        )
    assert nobody.list_projects()["ProjectSummaryList"] == []


def test_a_project_can_be_made_from_a_template_in_s3(studio: Studio) -> None:
    provider = {
        "TemplateName": "main",
        "TemplateURL": "https://templates.s3.us-east-1.amazonaws.com/one.yaml",
        "Parameters": [{"Key": "Value", "Value": "first"}],
    }
    studio.client.create_project(ProjectName="churn", TemplateProviders=[{"CfnTemplateProvider": provider}])
    project = studio.settled()
    assert project["ProjectStatus"] == "CreateCompleted"
    (detail,) = project["TemplateProviderDetails"]
    name = detail["CfnTemplateProviderDetail"]["StackDetail"]["Name"]
    assert name.startswith("SP-")
    assert name.endswith(project["ProjectId"])
    changed = {**provider, "Parameters": [{"Key": "Value", "Value": "second"}]}
    studio.client.update_project(
        ProjectName="churn", TemplateProvidersToUpdate=[{"CfnTemplateProvider": changed}]
    )
    assert studio.settled()["ProjectStatus"] == "UpdateCompleted"
    assert studio.shop.stored() == ["second"]
    assert studio.delete()["ProjectStatus"] == "DeleteCompleted"
    assert studio.shop.stored() == []


def test_a_template_in_s3_that_fails_fails_the_project(studio: Studio) -> None:
    provider = {
        "TemplateName": "main",
        "TemplateURL": "https://templates.s3.us-east-1.amazonaws.com/two.yaml",
    }
    studio.client.create_project(ProjectName="churn", TemplateProviders=[{"CfnTemplateProvider": provider}])
    assert studio.settled()["ProjectStatus"] == "CreateFailed"
    assert studio.delete()["ProjectStatus"] == "DeleteCompleted"
    with pytest.raises(ClientError, match="Exactly one of"):
        studio.client.create_project(ProjectName="other")


def test_sagemaker_s_own_portfolio_can_be_switched(studio: Studio) -> None:
    client = studio.client
    assert client.get_sagemaker_servicecatalog_portfolio_status()["Status"] == "Disabled"
    client.enable_sagemaker_servicecatalog_portfolio()
    assert client.get_sagemaker_servicecatalog_portfolio_status()["Status"] == "Enabled"
    client.disable_sagemaker_servicecatalog_portfolio()
    assert client.get_sagemaker_servicecatalog_portfolio_status()["Status"] == "Disabled"
