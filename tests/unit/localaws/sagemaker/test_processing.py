"""Processing jobs run their container with the real /opt/ml contract."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import SageMaker, until

COPY = """
import json, os, pathlib, sys
root = pathlib.Path(sys.argv[1])
config = json.loads((root / "../config/processingjobconfig.json").read_text())
hosts = json.loads((root / "../config/resourceconfig.json").read_text())
text = (root / "input/numbers/one.csv").read_text()
print("read", text)
(root / "output/result.json").write_text(json.dumps(
    {"text": text, "job": config["ProcessingJobName"], "hosts": hosts["hosts"], "mode": os.environ["MODE"]}))
"""
FAIL = """
import pathlib, sys
pathlib.Path(sys.argv[1], "../output/message").write_text("row 3 has no Phone")
print("bad things"); sys.exit(3)
"""


def job(sagemaker: SageMaker, image: str, **changes: Any) -> dict[str, Any]:
    return {
        "ProcessingJobName": "prepare",
        "RoleArn": sagemaker.role,
        "AppSpecification": {"ImageUri": image, "ContainerArguments": ["/opt/ml/processing"]},
        "Environment": {"MODE": "full"},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}
        },
        "ProcessingInputs": [
            {
                "InputName": "numbers",
                "S3Input": {
                    "S3Uri": "s3://data/in",
                    "LocalPath": "/opt/ml/processing/input/numbers",
                    "S3DataType": "S3Prefix",
                },
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "result",
                    "S3Output": {
                        "S3Uri": "s3://data/out",
                        "LocalPath": "/opt/ml/processing/output",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        **changes,
    }


def ended(sagemaker: SageMaker, name: str = "prepare") -> dict[str, Any]:
    def status() -> dict[str, Any] | None:
        detail: dict[str, Any] = sagemaker.client.describe_processing_job(ProcessingJobName=name)
        return detail if detail["ProcessingJobStatus"] not in ("InProgress", "Stopping") else None

    answer: dict[str, Any] = until(status)
    return answer


def test_a_job_turns_inputs_into_outputs(sagemaker: SageMaker) -> None:
    sagemaker.put("in/one.csv", "1,2")
    sagemaker.client.create_processing_job(**job(sagemaker, sagemaker.image("copy", COPY)))
    detail = ended(sagemaker)
    assert detail["ProcessingJobStatus"] == "Completed", detail
    result = json.loads(sagemaker.get("out/result.json"))
    assert result == {"text": "1,2", "job": "prepare", "hosts": ["algo-1"], "mode": "full"}


def test_the_output_of_the_container_is_in_cloudwatch_logs(sagemaker: SageMaker) -> None:
    sagemaker.put("in/one.csv", "1,2")
    sagemaker.client.create_processing_job(**job(sagemaker, sagemaker.image("copy", COPY)))
    ended(sagemaker)
    logs = sagemaker.server.client("logs", "us-east-1")
    found = logs.filter_log_events(
        logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix="prepare/"
    )
    assert [event["message"] for event in found["events"]] == ["read 1,2"]


@pytest.mark.parametrize(("isolated", "has_credentials"), [(False, True), (True, False)])
def test_an_isolated_container_gets_no_credentials(
    sagemaker: SageMaker, isolated: bool, has_credentials: bool
) -> None:
    sagemaker.put("in/one.csv", "1,2")
    source = """
