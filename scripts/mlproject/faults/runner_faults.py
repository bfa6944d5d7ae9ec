"""Faults of a project's making and unmaking: the runner dies, AWS refuses, the network breaks."""

from __future__ import annotations

from contextlib import ExitStack

from mlproject import projects
from mlproject.errors import PlatformError
from mlproject.faults.campaign import fault
from mlproject.faults.findings import Finding
from mlproject.faults.injection import Struck
from mlproject.faults.world import World, quiet, timed
from mlproject.rehearsal.life import Life

RUNNER_COMMAND = "terraform_runner"
ROLLED_BACK = (
    "creation failed and rolled back; nothing in the project's name but its entry in Service Catalog"
)


@fault("provider throttling", "20 calls of Terraform's provider to IAM and CodeBuild are answered 429")
def provider_throttling(world: World) -> Finding:
    """The project that lives through the other faults is created under throttling, by Terraform's own retries."""
    throttled = {"status": 429, "code": "ThrottlingException", "message": "Rate exceeded"}
    with ExitStack() as faults, timed() as timer:
        struck = [
            faults.enter_context(world.injector.fault(pattern, times=10, **throttled))
            for pattern in (r"^iam\.(Create|Put|Get)Role", r"^codebuild\.(Create|BatchGet)Project")
        ]
        life = world.project
        hits = sum(each.hits() for each in struck)
    _expect(hits == 20, f"20 calls should have been throttled, {hits} were")
    return Finding("nothing but a longer wait", life.project.status, "by itself", timer.seconds)


@fault("network drop between runner and API", "8 connections of the runner break off without an answer")
def network_drop(world: World) -> Finding:
    """Reads of the runner and of Terraform's provider are cut off in mid-air, during an update of the project."""
    dropped = r"^(iam\.Get|codecommit\.(Get|List)|events\.(Describe|List)|sns\.Get)"
    life = world.project
    with world.injector.fault(dropped, times=8, drop=True) as struck, timed() as timer:
        world.update(life, {"StagingInstanceCount": "2"})
        life.project = projects.wait(life.lead, life.project, quiet)
        _expect(struck.hits() == 8, f"8 connections should have been cut, {struck.hits()} were")
    return Finding("nothing but a longer wait", life.project.status, "by itself", timer.seconds)


@fault("runner killed before init", "kill -9 of the runner while it fetches the template")
def killed_before_init(world: World) -> Finding:
    return _killed_in_create(world, "unborn", r"^s3\. GET .*bundles/", after=0)


@fault("runner killed in apply", "kill -9 of the runner after Terraform made the first repository")
def killed_in_apply(world: World) -> Finding:
    return _killed_in_create(world, "phoenix", r"^codecommit\.CreateRepository", after=1)


@fault("runner killed after apply, before the answer", "kill -9 of the runner as it turns to CloudFormation")
def killed_before_the_answer(world: World) -> Finding:
    return _killed_in_create(world, "speechless", r" PUT cloudformation-custom-resource-response", after=0)


@fault("runner killed in destroy", "kill -9 of the runner while Terraform deletes the roles")
def killed_in_destroy(world: World) -> Finding:
    life = world.start("undead")
    life.project = projects.wait(life.lead, life.project, quiet)
    with world.injector.held(r"^iam\.DeleteRole ", after=1) as struck:
        projects.delete(life.lead, life.project)
        _kill_held_runner(world, struck)
    try:
        projects.wait_deleted(life.lead, life.project, quiet)
    except PlatformError as error:
        _expect(
            world.stack_status(life) == "DELETE_FAILED", f"the stack is {world.stack_status(life)}: {error}"
        )
        seconds = world.delete(life)
        return Finding(str(error), "DeleteFailed; half of the stack is left", "delete again", seconds)
    raise PlatformError("the deletion succeeded though its runner was killed")


@fault("lock held by a dead run", "kill -9 of the runner while an update holds the lock of the state")
def lock_of_a_dead_run(world: World) -> Finding:
    life, wanted = world.project, {"ProductionInstanceCount": "1"}
    with world.injector.held(r"^codebuild\.BatchGetProjects") as struck:
        world.update(life, wanted)
        _kill_held_runner(world, struck)
    seen = world.failure(life)
    _expect("ROLLBACK_COMPLETE" in world.stack_status(life), f"the stack is {world.stack_status(life)}")
    with timed() as timer:
        world.update(life, wanted)
        projects.wait(life.lead, life.project, quiet)
    return Finding(
        seen, "UpdateFailed, rolled back: the roll-back took the dead run's lock away", "retry", timer.seconds
    )


@fault("state bucket unavailable", "every call to the state bucket is answered 503")
def state_bucket_unavailable(world: World) -> Finding:
    bucket = world.platform.published.state_bucket
    with world.injector.fault(
        rf"^s3\..*{bucket}", times=1000, status=503, code="ServiceUnavailable", message="Reduce your rate."
    ) as struck:
        life = world.start("stateless")
        struck.wait()
        world.wait(lambda: "ROLLBACK" in world.stack_status(life), "the creation does not fail")
    return _forgotten(world, life)


@fault("quota error", "CreateRepository answers that the quota of repositories is reached")
def quota_error(world: World) -> Finding:
    message = "Maximum number of repositories exceeded"
    with world.injector.fault(
        r"^codecommit\.CreateRepository",
        times=10,
        code="RepositoryLimitExceededException",
        message=message,
    ):
        life = world.start("toomany")
        finding = _forgotten(world, life)
    _expect(message in finding.seen, f"the reason does not say so: {finding.seen}")
    return finding


def _killed_in_create(world: World, name: str, held: str, after: int) -> Finding:
    with world.injector.held(held, after) as struck:
        life = world.start(name)
        _kill_held_runner(world, struck)
    return _forgotten(world, life)


def _kill_held_runner(world: World, struck: Struck) -> None:
    struck.wait()
    world.containers.kill_program(world.running_build(), RUNNER_COMMAND)


def _forgotten(world: World, life: Life) -> Finding:
    """Wait for the creation to fail, see that it left nothing, and forget the project by deleting it."""
    seen = world.failure(life)
    left = world.left_of(life) - {f"servicecatalog: {life.name}-{life.project.project_id}"}
    _expect(not left, f"the failed creation left {', '.join(sorted(left))}")
    return Finding(seen, ROLLED_BACK, "delete", world.delete(life))


def _expect(held: bool, otherwise: str) -> None:
    if not held:
        raise PlatformError(otherwise)
