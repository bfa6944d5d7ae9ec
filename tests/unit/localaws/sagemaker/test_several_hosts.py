"""Jobs on several instances: every host has its own /opt/ml, its share of the data, and reaches the others."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import SageMaker, until

MEET = """
import json, os, pathlib, signal, socket, sys, time
root = pathlib.Path(os.environ["ML"])
config = json.loads((root / "input/config/resourceconfig.json").read_text())
parameters = json.loads((root / "input/config/hyperparameters.json").read_text())
hosts, me = config["hosts"], config["current_host"]
place = hosts.index(me)
data = root / "input/data"
seen = {c.name: sorted(p.name for p in c.iterdir()) for c in data.iterdir()}
if parameters.get("lose") == str(place):
    (root / "output/failure").write_text("the disk of this host is broken")
    sys.exit(3)
if parameters.get("kill") == str(place):
    os.kill(os.getpid(), signal.SIGKILL)
if parameters.keys() & {"lose", "kill"}:
    time.sleep(60)
if place == 0:
    with socket.create_server((hosts[0], 9099)) as server:
        for _ in hosts[1:]:
            server.accept()[0].close()
else:
    while True:
        try:
            socket.create_connection((hosts[0], 9099), timeout=5).close()
            break
        except OSError:
            time.sleep(0.05)
(root / f"model/part-{place}.json").write_text(json.dumps(seen, sort_keys=True))
(root / "model/shared.txt").write_text(str(place))
(root / f"output/data/{place}.txt").write_text(str(place))
print(f"auc={place}.5;")
"""
PROCESS = """
import json, pathlib, sys
root = pathlib.Path(sys.argv[1])
config = json.loads((root / "config/resourceconfig.json").read_text())
place = config["hosts"].index(config["current_host"])
names = sorted(path.name for path in (root / "processing/in").iterdir())
(root / f"processing/out/{place}.txt").write_text(" ".join(names))
"""


def channel(name: str, distribution: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/", "S3DataDistributionType": distribution}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def train(sagemaker: SageMaker, **parameters: str) -> dict[str, Any]:
    for name in ("a", "b", "c"):
        sagemaker.put(f"in/{name}", name)
    sagemaker.client.create_training_job(
        TrainingJobName="fit",
        RoleArn=sagemaker.role,
        AlgorithmSpecification={"TrainingImage": sagemaker.image("meet", MEET), "TrainingInputMode": "File"},
        Environment={"ML": "/opt/ml"},
        HyperParameters=parameters,
        InputDataConfig=[channel("all", "FullyReplicated"), channel("part", "ShardedByS3Key")],
        OutputDataConfig={"S3OutputPath": "s3://data/models/"},
        ResourceConfig={"InstanceCount": 2, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )

    def ended() -> dict[str, Any] | None:
        detail: dict[str, Any] = sagemaker.client.describe_training_job(TrainingJobName="fit")
        return detail if detail["TrainingJobStatus"] != "InProgress" else None

    answer: dict[str, Any] = until(ended)
    return answer


def packed(sagemaker: SageMaker, name: str) -> dict[str, str]:
    archive = io.BytesIO(sagemaker.get(f"models/fit/output/{name}"))
    with tarfile.open(fileobj=archive) as tar:
        files = {member.name: tar.extractfile(member) for member in tar.getmembers()}
        return {path: file.read().decode() for path, file in files.items() if file is not None}


def test_hosts_meet_share_the_data_and_deliver_together(sagemaker: SageMaker) -> None:
    detail = train(sagemaker)
    assert detail["TrainingJobStatus"] == "Completed", detail
    assert packed(sagemaker, "model.tar.gz") == {
        "part-0.json": '{"all": ["a", "b", "c"], "part": ["a", "c"]}',
        "part-1.json": '{"all": ["a", "b", "c"], "part": ["b"]}',
        "shared.txt": "0",
    }
    assert packed(sagemaker, "output.tar.gz") == {"0.txt": "0", "1.txt": "1"}
    logs = sagemaker.server.client("logs", "us-east-1")
    streams = logs.describe_log_streams(logGroupName="/aws/sagemaker/TrainingJobs")["logStreams"]
    assert [stream["logStreamName"][:10] for stream in streams] == ["fit/algo-1", "fit/algo-2"]


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"lose": "1"}, "AlgorithmError: the disk of this host is broken, exit code: 3"),
        ({"kill": "0"}, "AlgorithmError: , exit code: 137"),
    ],
)
def test_a_lost_host_ends_the_job_with_its_reason(
    sagemaker: SageMaker, parameters: dict[str, str], reason: str
) -> None:
    detail = train(sagemaker, **parameters)
    assert (detail["TrainingJobStatus"], detail["FailureReason"]) == ("Failed", reason)
    assert detail["TrainingTimeInSeconds"] < 30


def test_instances_of_different_kinds_are_refused(sagemaker: SageMaker) -> None:
    group = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "InstanceGroupName": "a"}
    with pytest.raises(ClientError, match="no InstanceGroups"):
        sagemaker.client.create_training_job(
            TrainingJobName="fit",
            RoleArn=sagemaker.role,
            AlgorithmSpecification={"TrainingImage": "x:1", "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": "s3://data/models/"},
            ResourceConfig={"InstanceGroups": [group], "VolumeSizeInGB": 5},
            StoppingCondition={"MaxRuntimeInSeconds": 60},
        )


def test_a_processing_job_shares_its_input_among_its_instances(sagemaker: SageMaker) -> None:
    for name in ("a", "b", "c"):
        sagemaker.put(f"in/{name}", name)
    sagemaker.client.create_processing_job(
        ProcessingJobName="clean",
        RoleArn=sagemaker.role,
        AppSpecification={
            "ImageUri": sagemaker.image("process", PROCESS),
            "ContainerArguments": ["/opt/ml"],
        },
        ProcessingInputs=[
            {
                "InputName": "in",
                "S3Input": {
                    "S3Uri": "s3://data/in/",
                    "LocalPath": "/opt/ml/processing/in",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                    "S3DataDistributionType": "ShardedByS3Key",
                },
            }
        ],
        ProcessingOutputConfig={
            "Outputs": [
                {
                    "OutputName": "out",
                    "S3Output": {
                        "S3Uri": "s3://data/out",
                        "LocalPath": "/opt/ml/processing/out",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        ProcessingResources={
            "ClusterConfig": {"InstanceCount": 2, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}
        },
    )

    def ended() -> dict[str, Any] | None:
        detail: dict[str, Any] = sagemaker.client.describe_processing_job(ProcessingJobName="clean")
        return detail if detail["ProcessingJobStatus"] != "InProgress" else None

    assert until(ended)["ProcessingJobStatus"] == "Completed"
    assert sagemaker.get("out/0.txt") == b"a c"
    assert sagemaker.get("out/1.txt") == b"b"
