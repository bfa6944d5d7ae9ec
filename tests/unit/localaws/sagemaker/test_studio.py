"""A Studio domain is found again by the identifier that its creation answered."""

from __future__ import annotations

import pytest

from .conftest import SageMaker


def test_a_domain_is_described_by_its_id_until_it_is_deleted(sagemaker: SageMaker) -> None:
    identifier = sagemaker.client.create_domain(
        DomainName="studio",
        AuthMode="IAM",
        DefaultUserSettings={"ExecutionRole": sagemaker.role},
        SubnetIds=["subnet-1"],
        VpcId="vpc-1",
    )["DomainId"]
    assert sagemaker.client.describe_domain(DomainId=identifier)["DomainName"] == "studio"
    sagemaker.client.delete_domain(DomainId=identifier)
    with pytest.raises(sagemaker.client.exceptions.ResourceNotFound):
        sagemaker.client.describe_domain(DomainId=identifier)
