"""Source from CodeCommit: a branch comes in, its tip as a zip (or a reference for a full clone) goes out."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from localaws.iam.implied import may_fetch
from localaws.services.codecommit.repositories import find_repository
from localaws.services.codepipeline.actions.context import ActionContext
from localaws.services.codepipeline.pipelinefaults import ActionFailed

CLONE = "CODEBUILD_CLONE_REF"


def run(context: ActionContext) -> None:
    """Carry out the action."""
    name, branch = context.configuration["RepositoryName"], context.configuration["BranchName"]
    client = context.client("codecommit")
    override = context.execution.source_revisions.get(context.run.name, {})
    commit_id = override.get("revisionValue") or _tip(context, name, branch)
    commit = client.get_commit(repositoryName=name, commitId=commit_id)["commit"]
    message = commit["message"].rstrip("\n")
    [location] = context.run.outputs.values()
    if context.configuration.get("OutputArtifactFormat") == CLONE:
        reference = {"RepositoryName": name, "BranchName": branch, "CommitId": commit_id}
        context.store.put(location, json.dumps(reference).encode())
    else:
        repository = find_repository(context.pipeline.account, context.region, name)
        if not may_fetch(context.role_arn, repository.arn):
            raise ActionFailed(
                f"The service role or action role doesn't have the permissions required to access the AWS CodeCommit "
                f"repository named {name}. Update the IAM role permissions, and then try again.",
                "PermissionError",
            )
        context.store.put(location, repository.git.archive(commit_id))
    url = (
        f"https://{context.region}.console.aws.amazon.com/codesuite/codecommit/repositories/{name}/commit/"
        f"{commit_id}?region={context.region}"
    )
    context.set_revision(commit_id, message, url, datetime.now(UTC))
    context.run.variables = {
        "AuthorDate": git_time(commit["author"]["date"]),
        "BranchName": branch,
        "CommitId": commit_id,
        "CommitMessage": message,
        "CommitterDate": git_time(commit["committer"]["date"]),
        "RepositoryName": name,
    }


def _tip(context: ActionContext, name: str, branch: str) -> str:
    client = context.client("codecommit")
    return str(client.get_branch(repositoryName=name, branchName=branch)["branch"]["commitId"])


def git_time(raw: str) -> str:
    """Turn git's raw date into the form that CodePipeline gives its variables."""
    seconds = int(raw.split(" ")[0])
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
