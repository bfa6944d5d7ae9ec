"""CodeBuild that builds: projects and StartBuild come in by API, containers, logs, artifacts and events go out."""

from __future__ import annotations

from typing import Any

from moto.codebuild.responses import CodeBuildResponse

from localaws.operations import Request, graft, refuse_others
from localaws.services.codebuild import buildapi, buildcache, projects

# What docs/fidelity.md says of operations that do less than AWS.
APPROXIMATED = {
    "CreateProject": "webhooks, fleets, file systems and batch builds are refused; of a VPC only routes and "
    "endpoints count",
    "StartBuild": "`runtime-versions` are not looked at; reports and cache paths outside of the source are left out, "
    "and the log says so",
    "UpdateProjectVisibility": "a project cannot be made public",
}


def invalidate_project_cache(request: Request) -> dict[str, Any]:
    """InvalidateProjectCache."""
    project = projects.find_project(request.account, request.region, request.params["projectName"])
    buildcache.forget(request.account, request.region, project.name)
    return {}


def install() -> None:
    """Serve CodeBuild's API."""
    operations = {
        **projects.OPERATIONS,
        **buildapi.OPERATIONS,
        "InvalidateProjectCache": invalidate_project_cache,
    }
    graft(CodeBuildResponse, "codebuild", operations, APPROXIMATED)
    refuse_others(CodeBuildResponse, "codebuild", operations)
