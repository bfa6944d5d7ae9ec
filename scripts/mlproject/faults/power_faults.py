"""Faults of the ground itself, and changes while something runs: power loss, update and delete of a busy project."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import requests

from mlproject import projects
from mlproject.errors import PlatformError
from mlproject.faults.campaign import fault
from mlproject.faults.findings import Finding
from mlproject.faults.injection import until
from mlproject.faults.model_versions import Registry, start_pipeline
from mlproject.faults.production import ask, in_production
from mlproject.faults.world import World, quiet, timed

START_SECONDS = 60.0
SETTLED_SECONDS = 15.0
"""State reaches the disk within seconds; what changed later may be lost, as docs/localaws.md says."""


@fault(
    "power loss of localaws itself",
    "kill -9 of the server while a pipeline runs and another waits at the gate",
)
def power_loss(world: World) -> Finding:
    in_production(world)
    models = Registry(world, world.project)
    waiting = models.approve(models.copy())
    waiting.wait_gate()
    running = start_pipeline(world, "modelbuild")
    until(lambda: running.stage_status("Test") == "InProgress", "the model build does not start")
    time.sleep(SETTLED_SECONDS)
    with timed() as timer:
        restart(world)
        until(lambda: ask(world).status_code == requests.codes.ok, "production does not come back")
        waiting.wait_gate()
    stage, told = running.failure()
    running.retry(stage)
    until(lambda: running.stage_status(stage) == "Succeeded", "the retry does not succeed")
    running.abandon()
    waiting.decide("Rejected")
    waiting.end()
    return Finding(
        f"stage {stage} of the model build: {told}",
        "what ran failed and says why; the gate asks again; production serves",
        "restart with the same --data, retry of the stage",
        timer.seconds,
    )


def restart(world: World) -> None:
    """Kill the server with no chance to clean up, and start it again with the same words."""
    process = Path(f"/proc/{world.server_process}")
    command = [word.decode() for word in (process / "cmdline").read_bytes().split(b"\0") if word]
    settings = [
        line.decode().partition("=") for line in (process / "environ").read_bytes().split(b"\0") if line
    ]
    os.kill(world.server_process, signal.SIGKILL)
    until(lambda: not _answers(world), "the killed server still answers", 10)
    with world.local.log.open("a") as log:
        world.restarted = subprocess.Popen(  # noqa: S603 - the same program as before
            command,
            env={name: value for name, _, value in settings},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until(lambda: _answers(world), "localaws does not start again", START_SECONDS)


def _answers(world: World) -> bool:
    try:
        return requests.get(f"{world.local.endpoint}/_localaws/health", timeout=5).ok
    except requests.RequestException:
        return False


@fault("update while a pipeline runs", "the lead updates the project while the model build runs")
def update_while_running(world: World) -> Finding:
    life = world.train()
    running = start_pipeline(world, "modelbuild")
    until(lambda: running.stage_status("Test") == "InProgress", "the model build does not start")
    with timed() as timer:
        world.update(life, {"StagingInstanceCount": "3"})
        life.project = projects.wait(life.lead, life.project, quiet)
    status = running.status
    if status not in ("InProgress", "Succeeded"):
        raise PlatformError(f"the update broke the model build: {running.failure()}")
    running.abandon()
    return Finding(
        "nothing", f"{life.project.status}; the model build is {status}", "by itself", timer.seconds
    )


@fault("delete while a pipeline runs", "the lead deletes the project while the model build runs")
def delete_while_running(world: World) -> Finding:
    life = world.train()
    running = start_pipeline(world, "modelbuild")
    until(lambda: running.stage_status("Test") == "InProgress", "the model build does not start")
    seconds = world.delete(life)
    world.forget_project()
    return Finding("nothing", "DeleteCompleted; nothing in the project's name is left", "by itself", seconds)
