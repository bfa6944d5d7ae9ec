"""Images of one's own are made with versions, of images that ECR has, and offered by app configs, until they go."""

from __future__ import annotations

import pytest

from .conftest import REGION, SageMaker

ELSEWHERE = f"999988887777.dkr.ecr.{REGION}.amazonaws.com/lab:one"
"""Of an account that is not here: taken as given."""


def test_an_image_has_versions_by_number_and_the_newest_unless_one_is_named(sagemaker: SageMaker) -> None:
    client, tags = sagemaker.client, [{"Key": "team", "Value": "reports"}]
    arn = client.create_image(ImageName="Lab", RoleArn=sagemaker.role, Tags=tags)["ImageArn"]
    assert arn.endswith(":image/lab")
    assert client.list_tags(ResourceArn=arn)["Tags"] == tags
    assert client.describe_image(ImageName="Lab")["ImageStatus"] == "CREATED"
    with pytest.raises(client.exceptions.ResourceInUse):
        client.create_image(ImageName="Lab", RoleArn=sagemaker.role)
    for _ in range(2):
        client.create_image_version(ImageName="Lab", BaseImage=ELSEWHERE, ClientToken="t" * 32)
    newest = client.describe_image_version(ImageName="Lab")
    assert (newest["Version"], newest["ImageVersionStatus"], newest["BaseImage"]) == (2, "CREATED", ELSEWHERE)
    client.delete_image_version(ImageName="Lab", Version=2)
    assert [each["Version"] for each in client.list_image_versions(ImageName="Lab")["ImageVersions"]] == [1]
    client.update_image(ImageName="Lab", DisplayName="Laboratory")
    assert client.list_images()["Images"][0]["DisplayName"] == "Laboratory"
    client.delete_image(ImageName="Lab")
    with pytest.raises(client.exceptions.ResourceNotFound, match="Image Lab does not exist"):
        client.describe_image(ImageName="Lab")


def test_a_version_of_an_image_that_is_not_in_ecr_fails(sagemaker: SageMaker) -> None:
    client = sagemaker.client
    client.create_image(ImageName="Lab", RoleArn=sagemaker.role)
    missing = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/none:one"
    client.create_image_version(ImageName="Lab", BaseImage=missing, ClientToken="t" * 32)
    version = client.describe_image_version(ImageName="Lab", Version=1)
    assert version["ImageVersionStatus"] == "CREATE_FAILED"
    assert "none:one not found" in version["FailureReason"]
    with pytest.raises(client.exceptions.ResourceNotFound, match="of Lab with the number 7 does not exist"):
        client.describe_image_version(ImageName="Lab", Version=7)


def test_an_app_image_config_is_kept_until_it_is_deleted(sagemaker: SageMaker) -> None:
    client = sagemaker.client
    config = {"JupyterLabAppImageConfig": {"ContainerConfig": {"ContainerEntrypoint": ["jupyter-lab"]}}}
    client.create_app_image_config(AppImageConfigName="lab", **config)
    client.update_app_image_config(AppImageConfigName="lab", JupyterLabAppImageConfig={})
    assert client.describe_app_image_config(AppImageConfigName="lab")["JupyterLabAppImageConfig"] == {}
    assert [each["AppImageConfigName"] for each in client.list_app_image_configs()["AppImageConfigs"]] == [
        "lab"
    ]
    client.delete_app_image_config(AppImageConfigName="lab")
    with pytest.raises(client.exceptions.ResourceNotFound, match="AppImageConfig lab does not exist"):
        client.describe_app_image_config(AppImageConfigName="lab")
