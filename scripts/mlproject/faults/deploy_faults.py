"""Faults between a model's approval and production: bad models, lost packages, late and absent approvers."""

from __future__ import annotations

import requests

from mlproject.errors import PlatformError
from mlproject.faults.campaign import fault
from mlproject.faults.findings import Finding
from mlproject.faults.model_versions import Objects, damaged
from mlproject.faults.production import expect_answers, in_production, registry
from mlproject.faults.world import World, timed

GATE = "ApproveProduction"
SHORT_MINUTE = 0.0005
"""Seconds: seven days then pass in five."""


@fault(
    "staging test failing", "a model version is approved whose scores are not those that its evaluation saw"
)
def staging_test_failing(world: World) -> Finding:
    models = registry(world)
    stage, told = models.approve(models.copy_with_other_scores()).failure()
    if stage != "DeployStaging":
        raise PlatformError(f"{stage} failed instead of DeployStaging: {told}")
    if world.endpoint_status("prod"):
        raise PlatformError("production has an endpoint, though staging failed its tests")
    with timed() as timer:
        good = models.approve(models.trained["ModelPackageArn"])
        good.wait_gate()
    good.decide("Rejected")
    return Finding(
        f"stage {stage}: {told}",
        "red before the gate; production untouched",
        "approving a good version",
        timer.seconds,
    )


@fault(
    "model package deleted between approval and deploy",
    "the approved version is deleted before the deploy pipeline looks at it",
)
def model_package_deleted(world: World) -> Finding:
    models = registry(world)
    arn = models.copy()
    before = _deployed(world)
    deployment = models.approve(arn)
    world.client("sagemaker").delete_model_package(ModelPackageName=arn)
    stage, told = deployment.failure()
    if _deployed(world) != before:
        raise PlatformError("endpoints have changed, though there was nothing to deploy")
    with timed() as timer:
        other = models.approve(models.copy())
        other.wait_gate()
    other.decide("Rejected")
    return Finding(
        f"stage {stage}: {told}",
        "red; staging and production as they were",
        "approving another version",
        timer.seconds,
    )


@fault("two approvals in quick succession", "two versions are approved within a second")
def two_approvals(world: World) -> Finding:
    models = registry(world)
    first, second = (models.approve(arn) for arn in (models.copy(), models.copy()))
    asked = first.wait_gate()
    if second.stage_status("ApproveProduction"):
        raise PlatformError("both versions stand at the gate at once")
    first.decide("Rejected")
    with timed() as timer:
        gate = second.wait_gate()
    if gate.message == asked.message:
        raise PlatformError(f"the gate asks about the first version again: {gate.message}")
    second.decide("Rejected")
    return Finding(
        f"first: {asked.message} / then: {gate.message}",
        "one at a time: the second waits before the gate until the first is decided",
        "deciding the first",
        timer.seconds,
    )


@fault("approver unsubscribed", "whoever was to be told of the gate has unsubscribed from the topic")
def approver_unsubscribed(world: World) -> Finding:
    models, sns = registry(world), world.client("sns")
    name = f"{world.project.project.names.prefix}-approvals"
    topics = [
        each["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for each in page["Topics"]
    ]
    topic = next(arn for arn in topics if arn.endswith(f":{name}"))
    subscribed = sns.subscribe(
        TopicArn=topic, Protocol="email", Endpoint="gone@example.com", ReturnSubscriptionArn=True
    )
    sns.unsubscribe(SubscriptionArn=subscribed["SubscriptionArn"])
    deployment = models.approve(models.copy())
    gate = deployment.wait_gate()
    with timed() as timer:
        deployment.decide("Rejected")
        stage, _ = deployment.failure()
    if stage != GATE:
        raise PlatformError(f"{stage} failed instead of {GATE}")
    return Finding(
        f"no e-mail; `mlproject status` shows the gate: {gate.message}",
        "the pipeline waits at the gate",
        "deciding by the command line",
        timer.seconds,
    )


@fault("approval expired", "nobody decides at the gate within seven days")
def approval_expired(world: World) -> Finding:
    models = registry(world)
    deployment = models.approve(models.copy())
    deployment.wait_gate()
    before = _deployed(world)
    with world.injector.pace(SHORT_MINUTE):
        stage, told = deployment.failure()
    if stage != GATE:
        raise PlatformError(f"{stage} failed instead of {GATE}: {told}")
    if _deployed(world) != before:
        raise PlatformError("endpoints have changed, though nobody has agreed")
    with timed() as timer:
        deployment.retry(GATE)
        deployment.wait_gate()
    world.waiting = deployment.execution_id
    return Finding(
        f"stage {stage}: {told}", "red at the gate; production untouched", "retry of the stage", timer.seconds
    )


@fault(
    "endpoint container crash at start", "a model that passed staging is damaged before production loads it"
)
def crash_at_start(world: World) -> Finding:
    in_production(world)
    models = registry(world)
    arn, artefact = models.copy_with_own_artefact()
    deployment = models.approve(arn)
    deployment.wait_gate()
    good = Objects(world).read(artefact)
    Objects(world).write(artefact, damaged(good))
    deployment.decide()
    stage, told = deployment.failure()
    expect_answers(world, requests.codes.ok)
    state = world.stage_stack_status("prod")
    if state != "UPDATE_ROLLBACK_COMPLETE":
        raise PlatformError(f"production's stack is {state}")
    Objects(world).write(artefact, good)
    with timed() as timer:
        # A change set that failed is spent: all actions of the stage, so that another one is made.
        deployment.retry(stage, "ALL_ACTIONS")
        if deployment.end() != "Succeeded":
            raise PlatformError(f"the retry ended {deployment.status}: {deployment.failure()}")
    return Finding(
        f"stage {stage}: {told}",
        "stack rolled back; production goes on with the version before",
        "retry of the stage, all actions",
        timer.seconds,
    )


def _deployed(world: World) -> dict[str, object]:
    """Return the endpoints, and when each was last changed."""
    listed = world.client("sagemaker").list_endpoints()["Endpoints"]
    return {each["EndpointName"]: each["LastModifiedTime"] for each in listed}
