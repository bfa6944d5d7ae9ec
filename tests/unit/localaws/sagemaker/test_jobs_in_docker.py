"""Two hosts of a job as two containers on one network: what only a Docker engine can show."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws.engine.choice import Wanted, choose
from localaws.server import LocalAws

from .conftest import REGION, until
from .test_several_hosts import MEET, channel

pytestmark = pytest.mark.docker

BASE = "public.ecr.aws/docker/library/python:3.11-slim-bookworm"
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "sagemaker.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
CODE = {
    "ChannelName": "code",
    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/code/"}},
}


@pytest.fixture(scope="module")
def localaws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """Serve with the Docker engine of this machine."""
    server = LocalAws(tmp_path_factory.mktemp("docker") / "localaws", engine=choose(Wanted.DOCKER, [BASE]))
    server.start()
    yield server
    server.close()
    moto_api_backend.reset()


def train(localaws: LocalAws, name: str, **parameters: str) -> dict[str, Any]:
    client = localaws.client("sagemaker", REGION)
    client.create_training_job(
        TrainingJobName=name,
        RoleArn=localaws.client("iam", REGION).get_role(RoleName="worker")["Role"]["Arn"],
        AlgorithmSpecification={
            "TrainingImage": BASE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", "-u", "/opt/ml/input/data/code/meet.py"],
        },
        Environment={"ML": "/opt/ml"},
        HyperParameters=parameters,
        InputDataConfig=[CODE, channel("part", "ShardedByS3Key")],
        OutputDataConfig={"S3OutputPath": "s3://data/models/"},
        ResourceConfig={"InstanceCount": 2, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
        EnableNetworkIsolation=True,
    )

    def ended() -> dict[str, Any] | None:
        detail: dict[str, Any] = client.describe_training_job(TrainingJobName=name)
        return detail if detail["TrainingJobStatus"] != "InProgress" else None

    answer: dict[str, Any] = until(ended)
    return answer


@pytest.fixture
def data(localaws: LocalAws) -> Any:
    """Make a role and the data; return the client of S3."""
    s3 = localaws.client("s3", REGION)
    s3.create_bucket(Bucket="data")
    for name in ("a", "b", "c"):
        s3.put_object(Bucket="data", Key=f"in/{name}", Body=name.encode())
    s3.put_object(Bucket="data", Key="code/meet.py", Body=MEET.encode())
    document = json.dumps({"Statement": [TRUST]})
    localaws.client("iam", REGION).create_role(RoleName="worker", AssumeRolePolicyDocument=document)
    return s3


def test_hosts_meet_by_name_without_any_other_network(localaws: LocalAws, data: Any) -> None:
    detail = train(localaws, "fit")
    assert detail["TrainingJobStatus"] == "Completed", detail
    body = data.get_object(Bucket="data", Key="models/fit/output/model.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        assert sorted(tar.getnames()) == ["part-0.json", "part-1.json", "shared.txt"]
    lost = train(localaws, "lost", lose="1")
    assert lost["FailureReason"] == "AlgorithmError: the disk of this host is broken, exit code: 3"
