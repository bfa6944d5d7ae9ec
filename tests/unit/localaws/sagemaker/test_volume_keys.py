"""A key for volumes is refused with instance types that encrypt disks of their own."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.sagemaker.exceptions import ValidationError

from localaws.services.sagemaker.volume_keys import refuse_keys_of_local_disks

from .conftest import SageMaker

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"


def machines(instance_type: str) -> dict[str, Any]:
    return {"InstanceCount": 1, "InstanceType": instance_type, "VolumeSizeInGB": 5, "VolumeKmsKeyId": KEY}


def requests(instance_type: str) -> dict[str, dict[str, Any]]:
    """Return what each call that takes a key for volumes looks like around it."""
    given = machines(instance_type)
    fleet = {"InstanceConfigs": [{"InstanceType": instance_type, "InstanceCount": 1}], "VolumeKmsKeyId": KEY}
    variant = {"VariantName": "all", "InstanceType": instance_type, "InitialInstanceCount": 1}
    return {
        "training": {"ResourceConfig": given},
        "several groups": {"ResourceConfig": {"InstanceGroups": [given], "VolumeKmsKeyId": KEY}},
        "processing": {"ProcessingResources": {"ClusterConfig": given}},
        "transform": {"TransformResources": {"InstanceType": instance_type, "VolumeKmsKeyId": KEY}},
        "tuning": {"TrainingJobDefinition": {"ResourceConfig": given}},
        "tuning on a fleet": {
            "TrainingJobDefinitions": [{"HyperParameterTuningResourceConfig": fleet}],
        },
        "endpoint": {"KmsKeyId": KEY, "ProductionVariants": [variant]},
    }


@pytest.mark.parametrize("call", requests(""))
def test_every_call_that_takes_a_key_refuses_it_for_local_disks(call: str) -> None:
    refuse_keys_of_local_disks(requests("ml.m5.xlarge")[call])
    with pytest.raises(ValidationError, match=r"instance type with local storage: ml\.g5\.xlarge"):
        refuse_keys_of_local_disks(requests("ml.g5.xlarge")[call])


@pytest.mark.parametrize(
    "params",
    [
        {"ResourceConfig": {**machines("ml.g5.xlarge"), "VolumeKmsKeyId": ""}},
        {"ResourceConfig": {"InstanceType": "ml.g5.xlarge"}, "OutputDataConfig": {"KmsKeyId": KEY}},
        {"InstanceType": "ml.c5d.xlarge", "KmsKeyId": KEY, "NotebookInstanceName": "one"},
        {"AutoMLJobConfig": {"SecurityConfig": {"VolumeKmsKeyId": KEY}}},
        {"KmsKeyId": KEY, "ProductionVariants": [{"ServerlessConfig": {"MemorySizeInMB": 1024}}]},
    ],
)
def test_what_is_no_key_for_a_local_disk_passes(params: dict[str, Any]) -> None:
    refuse_keys_of_local_disks(params)


def test_the_caller_is_told_by_sagemaker(sagemaker: SageMaker) -> None:
    with pytest.raises(ClientError, match="KMS key is not supported for NVMe") as refused:
        sagemaker.client.create_training_job(
            TrainingJobName="fit",
            RoleArn=sagemaker.role,
            AlgorithmSpecification={"TrainingImage": "train:1", "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": "s3://data/models/"},
            ResourceConfig=machines("ml.g5.xlarge"),
            StoppingCondition={"MaxRuntimeInSeconds": 60},
        )
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert not sagemaker.client.list_training_jobs()["TrainingJobSummaries"]
