"""The world that faults happen in: one local AWS, one published platform, and projects made when a fault needs them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlproject import catalog, projects, publish
from mlproject.errors import PlatformError
from mlproject.faults.containers import Containers, containers
from mlproject.faults.injection import Injector, until
from mlproject.rehearsal.inventory import account_inventory
from mlproject.rehearsal.life import Life
from mlproject.rehearsal.local import LocalAws
from mlproject.rehearsal.report import Summary

if TYPE_CHECKING:
    import boto3

RUNNER = "mlproject-platform-runner"
PLATFORM_STACK = "mlproject-platform"
PROJECT = "faults"


def quiet(_: str) -> None:
    """Take progress that nobody needs."""


@dataclass
class Timer:
    """Seconds from its making to `stop`."""

    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Timer]:
    """Time what happens inside."""
    timer = Timer()
    try:
        yield timer
    finally:
        timer.seconds = time.monotonic() - timer.started


@dataclass
class World:
    """One account, its platform, and the project that lives through most of the faults.

    Attributes
    ----------
    local
        Where the account is.
    containers
        The containers that run there.
    platform
        The published platform, as the life of somebody who has only published it.
    """

    local: LocalAws
    containers: Containers = field(init=False)
    session: boto3.Session = field(init=False)
    injector: Injector = field(init=False)
    platform: Life = field(init=False)
    before: frozenset[str] = frozenset()
    _project: Life | None = None
    _trained: bool = False
    restarted: subprocess.Popen[bytes] | None = None
    waiting: str = ""
    """The execution of the deploy pipeline that stands at the gate with a good version, if one does."""

    def __post_init__(self) -> None:
        self.session = self.local.session()
        self.injector = Injector(self.local.endpoint)
        self.platform = Life(self.local, self.session, Summary(self.local.engine.name))
        self.containers = containers(self.local.engine.name)

    def client(self, service: str) -> Any:
        """Return a client of the account's owner."""
        return self.session.client(service)  # type: ignore[call-overload]  # the name is data here

    def publish(self) -> None:
        """Publish the platform, before anything is broken."""
        self.platform.publish()
        self.before = account_inventory(self.session)

    @property
    def project(self) -> Life:
        """The project that lives through most of the faults, created."""
        if self._project is None:
            self._project = self.new_life(PROJECT)
            self._project.create()
        return self._project

    def train(self) -> Life:
        """Return the same project, its first model registered and its first runs over."""
        life = self.project
        if not self._trained:
            life.train()
            life.wait_for_nothing_to_deploy()
            self._trained = True
        return life

    def new_life(self, name: str) -> Life:
        """Return a project that is not created yet."""
        life = Life(self.local, self.session, Summary(self.local.engine.name), name=name)
        life.published, life.lead = self.platform.published, self.platform.lead
        return life

    def start(self, name: str) -> Life:
        """Start the creation of a project, without its images: its pipelines are not waited for."""
        life = self.new_life(name)
        product = catalog.find(life.lead, publish.PRODUCT_NAME)
        life.before = account_inventory(self.session)
        life.project = projects.create(life.lead, product, name, {})
        return life

    def failure(self, life: Life) -> str:
        """Wait for the creation to fail; return the reason that the lead is given."""
        try:
            projects.wait(life.lead, life.project, quiet)
        except PlatformError as error:
            return str(error)
        raise PlatformError(f"project {life.name} was created in spite of the fault")

    def left_of(self, life: Life) -> set[str]:
        """Return what the account holds in the project's name."""
        return {entry for entry in account_inventory(self.session) if life.project.project_id in entry}

    def delete(self, life: Life) -> float:
        """Delete a project; nothing in its name may be left; return the seconds it took."""
        with timed() as timer:
            projects.delete(life.lead, life.project)
            projects.wait_deleted(life.lead, life.project, quiet)
        if left := self.left_of(life):
            raise PlatformError(f"the deleted project left {', '.join(sorted(left))}")
        return timer.seconds

    def running_build(self, project: str = RUNNER) -> str:
        """Return the build of a CodeBuild project that runs now, waited for."""
        client = self.client("codebuild")
        found: list[str] = []

        def running() -> bool:
            ids = client.list_builds_for_project(projectName=project)["ids"]
            builds = client.batch_get_builds(ids=ids[:5])["builds"] if ids else []
            found[:] = [each["id"] for each in builds if each["buildStatus"] == "IN_PROGRESS"]
            return bool(found)

        until(running, f"no build of {project} runs")
        return found[0]

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Return as soon as ``done``."""
        until(done, what)

    def update(self, life: Life, parameters: Mapping[str, str]) -> None:
        """Start an update of a project by its lead, as Studio does it."""
        life.lead.client("sagemaker").update_project(
            ProjectName=life.name,
            ServiceCatalogProvisioningUpdateDetails={
                "ProvisioningParameters": [{"Key": key, "Value": value} for key, value in parameters.items()],
            },
        )
        life.project = projects.find(life.lead, life.name)

    def stack_status(self, life: Life) -> str:
        """Return the status of the project's CloudFormation stack, empty before there is one."""
        described = life.lead.client("sagemaker").describe_project(ProjectName=life.name)
        provisioned = described["ServiceCatalogProvisionedProductDetails"].get("ProvisionedProductId", "")
        stacks = self.client("cloudformation").get_paginator("list_stacks").paginate()
        return next(
            (
                each["StackStatus"]
                for page in stacks
                for each in page["StackSummaries"]
                if provisioned and each["StackName"].endswith(provisioned)
            ),
            "",
        )

    def endpoint_name(self, stage: str) -> str:
        """Return the name of a stage's endpoint."""
        return f"{self.project.project.names.short_prefix}-{stage}"

    def endpoint_status(self, stage: str) -> str:
        """Return the status of a stage's endpoint, empty when there is none."""
        endpoints = self.client("sagemaker").list_endpoints()["Endpoints"]
        name = self.endpoint_name(stage)
        return next((each["EndpointStatus"] for each in endpoints if each["EndpointName"] == name), "")

    def stage_stack_status(self, stage: str) -> str:
        """Return the status of a stage's stack."""
        name = self.project.project.names.stage_stack(stage)
        status: str = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0][
            "StackStatus"
        ]
        return status

    @property
    def platform_key(self) -> str:
        """The id of the platform's KMS key."""
        resources = self.client("cloudformation").describe_stack_resources(StackName=PLATFORM_STACK)
        found: str = next(
            each["PhysicalResourceId"]
            for each in resources["StackResources"]
            if each["ResourceType"] == "AWS::KMS::Key"
        )
        return found

    @property
    def server_process(self) -> int:
        """The process of the local AWS, also after a restart."""
        return self.restarted.pid if self.restarted is not None else self.local.process_id

    def forget_project(self) -> None:
        """Know that the project has been deleted."""
        self._project, self._trained, self.waiting = None, False, ""

    def close(self) -> None:
        """End a server that was started again."""
        if self.restarted is not None:
            self.restarted.terminate()
            self.restarted.wait()

    def end(self) -> list[str]:
        """Delete the project, if there is one; return what the account holds that the platform did not bring."""
        if self._project is not None:
            self.delete(self._project)
        return sorted(account_inventory(self.session) - self.before)
