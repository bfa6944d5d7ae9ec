"""Starting, stopping and reading builds by API: requests come in, builds that really run go out."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from localaws.operations import Request
from localaws.runtime import runtime
from localaws.services.codebuild.buildfaults import CodeBuildError, invalid_input, not_found
from localaws.services.codebuild.buildrun import BuildRun
from localaws.services.codebuild.builds import RUNNING, Build, PipelineBinding
from localaws.services.codebuild.projects import (
    PAGE,
    CodeBuildState,
    Project,
    complete,
    find_project,
    page,
    state_for,
)

TOKEN_LIFE = timedelta(minutes=5)
# Request parameter -> the project setting that it overrides.
OVERRIDES = {
    "artifactsOverride": "artifacts",
    "secondaryArtifactsOverride": "secondaryArtifacts",
    "secondarySourcesOverride": "secondarySources",
    "secondarySourcesVersionOverride": "secondarySourceVersions",
    "sourceVersion": "sourceVersion",
    "cacheOverride": "cache",
    "serviceRoleOverride": "serviceRole",
    "timeoutInMinutesOverride": "timeoutInMinutes",
    "queuedTimeoutInMinutesOverride": "queuedTimeoutInMinutes",
    "encryptionKeyOverride": "encryptionKey",
    "logsConfigOverride": "logsConfig",
}
SOURCE_OVERRIDES = {
    "sourceTypeOverride": "type",
    "sourceLocationOverride": "location",
    "buildspecOverride": "buildspec",
    "gitCloneDepthOverride": "gitCloneDepth",
}
ENVIRONMENT_OVERRIDES = {
    "environmentTypeOverride": "type",
    "imageOverride": "image",
    "computeTypeOverride": "computeType",
    "privilegedModeOverride": "privilegedMode",
    "imagePullCredentialsTypeOverride": "imagePullCredentialsType",
}
HARMLESS = {
    "projectName",
    "idempotencyToken",
    "environmentVariablesOverride",
    "insecureSslOverride",
    "reportBuildStatusOverride",
    "certificateOverride",
    "debugSessionEnabled",
}
_bindings: dict[str, PipelineBinding] = {}
_bindings_lock = threading.Lock()


def offer_binding(token: str, binding: PipelineBinding) -> None:
    """Give the build that StartBuild starts with idempotency token ``token`` its pipeline's artifacts."""
    with _bindings_lock:
        _bindings[token] = binding


def start_build(request: Request) -> dict[str, Any]:
    """StartBuild; the same idempotency token gives the same build."""
    state = state_for(request.account, request.region)
    project = find_project(request.account, request.region, request.params["projectName"])
    with state.lock:
        known = _same_token(state, request.params)
        if known:
            return {"build": known.describe()}
        build = _make(request, project)
        _check_limit(state, project)
        state.builds[build.build_id] = build
    answer = {"build": build.describe()}
    runtime().spawn(f"build {build.build_id}", BuildRun(build).run)
    return answer


def _same_token(state: CodeBuildState, params: Mapping[str, Any]) -> Build | None:
    token = params.get("idempotencyToken")
    for build in state.builds.values():
        if token and build.request.get("idempotencyToken") == token:
            if datetime.now(UTC) - build.start > TOKEN_LIFE:
                continue
            if dict(build.request) != dict(params):
                raise invalid_input(
                    "Parameters do not match those of the build with the same idempotency token"
                )
            return build
    return None


def _check_limit(state: CodeBuildState, project: Project) -> None:
    limit = project.settings.get("concurrentBuildLimit")
    running = sum(one.project == project.name and one.end is None for one in state.builds.values())
    if limit and running >= limit:
        raise CodeBuildError(
            "AccountLimitExceededException",
            f"Project-level concurrent build limit cannot exceed {limit} for {project.name}",
        )


def _make(request: Request, project: Project) -> Build:
    params = request.params
    build_uuid = str(uuid.uuid4())
    build_id = f"{project.name}:{build_uuid}"
    with _bindings_lock:
        binding = _bindings.pop(params.get("idempotencyToken", ""), None)
    settings = _settings(project, params)
    if settings["source"]["type"] == "CODEPIPELINE" and binding is None:
        raise invalid_input(
            "Build of a project with source type CODEPIPELINE can only be started by CodePipeline"
        )
    project.builds_started += 1
    caller = request.caller_arn.split(":")[-1].removeprefix("assumed-role/").removeprefix("user/")
    return Build(
        account=request.account,
        region=request.region,
        build_id=build_id,
        arn=f"arn:{request.partition}:codebuild:{request.region}:{request.account}:build/{build_id}",
        number=project.builds_started,
        project=project.name,
        project_arn=project.arn,
        settings=settings,
        request=dict(params),
        initiator=f"codepipeline/{binding.pipeline}" if binding else caller,
        binding=binding,
        source_version=settings.get("sourceVersion", ""),
    )


