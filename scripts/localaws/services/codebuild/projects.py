"""CodeBuild projects by API: settings come in as the provider sends them, complete projects with defaults go out.

In place of moto 5.2.5, which demands a source location for type CODEPIPELINE and has no update.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.codebuild.models import codebuild_backends

from localaws.operations import Request, state_of
from localaws.services.codebuild.buildfaults import CodeBuildError, invalid_input, not_found

if TYPE_CHECKING:
    from localaws.services.codebuild.builds import Build

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_]{1,254}")
PAGE = 100
SOURCES = ("CODECOMMIT", "CODEPIPELINE", "NO_SOURCE", "S3")
ARTIFACTS = ("CODEPIPELINE", "NO_ARTIFACTS", "S3")
CACHES = ("NO_CACHE", "LOCAL", "S3")
LINUX = ("LINUX_CONTAINER", "LINUX_GPU_CONTAINER", "ARM_CONTAINER", "LINUX_LAMBDA_CONTAINER")
VARIABLE_TYPES = ("PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER")
SETTABLE = (
    "description",
    "source",
    "secondarySources",
    "sourceVersion",
    "secondarySourceVersions",
    "artifacts",
    "secondaryArtifacts",
    "cache",
    "environment",
    "serviceRole",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "encryptionKey",
    "vpcConfig",
    "logsConfig",
    "concurrentBuildLimit",
    "autoRetryLimit",
)


@dataclass
class Project:
    """One build project, its settings in the API's shape."""

    arn: str
    name: str
    settings: dict[str, Any]
    tags: list[dict[str, str]]
    badge: bool = False
    builds_started: int = 0
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))

    def describe(self) -> dict[str, Any]:
        """Describe the project as the API does."""
        return {
            **self.settings,
            "name": self.name,
            "arn": self.arn,
            "tags": self.tags,
            "created": self.created,
            "lastModified": self.modified,
            "badge": {"badgeEnabled": self.badge},
            "projectVisibility": "PRIVATE",
        }


class CodeBuildState:
    """Projects and builds of one account and region."""

    def __init__(self) -> None:
        self.projects: dict[str, Project] = {}
        self.builds: dict[str, Build] = {}
        self.lock = threading.RLock()


def state_for(account: str, region: str) -> CodeBuildState:
    """Return the CodeBuild state of an account and region."""
    return state_of(codebuild_backends[account][region], CodeBuildState)


def find_project(account: str, region: str, name: str) -> Project:
    """Return a project by name, or answer as AWS does when there is none."""
    found = state_for(account, region).projects.get(name.rsplit("/", 1)[-1])
    if found is None:
        arn = f"arn:aws:codebuild:{region}:{account}:project/{name}"
        raise not_found(f"Project cannot be found: {arn}")
    return found


def create_project(request: Request) -> dict[str, Any]:
    """CreateProject."""
    params, state = request.params, state_for(request.account, request.region)
    name = params["name"]
    if not NAME.fullmatch(name):
        raise invalid_input(f"Invalid project name: {name} must match {NAME.pattern}")
    arn = f"arn:{request.partition}:codebuild:{request.region}:{request.account}:project/{name}"
    settings = _defaults(request) | {key: params[key] for key in SETTABLE if key in params}
    project = Project(arn, name, complete(name, settings), list(params.get("tags", [])))
    _refuse_unsupported(params)
    project.badge = bool(params.get("badgeEnabled"))
    with state.lock:
        if name in state.projects:
            raise CodeBuildError("ResourceAlreadyExistsException", f"Project already exists: {arn}")
        state.projects[name] = project
    return {"project": project.describe()}


