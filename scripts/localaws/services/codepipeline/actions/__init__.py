"""The actions of pipelines: a declared action comes in, the function that carries it out goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localaws.services.codepipeline.actions import (
    codebuild_build,
    commit_source,
    connection_source,
    lambda_invoke,
    manual_approval,
    object_deploy,
    object_source,
    stack_deploy,
)
from localaws.services.codepipeline.actions.context import ActionContext
from localaws.services.codepipeline.actiontypes import type_key

_DEPLOYS: Mapping[str, Callable[[ActionContext], None]] = {
    "CloudFormation": stack_deploy.run,
    "S3": object_deploy.run,
}
_OTHERS: Mapping[str, Callable[[ActionContext], None]] = {
    "CodeBuild": codebuild_build.run,
    "CodeCommit": commit_source.run,
    "CodeStarSourceConnection": connection_source.run,
    "Lambda": lambda_invoke.run,
    "Manual": manual_approval.run,
    "S3": object_source.run,
}


def action_for(action: Mapping[str, Any]) -> Callable[[ActionContext], None]:
    """Return what carries an action out; its type was checked when the pipeline was made."""
    category, _, provider = type_key(action)
    return (_DEPLOYS if category == "Deploy" else _OTHERS)[provider]
