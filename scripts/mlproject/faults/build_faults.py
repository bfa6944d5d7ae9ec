"""Faults of seeding, builds and jobs: races, time-outs, containers and hosts that die, full disks."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from mlproject.errors import PlatformError
from mlproject.faults.campaign import fault
from mlproject.faults.containers import STARVED_MB, RunningContainer
from mlproject.faults.findings import Finding
from mlproject.faults.injection import until
from mlproject.faults.world import RUNNER, World, timed
from terraform_runner.runner_errors import RunnerError
from terraform_runner.seeding import seed
from terraform_runner.template_bundle import SeedFile

TRAINING = ("AlgorithmSpecification", "RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig")
PROCESSING = (
    "AppSpecification",
    "RoleArn",
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingResources",
)
SHORT_MINUTE = 0.3
"""Seconds: the runner's fifty minutes then pass in fifteen."""
LONG_TRAINING = {"num_round": "1000000", "early_stopping_rounds": "1000000"}


@fault("create_commit race", "two runners seed the same empty repository at once")
def create_commit_race(world: World) -> Finding:
    repository = "faults-race"
    codecommit = world.client("codecommit")
    codecommit.create_repository(repositoryName=repository)
    files = {f"file-{number:03}.txt": SeedFile(b"seed", False) for number in range(250)}

    def run(_: int) -> str:
        client = boto3.Session().client("codecommit")
        try:
            return f"committed: {seed(client, repository, files, 'v1')}"
        except RunnerError as error:
            return str(error)

    try:
        with ThreadPoolExecutor(2) as runners:
            told = list(runners.map(run, range(2)))
        with timed() as timer:
            seed(codecommit, repository, files, "v1")
        listed = codecommit.get_folder(repositoryName=repository, folderPath="/")["files"]
        if len(listed) != len(files):
            raise PlatformError(f"{len(listed)} of {len(files)} files are there")
    finally:
        codecommit.delete_repository(repositoryName=repository)
    return Finding(" / ".join(told), "one seed's commits in their order, none twice", "retry", timer.seconds)


@fault("CodeBuild time-out", "the runner hangs until CodeBuild's time-out ends its build")
def codebuild_timeout(world: World) -> Finding:
    # Nothing else may run while time-outs are short.
    world.train()
    with world.injector.pace(SHORT_MINUTE), world.injector.held(r"^codecommit\.CreateRepository"):
        life = world.start("endless")
        build = world.running_build(RUNNER)
        client = world.client("codebuild")
        until(lambda: _status(client, build) != "IN_PROGRESS", "the build does not time out")
    if _status(client, build) != "TIMED_OUT":
        raise PlatformError(f"the build is {_status(client, build)}")
    seen = world.failure(life)
    return Finding(
        seen,
        "creation failed and rolled back, by the function that hears of dead builds",
        "delete",
        world.delete(life),
    )


@fault(
    "training out of memory",
    "kill -9 of the training container, as the kernel does when memory is over",
    in_docker=f"the training container's limit of memory is lowered to {STARVED_MB} MB",
)
def training_out_of_memory(world: World) -> Finding:
    return _lost_training(world, hosts=1, harm=lambda container: container.starve(), told="137|memory")


@fault(
    "training host lost",
    "kill -9 of one of two training hosts",
    in_docker="docker kill of one of two training hosts",
)
def training_host_lost(world: World) -> Finding:
    return _lost_training(world, hosts=2, harm=lambda container: container.kill(), told="137")


