"""CodeBuild that builds: projects and StartBuild come in by API, containers, logs, artifacts and events go out."""

from __future__ import annotations

from typing import Any

from moto.codebuild.responses import CodeBuildResponse

from localaws.operations import Request, graft, refuse_others
from localaws.services.codebuild import buildapi, buildcache, projects


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
    graft(CodeBuildResponse, "codebuild", operations)
    refuse_others(CodeBuildResponse, "codebuild", operations)
