"""What is uploaded, what is written, and why a push starts a pipeline."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from mlpipelines import deployment, project_bucket
from mlpipelines.deployment import Deployer
from mlpipelines.pipeline_errors import PlatformError, UserError
from mlpipelines.plan import HashWanted, Parameter, PipelinePlan
from mlpipelines.project_settings import ProjectSettings
from mlpipelines.step_code import LAUNCHER, ContentStaging, Upload

KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


class FakeS3:
    """Keeps objects in memory, all of one bucket."""

    def __init__(self, objects: dict[str, bytes] | None = None, error: str = "404") -> None:
        self.objects = objects or {}
        self.put: list[str] = []
        self._error = error

    def head_object(self, Bucket: str, Key: str) -> None:
        if Key not in self.objects:
            raise refusal(self._error)

    def get_object(self, Bucket: str, Key: str) -> Any:
        if Key not in self.objects:
            raise refusal(self._error)
        content = self.objects[Key]
        return {"Body": StreamingBody(io.BytesIO(content), len(content)), "ContentLength": len(content)}

    def put_object(self, **request: Any) -> None:
        assert (request["ServerSideEncryption"], request["SSEKMSKeyId"]) == ("aws:kms", KEY)
        self.put.append(request["Key"])


class FakeSageMaker:
    """Has a pipeline, perhaps, and executions of it."""

    def __init__(self, definition: str = "", statuses: tuple[str, ...] = ()) -> None:
        self.definition = definition
        self.calls: list[str] = []
        self._statuses = statuses

    def describe_pipeline(self, PipelineName: str) -> Any:
        if not self.definition:
            raise refusal("ResourceNotFound")
        return {"PipelineDefinition": self.definition}

    def create_pipeline(self, **request: Any) -> None:
        self.calls.append("create")

    def update_pipeline(self, **request: Any) -> None:
        self.calls.append("update")

    def describe_model_package_group(self, ModelPackageGroupName: str) -> None:
        raise refusal("ValidationException")

    def create_model_package_group(self, ModelPackageGroupName: str, Tags: Any) -> None:
        self.calls.append(f"group {ModelPackageGroupName}")

    def list_pipeline_executions(self, **request: Any) -> Any:
        return {"PipelineExecutionSummaries": [{"PipelineExecutionStatus": s} for s in self._statuses]}


class FakeSession:
    """Gives these clients."""

    def __init__(self, **clients: Any) -> None:
        self._clients = clients

    def client(self, name: str) -> Any:
        return self._clients[name]


def deployer(settings: ProjectSettings, sagemaker: FakeSageMaker, s3: FakeS3 | None = None) -> Deployer:
    changed = settings.model_copy(update={"kms_key_arn": KEY})
    return Deployer(changed, FakeSession(sagemaker=sagemaker, s3=s3 or FakeS3()), lambda line: None)


@pytest.fixture
def staging(settings: ProjectSettings, tmp_path: Any) -> ContentStaging:
    return ContentStaging(tmp_path, settings.project_bucket)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployment, "compile_pipeline", lambda plan: json.dumps({"Steps": []}))


def test_code_that_is_there_is_not_uploaded_again() -> None:
    uploads = [Upload("code/1/a.py", b""), Upload(f"code/1/{LAUNCHER}", b""), Upload("code/2/b.py", b"")]
    s3 = FakeS3({f"code/1/{LAUNCHER}": b""})
    project_bucket.upload(s3, "bucket", KEY, uploads)
    assert s3.put == ["code/2/b.py"]


def test_code_that_is_there_in_part_is_uploaded_and_its_launcher_last() -> None:
    uploads = [Upload("code/1/a.py", b""), Upload(f"code/1/{LAUNCHER}", b"")]
    s3 = FakeS3({"code/1/a.py": b""})
    project_bucket.upload(s3, "bucket", KEY, uploads)
    assert s3.put == ["code/1/a.py", f"code/1/{LAUNCHER}"]


@pytest.mark.parametrize(
    ("objects", "code", "error", "words"),
    [
        ({}, "NoSuchKey", UserError, "there is no object s3://b/k"),
        ({}, "AccessDenied", PlatformError, "cannot read the data at s3://b/k"),
        ({"k": b""}, "404", UserError, "the data at s3://b/k is empty"),
    ],
)
def test_data_that_cannot_be_hashed_is_told(
    objects: dict[str, bytes], code: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        project_bucket.hash_object(FakeS3(objects, code), "s3://b/k")


def test_the_hash_of_an_object_becomes_the_parameter_s_default(settings: ProjectSettings) -> None:
    plan = PipelinePlan("p", "changed", {"H": Parameter("H", "String")}, hashes=[HashWanted("H", "s3://b/k")])
    deployer(settings, FakeSageMaker(), FakeS3({"k": b"x"})).fill_in(plan)
    assert plan.parameters["H"].default.startswith("2d711642")


def test_a_new_pipeline_is_created_with_its_groups(
    settings: ProjectSettings, staging: ContentStaging, compiled: None
) -> None:
    sagemaker = FakeSageMaker()
    plan = PipelinePlan("p", "changed", groups=["g", "g", settings.model_package_group])
    assert deployer(settings, sagemaker).write(plan, staging)
    assert sagemaker.calls == ["group g", "create"]


@pytest.mark.parametrize(("before", "calls"), [('{"Steps": []}', []), ('{"Steps": [1]}', ["update"])])
def test_a_pipeline_is_updated_only_if_its_definition_is_another(
    settings: ProjectSettings, staging: ContentStaging, compiled: None, before: str, calls: list[str]
) -> None:
    sagemaker = FakeSageMaker(before)
    assert deployer(settings, sagemaker).write(PipelinePlan("p", "changed"), staging) is bool(calls)
    assert sagemaker.calls == calls


@pytest.mark.parametrize(
    ("start", "changed", "statuses", "reason"),
    [
        ("changed", True, (), "its definition has changed"),
        ("changed", False, (), "it has never run"),
        ("changed", False, ("Failed", "Succeeded"), "its latest execution has failed"),
        ("changed", False, ("Succeeded", "Failed"), ""),
        ("changed", False, ("Executing",), ""),
        ("always", False, ("Succeeded",), "it is started at each push"),
        ("never", True, (), ""),
    ],
)
def test_a_push_starts_what_it_changes_and_what_failed(
    settings: ProjectSettings, start: str, changed: bool, statuses: tuple[str, ...], reason: str
) -> None:
    found = deployer(settings, FakeSageMaker("{}", statuses)).reason_to_start(
        PipelinePlan("p", start), changed
    )
    assert found == reason