def update_project(request: Request) -> dict[str, Any]:
    """UpdateProject; what the request does not name stays."""
    params, state = request.params, state_for(request.account, request.region)
    project = find_project(request.account, request.region, params["name"])
    _refuse_unsupported(params)
    with state.lock:
        changed = project.settings | {key: params[key] for key in SETTABLE if key in params}
        # An empty VPC configuration takes the project out of its VPC.
        if not changed.get("vpcConfig", {}).get("vpcId"):
            changed.pop("vpcConfig", None)
        project.settings = complete(project.name, changed)
        project.tags = list(params.get("tags", project.tags))
        project.badge = bool(params.get("badgeEnabled", project.badge))
        project.modified = datetime.now(UTC)
    return {"project": project.describe()}


def _refuse_unsupported(params: Mapping[str, Any]) -> None:
    for name in ("buildBatchConfig", "fileSystemLocations"):
        if params.get(name):
            raise invalid_input(f"localaws does not support {name}")


def _defaults(request: Request) -> dict[str, Any]:
    key = f"arn:{request.partition}:kms:{request.region}:{request.account}:alias/aws/s3"
    return {
        "cache": {"type": "NO_CACHE"},
        "timeoutInMinutes": 60,
        "queuedTimeoutInMinutes": 480,
        "encryptionKey": key,
        "logsConfig": {},
        "secondarySources": [],
        "secondarySourceVersions": [],
        "secondaryArtifacts": [],
    }


def complete(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Check a project's (or a build's overridden) settings and fill in AWS's defaults.

    Parameters
    ----------
    name
        The project's.
    settings
        In the API's shape.
    """
    filled = dict(settings)
    filled["source"] = _source(settings["source"])
    filled["secondarySources"] = [_source(one) for one in settings["secondarySources"]]
    filled["artifacts"] = _artifacts(name, settings["artifacts"])
    filled["secondaryArtifacts"] = [_artifacts(name, one) for one in settings["secondaryArtifacts"]]
    filled["environment"] = _environment(settings["environment"])
    filled["logsConfig"] = _logs(settings["logsConfig"])
    if settings["cache"]["type"] not in CACHES:
        raise invalid_input("Invalid cache: type must be one of " + ", ".join(CACHES))
    if not re.fullmatch(r"arn:[\w-]+:iam::\d{12}:role/.+", settings["serviceRole"]):
        raise invalid_input("Invalid service role: Service role is not a valid ARN")
    if ("CODEPIPELINE" in filled["source"]["type"]) != ("CODEPIPELINE" in filled["artifacts"]["type"]):
        raise invalid_input("Invalid artifacts: source and artifacts must both be CODEPIPELINE, or neither")
    for field_name, least, most in (("timeoutInMinutes", 5, 2160), ("queuedTimeoutInMinutes", 5, 480)):
        if not least <= filled[field_name] <= most:
            raise invalid_input(f"Invalid {field_name}: {filled[field_name]} is not in {least} to {most}")
    return filled


def _source(source: Mapping[str, Any]) -> dict[str, Any]:
    kind = source["type"]
    if kind not in SOURCES:
        raise invalid_input(f"localaws does not support the project source type {kind}")
    if kind in ("S3", "CODECOMMIT") and not source.get("location"):
        raise invalid_input("Project source location is required")
    if kind == "NO_SOURCE" and not source.get("buildspec"):
        raise invalid_input("Buildspec must be provided when source type is NO_SOURCE")
    if source.get("gitSubmodulesConfig", {}).get("fetchSubmodules"):
        raise invalid_input("localaws does not support fetching Git submodules")
    return {"insecureSsl": False, **source}


def _artifacts(name: str, artifacts: Mapping[str, Any]) -> dict[str, Any]:
    kind = artifacts["type"]
    if kind not in ARTIFACTS:
        raise invalid_input("Invalid type provided: Artifact type")
    if kind == "S3" and not artifacts.get("location"):
        raise invalid_input("Invalid artifacts: artifact type S3 should have a location")
    if kind == "NO_ARTIFACTS":
        return dict(artifacts)
    defaults = {"name": name, "packaging": "NONE", "encryptionDisabled": False}
    # The provider takes a namespace type that nobody set for drift, except for type S3.
    return {**defaults, **({"namespaceType": "NONE"} if kind == "S3" else {}), **artifacts}


def _environment(environment: Mapping[str, Any]) -> dict[str, Any]:
    if environment["type"] not in LINUX:
        raise invalid_input(f"localaws does not support the environment type {environment['type']}")
    variables = [{"type": "PLAINTEXT", **one} for one in environment.get("environmentVariables", [])]
    for variable in variables:
        if variable["type"] not in VARIABLE_TYPES:
            raise invalid_input(f"Invalid environment variable type: {variable['type']}")
    defaults = {"privilegedMode": False, "imagePullCredentialsType": "CODEBUILD"}
    return {**defaults, **environment, "environmentVariables": variables}


def _logs(logs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cloudWatchLogs": logs.get("cloudWatchLogs") or {"status": "ENABLED"},
        "s3Logs": {"encryptionDisabled": False, **(logs.get("s3Logs") or {"status": "DISABLED"})},
    }


def delete_project(request: Request) -> None:
    """DeleteProject; a project that is not there is no error. Its builds stay known, as on AWS."""
    state = state_for(request.account, request.region)
    with state.lock:
        state.projects.pop(request.params["name"].rsplit("/", 1)[-1], None)


def batch_get_projects(request: Request) -> dict[str, Any]:
    """BatchGetProjects, by name or ARN."""
    known = state_for(request.account, request.region).projects
    names = request.params["names"]
    if not 1 <= len(names) <= PAGE:
        raise invalid_input(f"The number of project names must be 1 to {PAGE}")
    found = [known.get(name.rsplit("/", 1)[-1]) for name in names]
    return {
        "projects": [project.describe() for project in found if project],
        "projectsNotFound": [name for name, project in zip(names, found, strict=True) if not project],
    }


def list_projects(request: Request) -> dict[str, Any]:
    """ListProjects."""
    known = state_for(request.account, request.region).projects.values()
    keys = {"CREATED_TIME": "created", "LAST_MODIFIED_TIME": "modified"}
    key = keys.get(request.params.get("sortBy", ""), "name")
    descending = request.params.get("sortOrder") == "DESCENDING"
    names = [one.name for one in sorted(known, key=lambda one: getattr(one, key), reverse=descending)]
    return page("projects", names, request.params)


def page(name: str, items: list[str], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return one page of a list under ``name``, with the token of the next."""
    start = int(params.get("nextToken") or 0)
    answer: dict[str, Any] = {name: items[start : start + PAGE]}
    if start + PAGE < len(items):
        answer["nextToken"] = str(start + PAGE)
    return answer