def _settings(project: Project, params: Mapping[str, Any]) -> dict[str, Any]:
    handled = {*OVERRIDES, *SOURCE_OVERRIDES, *ENVIRONMENT_OVERRIDES, *HARMLESS}
    strange = sorted(params.keys() - handled)
    if strange:
        raise invalid_input(f"localaws does not support {', '.join(strange)}")
    settings = project.settings | {name: params[key] for key, name in OVERRIDES.items() if key in params}
    source = {name: params[key] for key, name in SOURCE_OVERRIDES.items() if key in params}
    environment = {name: params[key] for key, name in ENVIRONMENT_OVERRIDES.items() if key in params}
    settings["source"] = project.settings["source"] | source
    variables = {one["name"]: one for one in project.settings["environment"]["environmentVariables"]}
    variables |= {one["name"]: one for one in params.get("environmentVariablesOverride", [])}
    settings["environment"] = {
        **project.settings["environment"],
        **environment,
        "environmentVariables": list(variables.values()),
    }
    return complete(project.name, settings)


def retry_build(request: Request) -> dict[str, Any]:
    """RetryBuild: the same request once more."""
    build = _build(request, request.params["id"])
    if build.end is None:
        raise invalid_input(f"Build {build.build_id} is not complete")
    if build.binding:
        raise invalid_input("A build that a pipeline started is retried by the pipeline")
    params = {key: value for key, value in build.request.items() if key != "idempotencyToken"}
    if request.params.get("idempotencyToken"):
        params["idempotencyToken"] = request.params["idempotencyToken"]
    return start_build(Request(request.account, request.region, request.access_key, params))


def stop_build(request: Request) -> dict[str, Any]:
    """StopBuild."""
    build = _build(request, request.params["id"])
    build.stop()
    return {"build": build.describe()}


def _build(request: Request, identifier: str) -> Build:
    found = state_for(request.account, request.region).builds.get(_bare(identifier))
    if found is None:
        raise not_found(f"Build {identifier} does not exist")
    return found


def _bare(identifier: str) -> str:
    """Return the id from an id or an ARN."""
    return re.sub(r"^arn:.*:build/", "", identifier)


def batch_get_builds(request: Request) -> dict[str, Any]:
    """BatchGetBuilds."""
    known = state_for(request.account, request.region).builds
    ids = request.params["ids"]
    if not 1 <= len(ids) <= PAGE:
        raise invalid_input(f"The number of build ids must be 1 to {PAGE}")
    return {
        "builds": [known[_bare(one)].describe() for one in ids if _bare(one) in known],
        "buildsNotFound": [one for one in ids if _bare(one) not in known],
    }


def batch_delete_builds(request: Request) -> dict[str, Any]:
    """BatchDeleteBuilds; a running build stays."""
    state = state_for(request.account, request.region)
    deleted, kept = [], []
    with state.lock:
        for identifier in request.params["ids"]:
            build = state.builds.get(_bare(identifier))
            if build is None:
                continue
            if build.status == RUNNING:
                kept.append({"id": build.arn, "statusCode": "BUILD_IN_PROGRESS"})
            else:
                deleted.append(state.builds.pop(build.build_id).arn)
    return {"buildsDeleted": deleted, "buildsNotDeleted": kept}


def list_builds(request: Request) -> dict[str, Any]:
    """ListBuilds."""
    return _listed(request, list(state_for(request.account, request.region).builds.values()))


def list_builds_for_project(request: Request) -> dict[str, Any]:
    """ListBuildsForProject."""
    name = find_project(request.account, request.region, request.params["projectName"]).name
    known = state_for(request.account, request.region).builds.values()
    return _listed(request, [build for build in known if build.project == name])


def _listed(request: Request, builds: list[Build]) -> dict[str, Any]:
    newest_first = request.params.get("sortOrder", "DESCENDING") == "DESCENDING"
    ids = [one.build_id for one in sorted(builds, key=lambda one: one.start, reverse=newest_first)]
    return page("ids", ids, request.params)


OPERATIONS = {
    "BatchDeleteBuilds": batch_delete_builds,
    "BatchGetBuilds": batch_get_builds,
    "ListBuilds": list_builds,
    "ListBuildsForProject": list_builds_for_project,
    "RetryBuild": retry_build,
    "StartBuild": start_build,
    "StopBuild": stop_build,
}
