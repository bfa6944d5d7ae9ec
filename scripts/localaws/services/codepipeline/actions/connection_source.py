"""Source by a connection: a provider's branch comes in, its tip as a zip (or a reference for a full clone) goes out."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from localaws.iam.implied import may_use_connection
from localaws.services.codecommit.gitstore import GitStore
from localaws.services.codeconnections import provider_repositories
from localaws.services.codeconnections.models import Connection, connection_by_arn
from localaws.services.codepipeline.actions.commit_source import CLONE, git_time
from localaws.services.codepipeline.actions.context import ActionContext
from localaws.services.codepipeline.pipelinefaults import ActionFailed

_PAGES = {
    "AzureDevOps": "https://dev.azure.com/{name}/commit/{commit}",
    "Bitbucket": "https://bitbucket.org/{name}/commits/{commit}",
    "GitHub": "https://github.com/{name}/commit/{commit}",
    "GitLab": "https://gitlab.com/{name}/-/commit/{commit}",
}


def run(context: ActionContext) -> None:
    """Carry out the action."""
    name, branch = context.configuration["FullRepositoryId"], context.configuration["BranchName"]
    connection = _connection(context, name)
    store = provider_repositories.store_of(connection.provider, name)
    if store is None:
        raise ActionFailed(
            f"No repository with name {name} was found by the connection {connection.arn}", "JobFailed"
        )
    commit_id = _commit_id(context, store, name, branch)
    commit = store.commit(commit_id)
    message = commit.message.rstrip("\n")
    [location] = context.run.outputs.values()
    if context.configuration.get("OutputArtifactFormat") == CLONE:
        reference = {"ConnectionArn": connection.arn, "FullRepositoryId": name, "CommitId": commit_id}
        context.store.put(location, json.dumps(reference).encode())
    else:
        context.store.put(location, store.archive(commit_id))
    url = _PAGES[connection.provider].format(name=name, commit=commit_id)
    context.set_revision(commit_id, message, url, datetime.now(UTC))
    context.run.variables = {
        "AuthorDate": git_time(commit.author.date),
        "BranchName": branch,
        "CommitId": commit_id,
        "CommitMessage": message,
        "ConnectionArn": connection.arn,
        "FullRepositoryName": name,
    }


def _connection(context: ActionContext, name: str) -> Connection:
    arn = context.configuration["ConnectionArn"]
    found = connection_by_arn(arn)
    if found is None or found.status != "AVAILABLE":
        raise ActionFailed(f"Connection {arn} is not available", "ConfigurationError")
    if not may_use_connection(context.role_arn, arn, name):
        raise ActionFailed(
            f"Unable to use Connection: {arn}. The provided role does not have sufficient permissions.",
            "PermissionError",
        )
    return found


def _commit_id(context: ActionContext, store: GitStore, name: str, branch: str) -> str:
    override = context.execution.source_revisions.get(context.run.name, {})
    wanted = override.get("revisionValue", "")
    found = store.resolve(wanted) if wanted else store.branches().get(branch)
    if found is None:
        raise ActionFailed(f"No Branch [{branch}] found for FullRepositoryName [{name}]")
    return found
