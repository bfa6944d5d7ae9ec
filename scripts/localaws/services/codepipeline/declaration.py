"""Pipeline structures: what CreatePipeline is given comes in, a checked structure with AWS's defaults goes out."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from localaws.services.codepipeline.actiontypes import ACTION_TYPES, type_key
from localaws.services.codepipeline.conditions import check_conditions
from localaws.services.codepipeline.pipelinefaults import fault
from localaws.services.codepipeline.references import BUILT_IN, referenced

NAME = re.compile(r"[A-Za-z0-9.@\-_]{1,100}")
LONGEST_VALUE = 1000
_KNOWN = ", ".join(sorted({f"{category} {provider}" for category, _, provider in ACTION_TYPES}))
MODES = ("SUPERSEDED", "QUEUED", "PARALLEL")


def normalized(declared: Mapping[str, Any], region: str) -> dict[str, Any]:
    """Return a copy of a structure with defaults; raise AWS's errors for what AWS refuses.

    Parameters
    ----------
    declared
        The ``pipeline`` of CreatePipeline or UpdatePipeline.
    region
        The pipeline's own.
    """
    pipeline = copy.deepcopy(dict(declared))
    pipeline.setdefault("pipelineType", "V1")
    pipeline.setdefault("executionMode", "SUPERSEDED")
    _check_frame(pipeline, region)
    for stage in pipeline["stages"]:
        for action in stage["actions"]:
            action.setdefault("runOrder", 1)
            action.setdefault("configuration", {})
            action.setdefault("inputArtifacts", [])
            action.setdefault("outputArtifacts", [])
            _check_action(action, region)
        check_conditions(stage)
    _check_stages(pipeline["stages"])
    _check_artifacts(pipeline["stages"])
    _check_references(pipeline)
    return pipeline


def _check_frame(pipeline: Mapping[str, Any], region: str) -> None:
    if not NAME.fullmatch(pipeline["name"]):
        raise fault("Validation", f"Pipeline name {pipeline['name']!r} must match {NAME.pattern}")
    stores = pipeline.get("artifactStores", {})
    if bool(stores) == ("artifactStore" in pipeline):
        raise fault("InvalidStructure", "Pipeline must have exactly one of artifactStore and artifactStores")
    if stores and list(stores) != [region]:
        raise fault("InvalidStructure", f"localaws does not support actions in other regions than {region}")
    if pipeline["executionMode"] not in MODES or pipeline["pipelineType"] not in ("V1", "V2"):
        raise fault("InvalidStructure", "Unknown executionMode or pipelineType")
    if pipeline["pipelineType"] == "V1":
        _check_first_type(pipeline)
    if pipeline.get("triggers"):
        raise fault(
            "InvalidStructure",
            "localaws does not support triggers with filters: DetectChanges of a source action starts the pipeline",
        )
    names = [one["name"] for one in pipeline.get("variables", [])]
    if len(set(names)) < len(names):
        raise fault("InvalidStructure", "Pipeline variable names must be unique")


def _check_first_type(pipeline: Mapping[str, Any]) -> None:
    conditions = any(
        stage.get(kind) for stage in pipeline["stages"] for kind in ("beforeEntry", "onSuccess", "onFailure")
    )
    newer = {
        "variables": pipeline.get("variables"),
        "triggers": pipeline.get("triggers"),
        "executionMode": pipeline["executionMode"] != "SUPERSEDED",
        "stage conditions": conditions,
    }
    used = [name for name, value in newer.items() if value]
    if used:
        raise fault("InvalidStructure", f"Pipeline type V1 does not support {', '.join(used)}; use V2")


def _check_action(action: Mapping[str, Any], region: str) -> None:
    name, identity = action["name"], action["actionTypeId"]
    kind = ACTION_TYPES.get(type_key(action))
    if kind is None or identity["version"] != "1":
        raise fault(
            "InvalidActionDeclaration",
            f"ActionType (Category: '{identity['category']}', Provider: '{identity['provider']}', Owner: "
            f"'{identity['owner']}', Version: '{identity['version']}') in action '{name}' is not available in "
            f"region {region.upper().replace('-', '_')}: localaws has {_KNOWN} only",
        )
    if action.get("region", region) != region:
        raise fault("InvalidActionDeclaration", f"localaws does not run action '{name}' in another region")
    configuration = action["configuration"]
    for key in sorted(kind.required - configuration.keys()):
        raise fault(
            "InvalidActionDeclaration",
            f"Action configuration for action '{name}' is missing required configuration '{key}'",
        )
    for key in sorted(configuration.keys() - kind.required - kind.optional):
        raise fault(
            "InvalidActionDeclaration",
            f"Action configuration for action '{name}' contains unknown configuration '{key}'",
        )
    for key, value in configuration.items():
        if not 1 <= len(value) <= LONGEST_VALUE:
            raise fault(
                "Validation",
                f"Value of configuration '{key}' in action '{name}' failed to satisfy constraint: Member must have "
                f"length 1 to {LONGEST_VALUE}; it has {len(value)}",
            )
    for direction, allowed in (("input", kind.inputs), ("output", kind.outputs)):
        count = len(action[f"{direction}Artifacts"])
        if count not in allowed:
            raise fault(
                "InvalidActionDeclaration",
                f"Action '{name}' has {count} {direction} artifacts; {allowed.start} to {allowed.stop - 1} allowed",
            )
    _check_provider(name, type_key(action)[2], action)


def _check_provider(name: str, provider: str, action: Mapping[str, Any]) -> None:
    configuration = action["configuration"]
    if provider == "CodeBuild":
        if configuration.get("BatchEnabled", "false") == "true":
            raise fault(
                "InvalidActionDeclaration", f"localaws does not support BatchEnabled in action '{name}'"
            )
        if len(action["inputArtifacts"]) > 1 and "PrimarySource" not in configuration:
            raise fault(
                "InvalidActionDeclaration", f"Action '{name}' has several inputs: PrimarySource is required"
            )
    polls = action["actionTypeId"]["category"] == "Source" and provider == "S3"
    if polls and configuration.get("PollForSourceChanges", "true") != "false":
        raise fault(
            "InvalidActionDeclaration",
            f"localaws does not poll S3: set PollForSourceChanges of action '{name}' to false and start the pipeline "
            "by an EventBridge rule",
        )
    if not 1 <= action["runOrder"] <= 999:
        raise fault("InvalidActionDeclaration", f"Action '{name}': runOrder must be 1 to 999")


def _check_stages(stages: list[Mapping[str, Any]]) -> None:
    if len(stages) < 2:
        raise fault(
            "InvalidStructure", "Pipeline has 1 stage. There should be a minimum of 2 stages in a pipeline"
        )
    names = [stage["name"] for stage in stages]
    if len(set(names)) < len(names):
        raise fault("InvalidStageDeclaration", "Stage names must be unique")
    for index, stage in enumerate(stages):
        actions = [action["name"] for action in stage["actions"]]
        if not NAME.fullmatch(stage["name"]) or not actions or len(set(actions)) < len(actions):
            raise fault(
                "InvalidStageDeclaration",
                f"Stage '{stage['name']}' needs a valid name and at least one action, each with a name of its own",
            )
        categories = {action["actionTypeId"]["category"] for action in stage["actions"]}
        if (index == 0) != ("Source" in categories) or (index == 0 and categories != {"Source"}):
            raise fault(
                "InvalidStageDeclaration",
                "The first stage must contain only Source actions, and no other stage may contain one",
            )


def _check_artifacts(stages: list[Mapping[str, Any]]) -> None:
    made: set[str] = set()
    for stage in stages:
        for action in sorted(stage["actions"], key=lambda one: int(one["runOrder"])):
            for artifact in action["inputArtifacts"]:
                if artifact["name"] not in made:
                    raise fault(
                        "InvalidActionDeclaration",
                        f"Input Artifact '{artifact['name']}' in action '{action['name']}' is not declared as "
                        "output artifact of an action that runs before",
                    )
            for artifact in action["outputArtifacts"]:
                if artifact["name"] in made:
                    raise fault(
                        "InvalidStructure",
                        f"Output Artifact Bundle name must be unique within the pipeline. {artifact['name']} has "
                        "been used more than once.",
                    )
                made.add(artifact["name"])


def _check_references(pipeline: Mapping[str, Any]) -> None:
    known = set(BUILT_IN if pipeline["pipelineType"] == "V2" else BUILT_IN[:1])
    declared = {one["name"] for one in pipeline.get("variables", [])}
    for stage in pipeline["stages"]:
        for rule in _rules(stage, "beforeEntry"):
            _check_known(stage["name"], rule, known, declared)
        for action in sorted(stage["actions"], key=lambda one: int(one["runOrder"])):
            _check_known(stage["name"], action, known, declared)
            if "namespace" in action:
                if action["namespace"] in known:
                    raise fault("InvalidStructure", f"Namespace {action['namespace']} is used more than once")
                known.add(action["namespace"])
        for rule in _rules(stage, "onSuccess"):
            _check_known(stage["name"], rule, known, declared)


def _rules(stage: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    conditions = stage.get(kind, {}).get("conditions", [])
    return [rule for condition in conditions for rule in condition.get("rules", [])]


def _check_known(stage: str, declared: Mapping[str, Any], known: set[str], variables: set[str]) -> None:
    for key, reference, namespace in referenced(declared.get("configuration", {})):
        where = (
            f"StageName=[{stage}], ActionName=[{declared['name']}], ActionConfigurationKey=[{key}], "
            f"VariableReferenceText=[{reference}]"
        )
        if namespace not in known:
            raise fault(
                "InvalidStructure",
                "Valid format for a pipeline execution variable reference is a namespace and a key separated by a "
                "period (.). The following pipeline execution variables are referencing a namespace that does not "
                f"exist. {where}",
            )
        if namespace == "variables" and reference[2:-1].split(".", 1)[1] not in variables:
            raise fault(
                "InvalidStructure", f"A pipeline variable is referenced that is not declared. {where}"
            )
