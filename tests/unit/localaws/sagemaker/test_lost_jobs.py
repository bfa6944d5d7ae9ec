"""Jobs that ran when the server ended: their state can be kept, and they end as failed."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.persistence import backends
from localaws.persistence.graph import Blobs
from localaws.services.sagemaker.lost_jobs import end_lost_jobs
from localaws.services.sagemaker.resources import Region

from .conftest import REGION, SageMaker, until
from .test_step_kinds import Queue, callback, start
from .test_transform import job as transform
from .test_transform import model, requests
from .test_tuning import trials, tuning


def kept() -> dict[str, str]:
    """Write the state down; return what could not be kept."""
    blobs = Blobs(lambda name, content: None, lambda name: b"")
    return backends.write(blobs)[1]


def test_lost_jobs_end_as_failed_with_the_reason(sagemaker: SageMaker) -> None:
    sagemaker.put("in/a.csv", "1\n")
    model(sagemaker, SLEEP="60")
    sagemaker.client.create_transform_job(**transform())
    slow: dict[str, Any] = tuning(sagemaker, ["1", "2"], Static={"sleep": "60"})
    sagemaker.client.create_hyper_parameter_tuning_job(**slow)
    queue = Queue(sagemaker)
    start(sagemaker, callback(queue))
    token = queue.message()["token"]
    until(lambda: requests(sagemaker) and len(trials(sagemaker)) == 2)
    assert not [name for name in kept() if "sagemaker" in name]

    end_lost_jobs(Region("123456789012", REGION), "InternalServerError: lost")

    scored = sagemaker.client.describe_transform_job(TransformJobName="score")
    searched = sagemaker.client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="search")
    reasons = [detail["FailureReason"] for detail in (scored, *trials(sagemaker))]
    assert reasons == ["InternalServerError: lost"] * 3
    assert searched["HyperParameterTuningJobStatus"] == "Failed"
    assert searched["TrainingJobStatusCounters"]["NonRetryableError"] == 2
    with pytest.raises(ClientError, match="does not exist"):
        sagemaker.client.send_pipeline_execution_step_failure(CallbackToken=token)
