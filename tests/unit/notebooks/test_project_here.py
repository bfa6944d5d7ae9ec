"""What the notebooks share: the project is found by the repository's address, jobs are asked for and waited for."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

HELPER = Path(__file__).parents[3] / "seedcode/model-build/notebooks/project_here.py"
FACTS = {
    "PROJECT_NAME": "churn",
    "PROJECT_ID": "p-1",
    "PIPELINE_PREFIX": "sagemaker-churn-p-1",
    "PROJECT_BUCKET": "bucket",
    "PIPELINE_ROLE_ARN": "arn:aws:iam::111122223333:role/training",
    "KMS_KEY_ARN": "key",
    "IMAGE_REPOSITORY_URI": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn/model",
}
PIPELINE = "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/churn/execution/1"


class FakeSageMaker:
    """Answers like a project that has run its pipeline once, and keeps what it is asked for."""

    def __init__(self) -> None:
        self.created: dict[str, Any] = {}
        self.executions = [
            {"PipelineExecutionArn": f"{PIPELINE}/3", "PipelineExecutionStatus": "Failed"},
            {"PipelineExecutionArn": PIPELINE, "PipelineExecutionStatus": "Succeeded"},
        ]

    def create_processing_job(self, **request: Any) -> None:
        self.created = request

    def describe_processing_job(self, ProcessingJobName: str) -> dict[str, str]:
        return {"ProcessingJobStatus": "Completed"}

    def list_pipeline_executions(self, **_: Any) -> dict[str, Any]:
        return {"PipelineExecutionSummaries": self.executions}

    def list_pipeline_execution_steps(self, PipelineExecutionArn: str, MaxResults: int) -> dict[str, Any]:
        # How long a page is that nobody asks for is for SageMaker to say.
        assert (PipelineExecutionArn, MaxResults) == (PIPELINE, 100)
        job = {"Arn": "arn:aws:sagemaker:eu-west-1:111122223333:processing-job/prepare-1"}
        steps = [
            {"StepName": "prepare", "Metadata": {"ProcessingJob": job}},
            {"StepName": "make", "Metadata": {"Model": {"Arn": "model"}}},
            {"StepName": "check"},
        ]
        return {"PipelineExecutionSteps": steps}


class FakeEcr:
    """Has every image."""

    def describe_images(self, **_: Any) -> dict[str, Any]:
        return {"imageDetails": [{"imageDigest": "sha256:1"}]}


class FakeSession:
    """Gives out the fakes."""

    def __init__(self) -> None:
        self.sagemaker = FakeSageMaker()

    def client(self, service: str) -> Any:
        return {"sagemaker": self.sagemaker, "ecr": FakeEcr()}[service]


@pytest.fixture
def helper(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("project_here", HELPER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, "project_here", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "POLL_SECONDS", 0)
    monkeypatch.setattr(module, "_told", lambda command: "content-1")
    return module


def test_the_project_is_told_by_the_repository_s_address(
    helper: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/sagemaker-my-churn-p-abc123-modelbuild"
    monkeypatch.setattr(helper, "_told", lambda command: address)
    assert helper._name_in_address() == "my-churn"
    monkeypatch.setattr(helper, "_told", lambda command: "https://github.com/team/churn.git")
    with pytest.raises(RuntimeError, match=r"does not tell the project: open_project\('its name'\)"):
        helper._name_in_address()


def test_waiting_ends_with_the_reason_of_a_failure(helper: ModuleType) -> None:
    answers: Iterator[dict[str, str]] = iter(
        [{"Status": "InProgress"}, {"Status": "Failed", "FailureReason": "no data"}]
    )
    with pytest.raises(RuntimeError, match="no data"):
        helper.wait(lambda: next(answers), "Status")


@pytest.mark.parametrize("network", [{}, {"SUBNETS": "subnet-1,subnet-2", "SECURITY_GROUPS": "sg-1"}])
def test_a_processing_job_is_valid_input_of_the_api(helper: ModuleType, network: dict[str, str]) -> None:
    session = FakeSession()
    project = helper.ProjectHere(session, FACTS | network)
    places = project.process(
        "job", ["python3"], {"code": "s3://bucket/code"}, ["out"], Environment={"A": "1"}
    )
    assert places == {"out": "s3://bucket/training/notebooks/job/out"}
    request = session.sagemaker.created
    assert request["Environment"] == {"A": "1"}
    assert request["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == "key"
    inside = {"VpcConfig": {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}}
    assert request.get("NetworkConfig") == (inside if network else None)
    assert request["AppSpecification"]["ImageUri"] == f"{FACTS['IMAGE_REPOSITORY_URI']}@sha256:1"
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape: Any = model.operation_model("CreateProcessingJob").input_shape
    assert ParamValidator().validate(request, shape).generate_report() == ""


def test_the_jobs_of_a_pipeline_s_last_good_execution_are_found_by_its_steps(helper: ModuleType) -> None:
    project = helper.ProjectHere(FakeSession(), FACTS)
    assert project.jobs("churn") == {"prepare": "prepare-1"}


def test_a_pipeline_without_a_good_execution_is_told(helper: ModuleType) -> None:
    session = FakeSession()
    project = helper.ProjectHere(session, FACTS)
    session.sagemaker.executions.pop()
    with pytest.raises(RuntimeError, match="none of its latest executions has succeeded; a push starts it"):
        project.jobs("churn")
    session.sagemaker.executions.clear()
    with pytest.raises(RuntimeError, match="the pipeline churn has nothing to look at: it has never run"):
        project.jobs("churn")
