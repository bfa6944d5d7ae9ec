"""Checking pipeline structures: what AWS refuses is refused under AWS's name, before anything is made."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from localaws.services.codepipeline.declaration import normalized
from localaws.services.codepipeline.pipelinefaults import CodePipelineError

Pipeline = dict[str, Any]


def action(name: str, kind: str, provider: str, **changes: Any) -> dict[str, Any]:
    """Return an action of AWS's."""
    identity = {"category": kind, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": identity, **changes}


VALID: Pipeline = {
    "name": "line",
    "roleArn": "arn:aws:iam::123456789012:role/pipe",
    "pipelineType": "V2",
    "artifactStore": {"type": "S3", "location": "bucket"},
    "variables": [{"name": "Arn", "defaultValue": "none"}],
    "stages": [
        {
            "name": "Source",
            "actions": [
                action(
                    "Fetch",
                    "Source",
                    "CodeCommit",
                    namespace="Src",
                    configuration={"RepositoryName": "code", "BranchName": "main"},
                    outputArtifacts=[{"name": "Code"}],
                )
            ],
        },
        {
            "name": "Build",
            "actions": [
                action(
                    "Build",
                    "Build",
                    "CodeBuild",
                    configuration={"ProjectName": "p"},
                    inputArtifacts=[{"name": "Code"}],
                )
            ],
        },
    ],
}


def build_of(pipeline: Pipeline) -> dict[str, Any]:
    """Return the build action."""
    return dict(pipeline["stages"][1]["actions"][0])


def change(path: str, value: Any) -> Callable[[Pipeline], None]:
    """Return a function that sets something in a pipeline, given as ``stages.1.actions.0.name``."""

    def apply(pipeline: Pipeline) -> None:
        target: Any = pipeline
        *folders, last = path.split(".")
        for step in folders:
            target = target[int(step)] if step.isdigit() else target[step]
        target[last] = value

    return apply


def test_a_valid_structure_gets_defaults_and_the_given_one_is_left_alone() -> None:
    given = copy.deepcopy(VALID)
    made = normalized(given, "us-east-1")
    assert made["executionMode"] == "SUPERSEDED"
    assert build_of(made)["runOrder"] == 1
    assert given == VALID


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        (change("name", "a b"), "ValidationException", "a b"),
        (change("stages", VALID["stages"][:1]), "InvalidStructureException", "minimum of 2 stages"),
        (change("pipelineType", "V1"), "InvalidStructureException", "variables"),
        (change("stages.1.name", "Source"), "InvalidStageDeclarationException", "unique"),
        (change("stages.1.actions", []), "InvalidStageDeclarationException", "at least one action"),
        (
            change("stages.1.actions.0.actionTypeId.provider", "Jenkins"),
            "InvalidActionDeclarationException",
            "Jenkins",
        ),
        (change("stages.1.actions.0.configuration", {}), "InvalidActionDeclarationException", "ProjectName"),
        (
            change("stages.1.actions.0.configuration", {"ProjectName": "p", "Nonsense": "x"}),
            "InvalidActionDeclarationException",
            "unknown configuration 'Nonsense'",
        ),
        (
            change(
                "stages.1.actions.0.configuration", {"ProjectName": "p", "EnvironmentVariables": "x" * 1001}
            ),
            "ValidationException",
            "it has 1001",
        ),
        (
            change("stages.1.actions.0.configuration", {"ProjectName": "p", "BatchEnabled": "true"}),
            "InvalidActionDeclarationException",
            "BatchEnabled",
        ),
        (
            change("stages.1.actions.0.inputArtifacts", [{"name": "Unknown"}]),
            "InvalidActionDeclarationException",
            "Unknown",
        ),
        (
            change("stages.1.actions.0.outputArtifacts", [{"name": "Code"}]),
            "InvalidStructureException",
            "used more than once",
        ),
        (
            change("stages.1.actions.0.configuration", {"ProjectName": "#{Nowhere.Name}"}),
            "InvalidStructureException",
            r"VariableReferenceText=\[#{Nowhere.Name}\]",
        ),
        (
            change("stages.1.actions.0.configuration", {"ProjectName": "#{variables.Gone}"}),
            "InvalidStructureException",
            "not declared",
        ),
        (change("stages.1.actions.0.namespace", "Src"), "InvalidStructureException", "Namespace Src"),
        (
            change("stages.1.onFailure", {"result": "ROLLBACK"}),
            "InvalidStageDeclarationException",
            "does not support ROLLBACK",
        ),
        (
            change(
                "stages.1.beforeEntry",
                {
                    "conditions": [
                        {
                            "result": "FAIL",
                            "rules": [{"name": "r", "ruleTypeId": {"provider": "LambdaInvoke"}}],
                        }
                    ]
                },
            ),
            "InvalidStageDeclarationException",
            "LambdaInvoke",
        ),
        (
            change("stages.1.actions.0.region", "eu-west-1"),
            "InvalidActionDeclarationException",
            "another region",
        ),
    ],
)
def test_what_aws_refuses_is_refused_by_its_name(
    changed: Callable[[Pipeline], None], error: str, words: str
) -> None:
    pipeline = copy.deepcopy(VALID)
    changed(pipeline)
    with pytest.raises(CodePipelineError, match=words) as caught:
        normalized(pipeline, "us-east-1")
    assert caught.value.code == error
