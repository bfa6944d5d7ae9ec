"""The model registry keeps versions and approval, and tells EventBridge of both."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import SageMaker

EVENT = "SageMaker Model Package State Change"
GROUP = "churn"


def register(sagemaker: SageMaker, **changes: Any) -> str:
    container = {"Image": "public.example/model:1", "ModelDataUrl": sagemaker.put("model.tar.gz", "model")}
    arn: str = sagemaker.client.create_model_package(
        **{
            "ModelPackageGroupName": GROUP,
            "InferenceSpecification": {
                "Containers": [container],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            "CustomerMetadataProperties": {"CommitId": "abc", "Threshold": "0.5"},
            **changes,
        }
    )["ModelPackageArn"]
    return arn


@pytest.fixture
def group(sagemaker: SageMaker) -> SageMaker:
    sagemaker.client.create_model_package_group(
        ModelPackageGroupName=GROUP,
        ModelPackageGroupDescription="Versions of the churn model; an approved one goes to staging",
        Tags=[{"Key": "project", "Value": "p"}],
    )
    return sagemaker


def test_versions_count_up_and_wait_for_approval(group: SageMaker) -> None:
    first, second = register(group), register(group)
    assert first.endswith(":model-package/churn/1")
    assert second.endswith(":model-package/churn/2")
    detail = group.client.describe_model_package(ModelPackageName=second)
    assert (detail["ModelPackageName"], detail["ModelPackageVersion"]) == ("churn/2", 2)
    assert (detail["ModelPackageStatus"], detail["ModelApprovalStatus"]) == (
        "Completed",
        "PendingManualApproval",
    )
    assert detail["InferenceSpecification"]["Containers"][0]["ModelDataETag"]


def test_a_version_number_is_not_given_twice(group: SageMaker) -> None:
    group.client.delete_model_package(ModelPackageName=register(group))
    assert register(group).endswith("/churn/2")


def test_registration_and_approval_are_events(group: SageMaker) -> None:
    arn = register(group)
    group.client.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="good enough"
    )
    created, approved = group.events(EVENT)
    assert created["ModelApprovalStatus"] == "PendingManualApproval"
    assert created["ModelPackageGroupName"] == GROUP
    assert approved["ModelPackageArn"] == arn
    assert approved["ModelApprovalStatus"] == "Approved"
    assert approved["ApprovalDescription"] == "good enough"
    assert approved["CustomerMetadataProperties"]["CommitId"] == "abc"
    assert approved["UpdatedModelPackageFields"] == ["ApprovalDescription", "ModelApprovalStatus"]
    assert approved["CreationTime"].endswith("Z")


def test_customer_metadata_is_added_to_and_taken_from(group: SageMaker) -> None:
    arn = register(group)
    group.client.update_model_package(
        ModelPackageArn=arn,
        CustomerMetadataProperties={"Report": "s3://x"},
        CustomerMetadataPropertiesToRemove=["CommitId"],
    )
    detail = group.client.describe_model_package(ModelPackageName=arn)
    assert detail["CustomerMetadataProperties"] == {"Threshold": "0.5", "Report": "s3://x"}


def test_the_newest_approved_version_is_found_by_a_list(group: SageMaker) -> None:
    arns = [register(group) for _ in range(3)]
    for arn in arns[:2]:
        group.client.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    found = group.client.list_model_packages(
        ModelPackageGroupName=GROUP,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=1,
    )
    assert [item["ModelPackageArn"] for item in found["ModelPackageSummaryList"]] == [arns[1]]
    assert found["NextToken"]


def test_deleting_while_paging_skips_no_version(group: SageMaker) -> None:
    for _ in range(5):
        register(group)
    pages = group.client.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=GROUP, PaginationConfig={"PageSize": 2}
    )
    deleted = 0
    for page in pages:
        for item in page["ModelPackageSummaryList"]:
            group.client.delete_model_package(ModelPackageName=item["ModelPackageArn"])
            deleted += 1
    assert deleted == 5


def test_a_group_with_versions_is_not_deleted(group: SageMaker) -> None:
    arn = register(group)
    with pytest.raises(group.client.exceptions.ConflictException):
        group.client.delete_model_package_group(ModelPackageGroupName=GROUP)
    group.client.delete_model_package(ModelPackageName=arn)
    group.client.delete_model_package_group(ModelPackageGroupName=GROUP)
    assert group.client.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


def test_a_group_has_a_policy(group: SageMaker) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    group.client.put_model_package_group_policy(ModelPackageGroupName=GROUP, ResourcePolicy=policy)
    assert (
        group.client.get_model_package_group_policy(ModelPackageGroupName=GROUP)["ResourcePolicy"] == policy
    )
    group.client.delete_model_package_group_policy(ModelPackageGroupName=GROUP)
    with pytest.raises(ClientError, match="Cannot find resource policy"):
        group.client.get_model_package_group_policy(ModelPackageGroupName=GROUP)


def test_a_group_is_found_by_its_tags(group: SageMaker) -> None:
    tagging = group.server.client("resourcegroupstaggingapi", "us-east-1")
    found = tagging.get_resources(TagFilters=[{"Key": "project", "Values": ["p"]}])["ResourceTagMappingList"]
    assert [item["ResourceARN"].rsplit("/")[-1] for item in found] == [GROUP]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ModelPackageGroupName": "nobody"}, "does not exist"),
        ({"ModelPackageName": "named"}, "Cannot determine which one to use"),
        ({"ModelApprovalStatus": "Maybe"}, "enum value set"),
        ({"Tags": [{"Key": "a", "Value": "b"}]}, "Tags are not allowed"),
        (
            {
                "InferenceSpecification": {
                    "Containers": [{"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/model:gone"}]
                }
            },
            "Requested image .*model:gone not found",
        ),
        (
            {"InferenceSpecification": {"Containers": [{"Image": "x", "ModelDataUrl": "s3://data/gone"}]}},
            "Could not find model data",
        ),
    ],
)
def test_what_could_not_be_deployed_is_not_registered(
    group: SageMaker, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError, match=words):
        register(group, **changes)
    assert group.client.list_model_packages(ModelPackageType="Both")["ModelPackageSummaryList"] == []
