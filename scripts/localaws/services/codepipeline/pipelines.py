"""Pipelines by API: structures come in and are kept by version; creating one starts its first execution."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.codepipeline.models import codepipeline_backends

from localaws.operations import Request, state_of
from localaws.services.codepipeline.approvals import Approvals
from localaws.services.codepipeline.artifactstore import ArtifactStore
from localaws.services.codepipeline.declaration import normalized
from localaws.services.codepipeline.executions import Execution
from localaws.services.codepipeline.pipelineevents import EventSource
from localaws.services.codepipeline.pipelinefaults import fault
from localaws.services.codepipeline.stagegate import StageGate

MOST_TAGS = 50


class Pipeline:
    """One pipeline: its structure, its executions and the way through its stages.

    Parameters
    ----------
    account, region, arn
        Where it lives.
    declaration
        The first version of its structure, normalised.
    tags
        By key.
    """

    def __init__(
        self, account: str, region: str, arn: str, declaration: dict[str, Any], tags: dict[str, str]
    ) -> None:
        self.account, self.region, self.arn, self.tags = account, region, arn, tags
        self.versions: dict[int, dict[str, Any]] = {}
        self.executions: dict[str, Execution] = {}
        self.tokens: dict[str, str] = {}
        self.approvals = Approvals()
        self.events = EventSource(region, arn)
        self.gate = StageGate(self._supersede)
        self.created = datetime.now(UTC)
        self.lock = threading.RLock()
        self.updated = self.created
        self.replace(declaration)

    @property
    def declaration(self) -> dict[str, Any]:
        """The structure in force."""
        return self.versions[max(self.versions)]

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return str(self.declaration["name"])

    def replace(self, declaration: dict[str, Any]) -> None:
        """Put the next version of the structure in force."""
        version = max(self.versions, default=0) + 1
        self.versions[version] = {**declaration, "version": version}
        self.updated = datetime.now(UTC)

    def stage_names(self) -> list[str]:
        """Return the stages in their order."""
        return [stage["name"] for stage in self.declaration["stages"]]

    def store(self, role_arn: str) -> ArtifactStore:
        """Return the artifact store, reached as a role."""
        stores = self.declaration.get("artifactStores", {})
        store = self.declaration.get("artifactStore") or stores[self.region]
        key = store.get("encryptionKey", {}).get("id", "")
        return ArtifactStore(self.name, store["location"], key, self.region, role_arn)

    def _supersede(self, execution: Execution) -> None:
        execution.set_status("Superseded")
        self.events.execution(execution, "SUPERSEDED")


class Pipelines:
    """The pipelines of one account and region."""

    def __init__(self) -> None:
        self.by_name: dict[str, Pipeline] = {}
        self.lock = threading.RLock()


def pipelines_of(account: str, region: str) -> Pipelines:
    """Return the pipelines of an account and region."""
    return state_of(codepipeline_backends[account][region], Pipelines)


def find_pipeline(request: Request, name: str) -> Pipeline:
    """Return a pipeline by name, or answer as AWS does when there is none."""
    found = pipelines_of(request.account, request.region).by_name.get(name)
    if found is None:
        raise fault(
            "PipelineNotFound",
            f"Account '{request.account}' does not have a pipeline with name '{name}'",
        )
    return found


def pipeline_arn(request: Request, name: str) -> str:
    """Return the ARN that a pipeline of this name has."""
    return f"arn:{request.partition}:codepipeline:{request.region}:{request.account}:{name}"


def create_pipeline(request: Request) -> Pipeline:
    """Make a pipeline; the caller starts its first execution."""
    declaration = normalized(request.params["pipeline"], request.region)
    tags = _tags(request.params.get("tags", []))
    name = declaration["name"]
    state = pipelines_of(request.account, request.region)
    with state.lock:
        if name in state.by_name:
            raise fault("PipelineNameInUse", f"A pipeline with the name '{name}' already exists")
        made = Pipeline(request.account, request.region, pipeline_arn(request, name), declaration, tags)
        state.by_name[name] = made
    return made


def update_pipeline(request: Request) -> dict[str, Any]:
    """UpdatePipeline: the version goes up by one; what runs goes on with the structure it began with."""
    declaration = normalized(request.params["pipeline"], request.region)
    changed = find_pipeline(request, declaration["name"])
    with changed.lock:
        changed.replace(declaration)
        return {"pipeline": changed.declaration}


def get_pipeline(request: Request) -> dict[str, Any]:
    """GetPipeline, the version in force or the one asked for."""
    found = find_pipeline(request, request.params["name"])
    version = request.params.get("version", max(found.versions))
    if version not in found.versions:
        raise fault("PipelineVersionNotFound", f"Pipeline '{found.name}' has no version {version}")
    metadata = {"pipelineArn": found.arn, "created": found.created, "updated": found.updated}
    return {"pipeline": found.versions[version], "metadata": metadata}


def delete_pipeline(request: Request) -> None:
    """DeletePipeline; a pipeline that is not there is no error, what runs is abandoned."""
    state = pipelines_of(request.account, request.region)
    with state.lock:
        gone = state.by_name.pop(request.params["name"], None)
    if gone is None:
        return
    gone.gate.close()
    for execution in gone.executions.values():
        execution.abandoned.set()


def list_pipelines(request: Request) -> dict[str, Any]:
    """ListPipelines."""
    known = pipelines_of(request.account, request.region).by_name.values()
    summaries = [
        {
            "name": one.name,
            "version": one.declaration["version"],
            "pipelineType": one.declaration["pipelineType"],
            "executionMode": one.declaration["executionMode"],
            "created": one.created,
            "updated": one.updated,
        }
        for one in sorted(known, key=lambda one: one.name)
    ]
    return page("pipelines", summaries, request.params)


def page(name: str, items: list[dict[str, Any]], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return one page of a list under ``name``, with the token of the next."""
    start, size = int(params.get("nextToken") or 0), int(params.get("maxResults") or 100)
    answer: dict[str, Any] = {name: items[start : start + size]}
    if start + size < len(items):
        answer["nextToken"] = str(start + size)
    return answer


def _tags(listed: list[Mapping[str, str]]) -> dict[str, str]:
    tags = {one["key"]: one["value"] for one in listed}
    if len(tags) > MOST_TAGS:
        raise fault("TooManyTags", f"At most {MOST_TAGS} tags")
    return tags


def _by_arn(request: Request) -> Pipeline:
    arn = request.params["resourceArn"]
    for found in pipelines_of(request.account, request.region).by_name.values():
        if found.arn == arn:
            return found
    raise fault("ResourceNotFound", f"There is no pipeline {arn}")


def list_tags(request: Request) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"tags": [{"key": key, "value": value} for key, value in sorted(_by_arn(request).tags.items())]}


def tag_resource(request: Request) -> dict[str, Any]:
    """TagResource."""
    _by_arn(request).tags.update(_tags(request.params["tags"]))
    return {}


def untag_resource(request: Request) -> dict[str, Any]:
    """UntagResource."""
    tags = _by_arn(request).tags
    for key in request.params["tagKeys"]:
        tags.pop(key, None)
    return {}


OPERATIONS = {
    "DeletePipeline": delete_pipeline,
    "GetPipeline": get_pipeline,
    "ListPipelines": list_pipelines,
    "ListTagsForResource": list_tags,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdatePipeline": update_pipeline,
}
