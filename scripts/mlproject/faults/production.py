"""The project in production: a good version is brought there when a fault needs it, and asked as by an application."""

from __future__ import annotations

import json

import requests

from mlproject import projects
from mlproject.errors import PlatformError
from mlproject.faults.injection import until
from mlproject.faults.model_versions import Execution, Registry
from mlproject.faults.world import World
from mlproject.rehearsal import rest


def registry(world: World) -> Registry:
    """Return the registry of the project, which has trained by then."""
    return Registry(world, world.train())


def ask(world: World) -> requests.Response:
    """Post a raw record to production's REST API, as an application does."""
    url = projects.outputs(world.project.lead, world.project.project)["ProductionApiUrl"]
    record = Registry(world, world.project).golden_record()["record"]
    return rest.post(world.local, url, json.dumps(record).encode())


def expect_answers(world: World, status: int) -> None:
    """Raise unless production answers with this status."""
    answer = ask(world)
    if answer.status_code != status:
        raise PlatformError(f"production answers {answer.status_code}: {answer.text}")


def in_production(world: World) -> None:
    """Bring a good version to production, unless one is there."""
    until(lambda: not world.endpoint_status("prod").endswith("ing"), "production's endpoint does not settle")
    if world.endpoint_status("prod") == "InService":
        return
    models = registry(world)
    waiting = world.waiting
    pipeline = world.project.project.names.repository("modeldeploy")
    deployment = Execution(world, pipeline, waiting) if waiting else models.approve(models.copy())
    deployment.wait_gate()
    deployment.decide()
    if deployment.end() != "Succeeded":
        raise PlatformError(f"production is not reached: {deployment.failure()}")
    world.waiting = ""
    if ask(world).status_code != requests.codes.ok:
        raise PlatformError("production does not answer")
