"""Training jobs run ``train`` with the real /opt/ml contract and deliver model.tar.gz."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import SageMaker, until

TRAIN = """
import json, os, pathlib, signal, sys, time
root = pathlib.Path(os.environ["ML"])
if sys.argv[1:] != ["train"]: sys.exit(9)
parameters = json.loads((root / "input/config/hyperparameters.json").read_text())
channels = json.loads((root / "input/config/inputdataconfig.json").read_text())
hosts = json.loads((root / "input/config/resourceconfig.json").read_text())["hosts"]
text = (root / "input/data/train/part/a.csv").read_text()
if parameters.get("fail"):
    (root / "output/failure").write_text("column Day Mins is missing")
    sys.exit(1)
print("epoch 1 auc=0.5;")
print("epoch 2 auc=0.93;", flush=True)
(root / "checkpoints/last").write_text("2")
def stop(*_):
    (root / "model/model.txt").write_text("early"); sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
time.sleep(float(parameters.get("sleep", "0")))
(root / "model/model.txt").write_text(f"{text}|{sorted(channels)}|{hosts}|{os.environ['TRAINING_JOB_NAME']}")
(root / "output/data/report.txt").write_text("report")
"""


def job(sagemaker: SageMaker, **changes: Any) -> dict[str, Any]:
    return {
        "TrainingJobName": "fit",
        "RoleArn": sagemaker.role,
        "AlgorithmSpecification": {
            "TrainingImage": sagemaker.image("train", TRAIN),
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "validation:auc", "Regex": "auc=([0-9.]+);"}],
        },
        "Environment": {"ML": "/opt/ml"},
        "HyperParameters": {},
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in"}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://data/models/"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        "CheckpointConfig": {"S3Uri": "s3://data/checkpoints"},
        **changes,
    }


def ended(sagemaker: SageMaker) -> dict[str, Any]:
    def status() -> dict[str, Any] | None:
        detail: dict[str, Any] = sagemaker.client.describe_training_job(TrainingJobName="fit")
        return detail if detail["TrainingJobStatus"] not in ("InProgress", "Stopping") else None

    answer: dict[str, Any] = until(status)
    return answer


def model_text(sagemaker: SageMaker) -> str:
    archive = io.BytesIO(sagemaker.get("models/fit/output/model.tar.gz"))
    with tarfile.open(fileobj=archive) as tar:
        member = tar.extractfile("model.txt")
        assert member is not None
        return member.read().decode()


def test_a_job_trains_on_its_channels_and_delivers_a_model(sagemaker: SageMaker) -> None:
    sagemaker.put("in/part/a.csv", "1,2")
    sagemaker.client.create_training_job(**job(sagemaker))
    detail = ended(sagemaker)
    assert detail["TrainingJobStatus"] == "Completed", detail
    assert detail["ModelArtifacts"]["S3ModelArtifacts"] == "s3://data/models/fit/output/model.tar.gz"
    assert model_text(sagemaker) == "1,2|['train']|['algo-1']|fit"
    assert sagemaker.get("models/fit/output/output.tar.gz")
    assert sagemaker.get("checkpoints/last") == b"2"


def test_metrics_and_statuses_tell_how_the_job_went(sagemaker: SageMaker) -> None:
    sagemaker.put("in/part/a.csv", "1,2")
    sagemaker.client.create_training_job(**job(sagemaker))
    detail = ended(sagemaker)
    metrics = {metric["MetricName"]: metric["Value"] for metric in detail["FinalMetricDataList"]}
    assert metrics == {"validation:auc": pytest.approx(0.93)}
    statuses = ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert [item["Status"] for item in detail["SecondaryStatusTransitions"]] == statuses
    events = sagemaker.events("SageMaker Training Job State Change")
    assert [event["SecondaryStatus"] for event in events] == statuses


def test_the_failure_file_is_the_reason(sagemaker: SageMaker) -> None:
    sagemaker.put("in/part/a.csv", "1,2")
    sagemaker.client.create_training_job(**job(sagemaker, HyperParameters={"fail": "yes"}))
    detail = ended(sagemaker)
    assert detail["TrainingJobStatus"] == "Failed"
    assert detail["FailureReason"] == "AlgorithmError: column Day Mins is missing, exit code: 1"


def test_a_stopped_job_keeps_the_model_that_it_had(sagemaker: SageMaker) -> None:
    sagemaker.put("in/part/a.csv", "1,2")
    sagemaker.client.create_training_job(**job(sagemaker, HyperParameters={"sleep": "60"}))
    logs = sagemaker.server.client("logs", "us-east-1")

    def ready() -> bool:
        found = logs.describe_log_groups(logGroupNamePrefix="/aws/sagemaker/TrainingJobs")["logGroups"]
        events = logs.filter_log_events(logGroupName=found[0]["logGroupName"])["events"] if found else []
        return any(event["message"] == "ready" for event in events)

    until(ready)
    sagemaker.client.stop_training_job(TrainingJobName="fit")
    detail = ended(sagemaker)
    assert (detail["TrainingJobStatus"], detail["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert model_text(sagemaker) == "early"


def test_a_job_out_of_time_is_stopped_and_says_so(sagemaker: SageMaker) -> None:
    sagemaker.put("in/part/a.csv", "1,2")
    limited = job(sagemaker, HyperParameters={"sleep": "60"}, StoppingCondition={"MaxRuntimeInSeconds": 1})
    sagemaker.client.create_training_job(**limited)
    assert ended(sagemaker)["SecondaryStatus"] == "MaxRuntimeExceeded"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"AlgorithmSpecification": {"AlgorithmName": "x", "TrainingInputMode": "File"}},
            "TrainingImage",
        ),
    ],
)
def test_what_localaws_cannot_do_is_refused_by_name(
    sagemaker: SageMaker, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError, match=words) as error:
        sagemaker.client.create_training_job(**job(sagemaker, **changes))
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_a_job_that_does_not_exist_is_not_found(sagemaker: SageMaker) -> None:
    with pytest.raises(sagemaker.client.exceptions.ResourceNotFound):
        sagemaker.client.describe_training_job(TrainingJobName="nobody")


def test_only_a_job_that_has_ended_can_be_deleted(sagemaker: SageMaker) -> None:
    sagemaker.put("in/part/a.csv", "1,2")
    sagemaker.client.create_training_job(**job(sagemaker, HyperParameters={"sleep": "60"}))
    with pytest.raises(ClientError, match=r"Training job .* is still running"):
        sagemaker.client.delete_training_job(TrainingJobName="fit")
    sagemaker.client.stop_training_job(TrainingJobName="fit")
    ended(sagemaker)

    def deleted() -> bool:
        try:
            sagemaker.client.delete_training_job(TrainingJobName="fit")
        except sagemaker.client.exceptions.ResourceInUse:
            return False
        return True

    until(deleted)
    with pytest.raises(sagemaker.client.exceptions.ResourceNotFound):
        sagemaker.client.delete_training_job(TrainingJobName="fit")