import os, pathlib, sys
pathlib.Path(sys.argv[1], "output/key").write_text(str(bool(os.environ.get("AWS_SECRET_ACCESS_KEY"))))
"""
    network = {"EnableNetworkIsolation": isolated}
    sagemaker.client.create_processing_job(
        **job(sagemaker, sagemaker.image("see", source), NetworkConfig=network)
    )
    assert ended(sagemaker)["ProcessingJobStatus"] == "Completed"
    assert sagemaker.get("out/key").decode() == str(has_credentials)


def test_a_failing_container_fails_the_job_with_its_message(sagemaker: SageMaker) -> None:
    sagemaker.put("in/one.csv", "1,2")
    sagemaker.client.create_processing_job(**job(sagemaker, sagemaker.image("fail", FAIL)))
    detail = ended(sagemaker)
    assert detail["ProcessingJobStatus"] == "Failed"
    assert detail["ExitMessage"] == "row 3 has no Phone"
    assert detail["FailureReason"].startswith("AlgorithmError: ")
    assert "exit code: 3" in detail["FailureReason"]
    events = sagemaker.events("SageMaker Processing Job State Change")
    assert [event["ProcessingJobStatus"] for event in events] == ["InProgress", "Failed"]
    assert isinstance(events[1]["CreationTime"], int)


def test_a_missing_input_fails_the_job_by_name(sagemaker: SageMaker) -> None:
    sagemaker.client.create_processing_job(**job(sagemaker, sagemaker.image("copy", COPY)))
    assert 'No S3 objects found under S3 URL "s3://data/in"' in ended(sagemaker)["FailureReason"]


def test_an_unknown_image_fails_the_job(sagemaker: SageMaker) -> None:
    sagemaker.put("in/one.csv", "1,2")
    sagemaker.client.create_processing_job(**job(sagemaker, "nothing:1"))
    assert "nothing:1" in ended(sagemaker)["FailureReason"]


def test_a_stopped_job_ends_its_container(sagemaker: SageMaker) -> None:
    sagemaker.put("in/one.csv", "1,2")
    image = sagemaker.image("sleep", "import time; print('up', flush=True); time.sleep(60)")
    sagemaker.client.create_processing_job(**job(sagemaker, image))
    sagemaker.client.stop_processing_job(ProcessingJobName="prepare")
    assert ended(sagemaker)["ProcessingJobStatus"] == "Stopped"


def test_a_job_that_runs_too_long_is_stopped(sagemaker: SageMaker) -> None:
    sagemaker.put("in/one.csv", "1,2")
    image = sagemaker.image("sleep", "import time; time.sleep(60)")
    limit = {"MaxRuntimeInSeconds": 1}
    sagemaker.client.create_processing_job(**job(sagemaker, image, StoppingCondition=limit))
    assert ended(sagemaker)["ProcessingJobStatus"] == "Stopped"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"RoleArn": "arn:aws:iam::123456789012:role/nobody"}, "Could not assume role"),
        ({"ProcessingJobName": "no spaces"}, "regular expression pattern"),
        (
            {
                "ProcessingResources": {
                    "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.huge", "VolumeSizeInGB": 5}
                }
            },
            "enum value set",
        ),
    ],
)
def test_bad_input_is_refused_as_a_validation_error(
    sagemaker: SageMaker, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError, match=words) as error:
        sagemaker.client.create_processing_job(**job(sagemaker, "copy:1", **changes))
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_a_job_name_is_used_once(sagemaker: SageMaker) -> None:
    sagemaker.put("in/one.csv", "1,2")
    image = sagemaker.image("copy", COPY)
    sagemaker.client.create_processing_job(**job(sagemaker, image))
    with pytest.raises(sagemaker.client.exceptions.ResourceInUse, match="already exists"):
        sagemaker.client.create_processing_job(**job(sagemaker, image))
    ended(sagemaker)


def test_jobs_are_listed_by_name_in_pages_and_carry_tags(sagemaker: SageMaker) -> None:
    for number in range(3):
        arn = sagemaker.client.create_processing_job(
            **job(
                sagemaker, "none:1", ProcessingJobName=f"job-{number}", Tags=[{"Key": "team", "Value": "ml"}]
            )
        )["ProcessingJobArn"]
    pages = sagemaker.client.get_paginator("list_processing_jobs").paginate(
        NameContains="job-", SortBy="Name", PaginationConfig={"PageSize": 2}
    )
    names = [[entry["ProcessingJobName"] for entry in page["ProcessingJobSummaries"]] for page in pages]
    assert names == [["job-0", "job-1"], ["job-2"]]
    sagemaker.client.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "data"}])
    assert sagemaker.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "data"}]
    sagemaker.client.delete_tags(ResourceArn=arn, TagKeys=["team"])
    assert sagemaker.client.list_tags(ResourceArn=arn)["Tags"] == []