def update_project_visibility(request: Request) -> dict[str, Any]:
    """UpdateProjectVisibility; only private projects."""
    arn = request.params["projectArn"]
    find_project(request.account, request.region, arn)
    if request.params["projectVisibility"] != "PRIVATE":
        raise invalid_input("localaws does not support public projects")
    return {"projectArn": arn, "projectVisibility": "PRIVATE"}


def list_curated_environment_images(_: Request) -> dict[str, Any]:
    """ListCuratedEnvironmentImages."""
    images = ["aws/codebuild/amazonlinux-x86_64-standard:5.0", "aws/codebuild/standard:7.0"]
    described = [{"name": name, "description": name, "versions": [name]} for name in images]
    languages = [{"language": "PYTHON", "images": described}]
    return {"platforms": [{"platform": "AMAZON_LINUX_2", "languages": languages}]}


def list_source_credentials(_: Request) -> dict[str, Any]:
    """ListSourceCredentials: none can be imported here."""
    return {"sourceCredentialsInfos": []}


OPERATIONS = {
    "BatchGetProjects": batch_get_projects,
    "CreateProject": create_project,
    "DeleteProject": delete_project,
    "ListCuratedEnvironmentImages": list_curated_environment_images,
    "ListProjects": list_projects,
    "ListSourceCredentials": list_source_credentials,
    "UpdateProject": update_project,
    "UpdateProjectVisibility": update_project_visibility,
}
