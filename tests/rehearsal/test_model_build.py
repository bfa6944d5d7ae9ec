"""What a data scientist sees when a push, the data or the model is not good enough."""

from __future__ import annotations

import hashlib
import re
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlproject import approvals, projects, status
from mlproject.rehearsal.life import Life
from mlproject.rehearsal.local import ACCOUNT_ID

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("trained")]


@pytest.fixture(scope="module")
def clone(trained: Life, _way_to_git: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working copy of the modelbuild repository, cloned from the URL that the project answers."""
    folder = tmp_path_factory.mktemp("clone") / "modelbuild"
    url = projects.outputs(trained.lead, trained.project)["ModelBuildCloneUrl"]
    git(folder.parent, "clone", "--quiet", url.replace("https://", "https://scientist:any@"), str(folder))
    return folder


@pytest.fixture(scope="module", autouse=True)
def _way_to_git(trained: Life) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", trained.local.endpoint)
        patch.setenv("GIT_SSL_CAINFO", str(trained.local.certificate_authority))
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield


def git(folder: Path, *arguments: str) -> str:
    """Run git as a data scientist does and return its output."""
    who = ["-c", "user.name=Data Scientist", "-c", "user.email=scientist@example.com"]
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


def push(folder: Path, message: str) -> str:
    """Commit and push everything, and return the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    git(folder, "push", "--quiet")
    return git(folder, "rev-parse", "HEAD")


def wait_for_execution(life: Life, commit: str) -> str:
    """Return the end status of the modelbuild execution of this commit."""
    pipeline = life.project.names.repository("modelbuild")
    client = life.session.client("codepipeline")
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        for execution in client.list_pipeline_executions(pipelineName=pipeline)["pipelineExecutionSummaries"]:
            revisions = {each.get("revisionId") for each in execution.get("sourceRevisions", [])}
            if commit in revisions and execution["status"] != "InProgress":
                return execution["status"]
        time.sleep(1)
    raise AssertionError(f"no execution of {commit} ended")


def failed_stage(life: Life) -> status.Stage:
    stages = status.stages(life.session, life.project.names.repository("modelbuild"))
    return next(stage for stage in stages if stage.status == "Failed")


def versions(life: Life) -> list[Any]:
    return approvals.model_packages(life.session, life.project.names.model_package_group)


def test_a_push_with_failing_tests_stops_at_the_tests(trained: Life, clone: Path) -> None:
    before = versions(trained)
    broken = clone / "tests/jobs/test_broken.py"
    broken.write_text("def test_arithmetic() -> None:\n    assert 1 + 1 == 3\n")
    commit = push(clone, "Break a test")
    assert wait_for_execution(trained, commit) == "Failed"
    assert failed_stage(trained).name == "Test"
    assert "pytest" in failed_stage(trained).message
    assert versions(trained) == before
    broken.unlink()


def test_a_model_below_the_threshold_is_not_registered_and_says_why(trained: Life, clone: Path) -> None:
    before = versions(trained)
    configuration = clone / "churn/conf/conf.yaml"
    demanding = re.sub(r"(AucThreshold, default:) [\d.]+", r"\1 0.9999", configuration.read_text())
    configuration.write_text(demanding)
    commit = push(clone, "Ask for more than there is")
    assert wait_for_execution(trained, commit) == "Failed"
    stage = failed_stage(trained)
    assert stage.name == "Train"
    assert re.search(r"AUC.*0\.9999", reason_of_latest_run(trained))
    assert versions(trained) == before


def reason_of_latest_run(life: Life) -> str:
    """Return the reasons of the failed steps of the newest SageMaker pipeline execution."""
    client = life.session.client("sagemaker")
    name = client.list_pipelines(PipelineNamePrefix=life.project.names.prefix)["PipelineSummaries"][0]
    latest = client.list_pipeline_executions(
        PipelineName=name["PipelineName"], SortBy="CreationTime", SortOrder="Descending"
    )["PipelineExecutionSummaries"][0]
    return run_reason(client, latest["PipelineExecutionArn"])


def run_reason(client: Any, execution: str) -> str:
    steps = client.list_pipeline_execution_steps(PipelineExecutionArn=execution)["PipelineExecutionSteps"]
    return "; ".join(step["FailureReason"] for step in steps if "FailureReason" in step)


def without_column(text: str) -> str:
    return "\n".join(",".join(line.split(",")[1:]) for line in text.splitlines())


def with_word_for_number(text: str) -> str:
    header, first, *rest = text.splitlines()
    words = first.split(",")
    words[header.split(",").index("Day Mins")] = "many"
    return "\n".join([header, ",".join(words), *rest])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (without_column, "State"),
        (with_word_for_number, "Day Mins"),
        (lambda _: "", "empty"),
    ],
    ids=["missing column", "wrong type", "empty file"],
)
def test_bad_data_fails_the_run_with_its_column(
    trained: Life, spoil: Callable[[str], str], says: str
) -> None:
    s3, client = trained.session.client("s3"), trained.session.client("sagemaker")
    bucket = f"{trained.project.names.short_prefix}-{ACCOUNT_ID}".lower()
    sample = s3.list_objects_v2(Bucket=bucket, Prefix="data/files/")["Contents"][0]["Key"]
    good = s3.get_object(Bucket=bucket, Key=sample)["Body"].read().decode()
    spoiled = spoil(good).encode()
    key = f"data/spoiled/{uuid.uuid4()}.csv"
    s3.put_object(Bucket=bucket, Key=key, Body=spoiled)
    pipeline = client.list_pipelines(PipelineNamePrefix=trained.project.names.prefix)["PipelineSummaries"][0]
    execution = client.start_pipeline_execution(
        PipelineName=pipeline["PipelineName"],
        ClientRequestToken=str(uuid.uuid4()),
        PipelineParameters=[
            {"Name": "InputData", "Value": f"s3://{bucket}/{key}"},
            {"Name": "DataHash", "Value": hashlib.sha256(spoiled).hexdigest()},
            {"Name": "CommitId", "Value": "none"},
        ],
    )["PipelineExecutionArn"]
    deadline = time.monotonic() + 600
    while client.describe_pipeline_execution(PipelineExecutionArn=execution)["PipelineExecutionStatus"] in (
        "Executing",
        "Stopping",
    ):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert says in run_reason(client, execution)