@fault("processing disk full", "writes of the preprocessing job find no space left on the device")
def processing_disk_full(world: World) -> Finding:
    client = world.client("sagemaker")
    world.train()
    oldest = client.list_processing_jobs(SortBy="CreationTime", SortOrder="Ascending")[
        "ProcessingJobSummaries"
    ][0]
    like = client.describe_processing_job(ProcessingJobName=oldest["ProcessingJobName"])
    name = f"faults-full-{uuid.uuid4().hex[:8]}"
    output = like["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]
    written = _first_object(world, output["S3Uri"])
    client.create_processing_job(ProcessingJobName=name, **_taken(like, PROCESSING))
    _fill_disk(world, name, output["LocalPath"], written)
    ended = _ended(lambda: client.describe_processing_job(ProcessingJobName=name), "ProcessingJobStatus")
    if ended["ProcessingJobStatus"] != "Failed":
        raise PlatformError(f"the job is {ended['ProcessingJobStatus']}")
    if "the disk is full" not in ended["FailureReason"]:
        raise PlatformError(f"the reason has no word of the disk: {ended['FailureReason']}")
    with timed() as timer:
        again = f"{name}-again"
        client.create_processing_job(ProcessingJobName=again, **_taken(like, PROCESSING))
        retried = _ended(
            lambda: client.describe_processing_job(ProcessingJobName=again), "ProcessingJobStatus"
        )
    if retried["ProcessingJobStatus"] != "Completed":
        raise PlatformError(f"the retry is {retried['ProcessingJobStatus']}: {retried.get('FailureReason')}")
    return Finding(ended["FailureReason"], "job Failed; nothing delivered", "retry", timer.seconds)


def _lost_training(world: World, hosts: int, harm: Callable[[RunningContainer], None], told: str) -> Finding:
    client = world.client("sagemaker")
    world.train()
    oldest = client.list_training_jobs(SortBy="CreationTime", SortOrder="Ascending")["TrainingJobSummaries"][
        0
    ]
    like = client.describe_training_job(TrainingJobName=oldest["TrainingJobName"])
    name = f"faults-lost-{uuid.uuid4().hex[:8]}"
    given = _taken(like, (*TRAINING, "StoppingCondition")) | {
        "ResourceConfig": {**like["ResourceConfig"], "InstanceCount": hosts}
    }
    parameters = dict(like.get("HyperParameters", {}))
    client.create_training_job(TrainingJobName=name, **given, HyperParameters={**parameters, **LONG_TRAINING})
    until(lambda: len(world.containers.find(name)) >= hosts, "the training does not start")
    # The host that started last.
    harm(world.containers.find(name)[-1])
    ended = _ended(lambda: client.describe_training_job(TrainingJobName=name), "TrainingJobStatus")
    if ended["TrainingJobStatus"] != "Failed":
        raise PlatformError(f"the job is {ended['TrainingJobStatus']}")
    if not re.search(told, ended["FailureReason"]):
        raise PlatformError(f"the job failed of something else: {ended['FailureReason']}")
    with timed() as timer:
        client.create_training_job(TrainingJobName=f"{name}-again", **given, HyperParameters=parameters)
        retried = _ended(
            lambda: client.describe_training_job(TrainingJobName=f"{name}-again"), "TrainingJobStatus"
        )
    if retried["TrainingJobStatus"] != "Completed":
        raise PlatformError(f"the retry is {retried['TrainingJobStatus']}: {retried.get('FailureReason')}")
    return Finding(ended["FailureReason"], "job Failed on all hosts; no model", "retry", timer.seconds)


def _ended(describe: Callable[[], Mapping[str, Any]], status: str) -> Mapping[str, Any]:
    until(lambda: describe()[status] not in ("InProgress", "Stopping"), "the job does not end")
    return describe()


def _taken(described: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return what a job was created with, to create another like it."""
    more = ("Environment", "StoppingCondition", "NetworkConfig", "EnableNetworkIsolation")
    return {name: described[name] for name in dict.fromkeys((*names, *more)) if described.get(name)}


def _first_object(world: World, uri: str) -> str:
    """Return the name of a file that a finished job delivered to ``uri``."""
    parts = urlsplit(uri)
    prefix = parts.path.lstrip("/")
    listed = world.client("s3").list_objects_v2(Bucket=parts.netloc, Prefix=prefix)["Contents"]
    return str(listed[0]["Key"]).removeprefix(prefix).lstrip("/")


def _fill_disk(world: World, job: str, path: str, file: str) -> None:
    """Make the file that the job will write a device that is always full."""
    below = Path(path).relative_to("/opt/ml")
    folders: list[Path] = []

    def there() -> bool:
        folders[:] = [
            each for each in (world.local.data / "sagemaker").rglob(f"*{job}/*") if (each / below).is_dir()
        ]
        return bool(folders)

    until(there, "the job gets no folder", 60)
    (folders[0] / below / file).symlink_to("/dev/full")


def _status(client: Any, build: str) -> str:
    status: str = client.batch_get_builds(ids=[build])["builds"][0]["buildStatus"]
    return status
