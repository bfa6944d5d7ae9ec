"""Changes of sources: a branch that moved comes in, executions of the pipelines that watch it go out."""

from __future__ import annotations

from collections.abc import Mapping

from moto.codepipeline.models import codepipeline_backends

from localaws.services.codecommit.refchanges import ReferenceChange
from localaws.services.codeconnections.models import connection_by_arn
from localaws.services.codeconnections.provider_repositories import Push
from localaws.services.codepipeline.executionapi import start
from localaws.services.codepipeline.pipelines import pipelines_of


def start_on_change(change: ReferenceChange) -> None:
    """Start the pipelines that poll the branch that moved; those that an event rule starts do not poll."""
    if change.kind != "branch" or not change.new:
        return
    repository = change.repository
    for pipeline in list(pipelines_of(repository.account, repository.region).by_name.values()):
        for action in pipeline.declaration["stages"][0]["actions"]:
            given = action["configuration"]
            polls = given.get("PollForSourceChanges", "true") != "false"
            watched = (given.get("RepositoryName"), given.get("BranchName"))
            if polls and watched == (repository.name, change.name):
                start(pipeline, {"triggerType": "PollForSourceChanges", "triggerDetail": action["name"]})
                break


def start_on_push(push: Push) -> None:
    """Start the pipelines, in every account and region, whose source is the branch that moved at a provider."""
    for account, region, _ in list(codepipeline_backends.iter_backends()):
        for pipeline in list(pipelines_of(account, region).by_name.values()):
            for action in pipeline.declaration["stages"][0]["actions"]:
                given = action["configuration"]
                watched = (given.get("FullRepositoryId"), given.get("BranchName"))
                detects = given.get("DetectChanges", "true") != "false"
                if detects and watched == (push.full_name, push.branch) and _by_provider(given, push):
                    start(pipeline, {"triggerType": "WebhookV2", "triggerDetail": given["ConnectionArn"]})
                    break


def _by_provider(configuration: Mapping[str, str], push: Push) -> bool:
    connection = connection_by_arn(configuration["ConnectionArn"])
    return bool(connection and connection.status == "AVAILABLE" and connection.provider == push.provider)
