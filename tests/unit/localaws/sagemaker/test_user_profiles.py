"""User profiles are made in a domain, listed and tagged, until they are deleted."""

from __future__ import annotations

import pytest

from .conftest import SageMaker


def test_a_profile_lives_in_its_domain(sagemaker: SageMaker) -> None:
    client = sagemaker.client
    domain = client.create_domain(
        DomainName="studio",
        AuthMode="IAM",
        DefaultUserSettings={"ExecutionRole": sagemaker.role},
        SubnetIds=["subnet-1"],
        VpcId="vpc-1",
    )["DomainId"]
    profile = {"DomainId": domain, "UserProfileName": "ada"}
    tags = [{"Key": "team", "Value": "reports"}]
    arn = client.create_user_profile(**profile, Tags=tags)["UserProfileArn"]
    assert client.list_tags(ResourceArn=arn)["Tags"] == tags
    with pytest.raises(client.exceptions.ResourceInUse):
        client.create_user_profile(**profile)
    client.update_user_profile(**profile, UserSettings={"ExecutionRole": sagemaker.role})
    assert client.describe_user_profile(**profile)["UserSettings"]["ExecutionRole"] == sagemaker.role
    assert [item["UserProfileName"] for item in client.list_user_profiles()["UserProfiles"]] == ["ada"]
    assert client.list_user_profiles(DomainIdEquals="d-other")["UserProfiles"] == []
    client.delete_user_profile(**profile)
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.describe_user_profile(**profile)
