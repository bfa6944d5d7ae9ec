"""Models of several containers: each gets what the one before answered, on an endpoint and in a transform job."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import SageMaker, until
from .test_transform import SERVE, ended, job, log_lines


def serial_model(sagemaker: SageMaker, **more: Any) -> None:
    """Make a model that doubles and doubles again."""
    image = sagemaker.image("serve", SERVE)
    container = {"Image": image, "Environment": {"ML": "/opt/ml"}}
    sagemaker.client.create_model(
        ModelName="doubler", ExecutionRoleArn=sagemaker.role, Containers=[container] * 2, **more
    )


def test_an_endpoint_passes_a_request_through_all_containers(sagemaker: SageMaker) -> None:
    serial_model(sagemaker)
    variant = {
        "VariantName": "all",
        "ModelName": "doubler",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.client.create_endpoint_config(EndpointConfigName="two", ProductionVariants=[variant])
    sagemaker.client.create_endpoint(EndpointName="two", EndpointConfigName="two")

    def status() -> str:
        detail = sagemaker.client.describe_endpoint(EndpointName="two")
        found: str = detail["EndpointStatus"]
        return found if found != "Creating" else ""

    assert until(status) == "InService"
    detail = sagemaker.client.describe_endpoint(EndpointName="two")
    assert [variant["VariantName"] for variant in detail["ProductionVariants"]] == ["all"]
    assert len(detail["ProductionVariants"][0]["DeployedImages"]) == 2
    answer = sagemaker.runtime.invoke_endpoint(EndpointName="two", ContentType="text/csv", Body=b"1,2\n5")
    assert answer["Body"].read() == b"12\n20"
    with pytest.raises(ClientError, match="this is no number"):
        sagemaker.runtime.invoke_endpoint(EndpointName="two", ContentType="text/csv", Body=b"bad")
    sagemaker.client.delete_endpoint(EndpointName="two")


def test_a_transform_job_sends_records_through_all_containers(sagemaker: SageMaker) -> None:
    sagemaker.put("in/a.csv", "1,2\n5\n")
    serial_model(sagemaker)
    sagemaker.client.create_transform_job(**job())
    assert ended(sagemaker)["TransformJobStatus"] == "Completed", log_lines(sagemaker)
    assert sagemaker.get("out/a.csv.out") == b"12\n20\n"


def test_asking_one_of_several_containers_is_refused(sagemaker: SageMaker) -> None:
    with pytest.raises(ClientError, match="Mode Direct"):
        serial_model(sagemaker, InferenceExecutionConfig={"Mode": "Direct"})
