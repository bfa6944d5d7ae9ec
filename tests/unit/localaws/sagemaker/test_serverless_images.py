"""A serverless endpoint takes an image of its own account, or of AWS's; one with instances takes another's, too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.server import LocalAws

from .conftest import REGION

MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {
        "mediaType": "application/vnd.docker.container.image.v1+json",
        "size": 2,
        "digest": "sha256:0",
    },
    "layers": [],
}


def pushed(server: LocalAws, account: str) -> str:
    """Return an image that the account keeps."""
    ecr = server.client("ecr", REGION, account=account)
    ecr.create_repository(repositoryName="model")
    ecr.put_image(repositoryName="model", imageManifest=json.dumps(MANIFEST), imageTag="one")
    return f"{account}.dkr.ecr.{REGION}.amazonaws.com/model:one"


@pytest.fixture
def role(localaws: LocalAws) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    made = localaws.client("iam", REGION).create_role(
        RoleName="worker", AssumeRolePolicyDocument=json.dumps({"Statement": [statement]})
    )
    return str(made["Role"]["Arn"])


def test_without_instances_no_image_of_another_account_is_hosted(localaws: LocalAws, role: str) -> None:
    sagemaker = localaws.client("sagemaker", REGION)

    def configure(name: str, image: str, variant: dict[str, Any]) -> None:
        sagemaker.create_model(ModelName=name, PrimaryContainer={"Image": image}, ExecutionRoleArn=role)
        variants = [{"VariantName": "all", "ModelName": name, **variant}]
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)

    serverless = {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}
    theirs = pushed(localaws, "444455556666")
    configure("own", pushed(localaws, "123456789012"), serverless)
    configure("with-instances", theirs, {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1})
    with pytest.raises(ClientError, match="does not reside in an Amazon ECR repository within the same AWS"):
        configure("theirs", theirs, serverless)
