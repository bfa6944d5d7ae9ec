"""A project's life, step by step, as its people live it: each uses what they would use and checks what they see."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlproject import approvals, projects, publish, seeds, status, templates
from mlproject.errors import PlatformError
from mlproject.platform_parameters import Place
from mlproject.rehearsal import rest, scientist, variants
from mlproject.rehearsal.inventory import account_inventory
from mlproject.rehearsal.local import LocalAws
from mlproject.rehearsal.other_accounts import OtherAccounts
from mlproject.rehearsal.people import People, all_as
from mlproject.rehearsal.team_repositories import TeamRepositories

if TYPE_CHECKING:
    import boto3

    from mlproject.console import Progress
    from mlproject.rehearsal.report import Summary

ROOT = Path(__file__).resolve().parents[3]
IMAGES = {"model": ROOT / "containers/xgboost-daal4py", "api": ROOT / "lambda/inference"}
IMAGE_CONTEXTS = {"model": ("modelbuild", "container"), "api": ("modeldeploy", "lambda")}
IMAGE_BUILD = ROOT / "seedcode/image/build.py"
SCORE_TOLERANCE = 1e-5
DATA_BUCKET = "rehearsal-churn-data"
PATIENCE_SECONDS = 1200.0
"""How long a pipeline may take: far beyond what it needs, so that a hang ends with a sentence."""


@dataclass
class Life:
    """The project's people at work in one account.

    Attributes
    ----------
    local
        Where the account is.
    session
        The account's owner, who sees everything.
    lead
        The data science lead, in the Studio role that the product is published to.
    summary
        Where each step and its findings are written.
    data
        The data scientist's own data; None for the template's synthetic customers.
    name
        The project's.
    variant
        What it begins as.
    place
        Where the template is published.
    team
        The team's own repositories, where the project has none in CodeCommit.
    people
        Who else takes part; until told otherwise the owner does everybody's work.
    publishing
        What the engineer publishes with besides: arguments of `publish.publish`.
    accounts
        Those of stages, where they are others.
    """

    local: LocalAws
    session: boto3.Session
    summary: Summary
    data: Path | None = None
    name: str = "churn"
    variant: str = variants.DEFAULT
    place: Place = Place.CATALOG
    publishing: Mapping[str, Any] = field(default_factory=dict)
    accounts: OtherAccounts | None = None
    team: TeamRepositories | None = None
    people: People = field(init=False)
    project: projects.Project = field(init=False)
    published: publish.Published = field(init=False)
    lead: boto3.Session = field(init=False)
    before: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.people = all_as(self.session)

    def run(self) -> None:
        """Live it from publishing to the answer of the REST API; raise at the first step that fails."""
        self.begin()
        self.wait_for_nothing_to_deploy()
        self.approve_model()
        self.deploy_to_staging()
        self.deploy_to_production()
        self.predict()

    def begin(self) -> None:
        """Live it up to the first registered model."""
        self.publish()
        self.create()
        variants.FIRST_MODELS[self.variant](self)

    def publish(self) -> None:
        """The platform engineer publishes the template to whoever holds the caller's role."""
        with self.summary.step("publish the template") as progress:
            role = self.local.make_studio_role(self.session)
            self.published = publish.publish(
                self.people.engineer, [role], to=[self.place], progress=progress, **self.publishing
            )
            self.lead = self.local.session_as(self.session, role)
        if self.accounts:
            with self.summary.step("prepare the accounts of stages") as progress:
                self.accounts.prepare(self.people.engineer, progress)

    def create(self) -> None:
        """The lead creates a project; where builds cannot, the images get into its ECR repositories meanwhile."""
        location = self._uploaded(self.data) if self.data else ""
        self.before = self._inventory()
        with self.summary.step("create the project") as progress, ExitStack() as imports:
            template = templates.find(self.lead, self.place)
            chosen = {"DataLocation": location, "ProjectVariant": self.variant}
            chosen |= self.team.parameters if self.team else {}
            parameters = {name: value for name, value in chosen.items() if value}
            self.project = projects.create(self.lead, template, self.name, parameters)
            missing = {} if self.local.engine.builds_images else self._image_contexts()
            imported = [
                imports.enter_context(self.importing_image(context, name))
                for name, context in missing.items()
            ]
            self.project = projects.wait(self.lead, self.project, progress)
            for wait in imported:
                wait()
            self.summary.terraform = {"resources": self._resources()}

    def train(self) -> None:
        """The first run of the model build trains, evaluates and registers a model."""
        with self.summary.step("train and register a model") as progress:
            self.wait_pipeline(self.project.names.repository("modelbuild"), 1, progress)
            self.summary.model = self._model_quality()

    def wait_for_nothing_to_deploy(self) -> None:
        """Before any approval the deploy pipeline's first run ends green, with nothing deployed."""
        with self.summary.step("deploy pipeline without a model ends green") as progress:
            self.wait_pipeline(self.project.names.repository("modeldeploy"), 1, progress)
            if found := status.read(self.people.scientist, self.project).endpoints:
                raise PlatformError(f"endpoints exist though no model is approved: {found}")

    def approve_model(self) -> None:
        """The approver approves the registered version, which starts the deploy pipeline."""
        with self.summary.step("approve the model"):
            group = self.project.names.model_package_group
            approvals.decide_model(self.people.approver, group, "Approved", comment="rehearsal")

    def deploy_to_staging(self) -> None:
        """The deploy pipeline brings up staging, tests it, and waits at the gate."""
        with self.summary.step("deploy to staging and test it") as progress:
            self.wait(self._at_gate, progress)

    def deploy_to_production(self, run: int = 2) -> None:
        """The approver opens the gate in the pipeline's ``run``; production comes up and passes its smoke test."""
        with self.summary.step("approve and deploy to production") as progress:
            approvals.decide_gate(
                self.people.approver, self.project.names.repository("modeldeploy"), "Approved", "rehearsal"
            )
            self.wait_pipeline(self.project.names.repository("modeldeploy"), run, progress)

    def predict(self) -> None:
        """The application developer posts a raw record and gets the score that the evaluation computed."""
        with self.summary.step("predict over the REST API"):
            golden = self.golden_record()
            url = projects.outputs(self.lead, self.project)["ProductionApiUrl"]
            answer = rest.post(
                self.local, url, json.dumps(golden["record"]).encode(), caller=self.people.developer
            )
            if answer.status_code != HTTPStatus.OK:
                raise PlatformError(f"POST {url} answered {answer.status_code}: {answer.text}")
            self.judge(answer.json()["predictions"][0], golden)

    def judge(self, prediction: dict[str, Any], golden: Mapping[str, Any]) -> None:
        """Note a prediction, and raise when its score is not the one that the evaluation computed."""
        self.summary.prediction = prediction
        if abs(prediction["score"] - golden["score"]) > SCORE_TOLERANCE * max(1.0, abs(golden["score"])):
            raise PlatformError(f"the answer is {prediction}, the evaluation computed {golden['score']}")

    def push(self, change: scientist.Change = scientist.note) -> None:
        """The data scientist pushes a change to the modelbuild repository, which runs the model build again."""
        with self.summary.step("push a change") as progress:
            pipeline = self.project.names.repository("modelbuild")
            runs = len(self.executions(pipeline))
            url = projects.outputs(self.lead, self.project)["ModelBuildCloneUrl"]
            scientist.push(self.local, self.people.scientist, url, change, "Rehearse a push")
            self.wait_pipeline(pipeline, runs + 1, progress)

    def update(self) -> None:
        """The lead gives the project other parameters; those that are not named keep their values."""
        with self.summary.step("update the project") as progress:
            template, changed = templates.find(self.lead, self.place), {"StagingInstanceCount": "2"}
            self.project = projects.update(self.lead, self.project, template, changed)
            self.project = projects.wait(self.lead, self.project, progress)

    def delete(self) -> None:
        """The lead deletes the project; nothing that came after `create` may be left."""
        with self.summary.step("delete the project") as progress:
            projects.delete(self.lead, self.project)
            projects.wait_deleted(self.lead, self.project, progress)
        with self.summary.step("nothing is left"):
            self.summary.leftovers = sorted(self._inventory() - self.before)
            if self.summary.leftovers:
                raise PlatformError(
                    f"{len(self.summary.leftovers)} left: {', '.join(self.summary.leftovers)}"
                )
        if self.team:
            with self.summary.step("the team's repositories stay"):
                self.team.check_kept()

    def _inventory(self) -> frozenset[str]:
        others = self.accounts.inventory() if self.accounts else frozenset()
        return account_inventory(self.session) | others

    def sample_record(self) -> Path:
        """Write a raw record to a file, for a first request by hand."""
        path = self.local.data.parent / "record.json"
        path.write_text(json.dumps(self.golden_record()["record"]) + "\n")
        return path

    def _uploaded(self, data: Path) -> str:
        client = self.session.client("s3")
        client.create_bucket(Bucket=DATA_BUCKET)
        client.upload_file(str(data), DATA_BUCKET, data.name)
        return f"s3://{DATA_BUCKET}/{data.name}"

    def importing_image(self, context: Path, name: str) -> AbstractContextManager[Callable[[], None]]:
        """Put an image into its repository as soon as the project has it: before the pipelines look for it."""
        tag = subprocess.run(  # noqa: S603  # our own program with our own arguments
            [sys.executable, str(IMAGE_BUILD), "tag", str(context)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        return self.local.importing_image(context, self.project.names.image_repository(name), tag)

    def _image_contexts(self) -> dict[str, Path]:
        """Return what the project's images are built from, as its repositories have it: by the image's name."""
        folder = self.local.data.parent / "images" / self.project.project_id
        bundle = seeds.unpack_bundle(ROOT, folder / "bundle")
        return {
            name: seeds.write_seed(bundle, repository, self.variant, folder / repository) / context
            for name, (repository, context) in IMAGE_CONTEXTS.items()
        }

    def _resources(self) -> int:
        stored = self.session.client("s3").get_object(
            Bucket=self.published.state_bucket, Key=self.project.names.state_key
        )
        resources = json.loads(stored["Body"].read())["resources"]
        return sum(len(each["instances"]) for each in resources if each["mode"] == "managed")

    def _model_package(self, age: int = 0) -> Mapping[str, Any]:
        newest = approvals.model_packages(self.people.scientist, self.project.names.model_package_group)
        if not newest:
            raise PlatformError("the model build ended green, yet no model is registered")
        name = newest[age]["ModelPackageArn"]
        return self.people.scientist.client("sagemaker").describe_model_package(ModelPackageName=name)

    def _model_quality(self) -> dict[str, float]:
        package = self._model_package()
        quality: dict[str, float] = {}
        if reports := package.get("ModelMetrics"):
            quality |= measured(json.loads(self._read(reports["ModelQuality"]["Statistics"]["S3Uri"])))
        if threshold := package["CustomerMetadataProperties"].get("Threshold"):
            quality["threshold"] = float(threshold)
        return quality

    def golden_record(self, age: int = 0) -> dict[str, Any]:
        """Return a raw record and the score that the evaluation computed for it; ``age`` 1 is the version before."""
        uri = self._model_package(age)["CustomerMetadataProperties"]["GoldenRecordsUri"]
        first: dict[str, Any] = json.loads(self._read(uri).splitlines()[0])
        return first

    def _read(self, uri: str) -> str:
        parts = urlsplit(uri)
        stored = self.people.scientist.client("s3").get_object(
            Bucket=parts.netloc, Key=parts.path.lstrip("/")
        )
        return stored["Body"].read().decode()

    def _at_gate(self) -> bool:
        pipeline = self.project.names.repository("modeldeploy")
        self._raise_if_failed(pipeline, self.executions(pipeline)[0])
        return approvals.waiting_gate(self.people.approver, pipeline) is not None

    def wait_pipeline(self, pipeline: str, number: int, progress: Progress) -> None:
        """Wait until the pipeline's ``number``-th execution succeeded."""

        def succeeded() -> bool:
            executions = self.executions(pipeline)
            if len(executions) < number:
                return False
            execution = executions[-number]
            self._raise_if_failed(pipeline, execution)
            current = [
                each for each in status.stages(self.people.scientist, pipeline) if each.status == "InProgress"
            ]
            progress(current[0].name if current else execution["status"])
            return bool(execution["status"] == "Succeeded")

        self.wait(succeeded, progress)

    def executions(self, pipeline: str) -> list[Mapping[str, Any]]:
        """Return the pipeline's executions, newest first."""
        listed = self.people.scientist.client("codepipeline").list_pipeline_executions(pipelineName=pipeline)
        return list(listed["pipelineExecutionSummaries"])

    def _raise_if_failed(self, pipeline: str, execution: Mapping[str, Any]) -> None:
        if execution["status"] not in ("InProgress", "Succeeded"):
            failed = [
                each for each in status.stages(self.people.scientist, pipeline) if each.status == "Failed"
            ]
            reasons = "; ".join(f"stage {each.name}: {each.message}" for each in failed)
            raise PlatformError(f"{pipeline} is {execution['status']}: {reasons}")

    def wait(self, done: Callable[[], bool], progress: Progress) -> None:
        """Return as soon as ``done``."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise PlatformError(f"nothing came of it in {PATIENCE_SECONDS:.0f} s")
            time.sleep(0.5)


def measured(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a report of a model's quality, by name."""
    kinds = (kind for kind in metrics.values() if isinstance(kind, dict))
    measured = ((name, metric) for kind in kinds for name, metric in kind.items() if isinstance(metric, dict))
    return {
        name: metric["value"] for name, metric in measured if isinstance(metric.get("value"), float | int)
    }
