"""Build and test with CodeBuild: artifacts come in, a build runs, its artifacts and exported variables go out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localaws.services.codebuild.buildapi import offer_binding
from localaws.services.codebuild.builds import PipelineBinding
from localaws.services.codepipeline.actions.context import ActionContext
from localaws.services.codepipeline.pipelinefaults import Abandoned, ActionFailed


def run(context: ActionContext) -> None:
    """Carry out the action."""
    client, record = context.client("codebuild"), context.run
    primary = context.configuration.get("PrimarySource") or next(iter(record.inputs))
    if primary not in record.inputs:
        raise ActionFailed(f"PrimarySource {primary} is not an input artifact", "ConfigurationError")
    binding = PipelineBinding(
        context.pipeline.name,
        record.inputs,
        primary,
        record.outputs,
        _revision(context, primary),
        context.store.encryption_key,
    )
    offer_binding(record.run_id, binding)
    build = client.start_build(
        projectName=context.configuration["ProjectName"],
        environmentVariablesOverride=_variables(context.configuration.get("EnvironmentVariables", "[]")),
        idempotencyToken=record.run_id,
    )["build"]
    _follow(context, build)
    try:
        for _ in context.ticks():
            build = client.batch_get_builds(ids=[build["id"]])["builds"][0]
            if build["buildComplete"]:
                break
    except (Abandoned, ActionFailed):
        client.stop_build(id=build["id"])
        raise
    if build["buildStatus"] != "SUCCEEDED":
        raise ActionFailed(_reason(build))
    record.variables = {one["name"]: one["value"] for one in build["exportedEnvironmentVariables"]}


def _revision(context: ActionContext, artifact: str) -> str:
    """Return the source revision that an artifact is or was made from."""
    revisions = list(context.execution.revisions.values())
    own = [revision["id"] for revision in revisions if revision["artifact"] == artifact]
    return str(own[0] if own else revisions[0]["id"] if revisions else "")


def _variables(text: str) -> list[Mapping[str, str]]:
    try:
        variables: list[Mapping[str, str]] = json.loads(text)
    except ValueError as error:
        raise ActionFailed(f"EnvironmentVariables is not JSON: {error}", "ConfigurationError") from error
    return variables


def _follow(context: ActionContext, build: Mapping[str, Any]) -> None:
    record, region, account = context.run, context.region, context.pipeline.account
    record.external_id = build["id"]
    record.external_url = (
        f"https://console.aws.amazon.com/codesuite/codebuild/{account}/projects/{build['projectName']}/build/"
        f"{build['id'].replace(':', '%3A')}/?region={region}"
    )
    record.log_stream_arn = build["logs"].get("cloudWatchLogsArn", "")


def _reason(build: Mapping[str, Any]) -> str:
    """Say how a build ended as CodePipeline does, with the first phase that failed and where the log is."""
    message = f"Build terminated with state: {build['buildStatus']}"
    failed = [
        (phase["phaseType"], context)
        for phase in build["phases"]
        for context in phase.get("contexts", [])
        if context["statusCode"]
    ]
    if failed:
        phase, context = failed[0]
        message += f". Phase: {phase}, Code: {context['statusCode']}, Message: {context['message']}"
    link = build["logs"].get("deepLink")
    return f"{message} (log: {link})" if link else message
