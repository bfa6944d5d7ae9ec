"""CodePipeline that runs: structures and commits come in, actions are carried out stage by stage, events go out.

In place of moto 5.2.5, which keeps structures and runs nothing.
"""

from __future__ import annotations

from typing import Any

from moto.codepipeline.responses import CodePipelineResponse

from localaws.operations import Request, graft, refuse_others
from localaws.services.codecommit import refchanges
from localaws.services.codeconnections import provider_repositories
from localaws.services.codepipeline import executionapi, pipelines, sourcechanges
from localaws.services.codepipeline.actions import lambda_invoke

# What docs/fidelity.md says of operations that do less than AWS.
APPROXIMATED = {
    "CreatePipeline": "other actions than those above, and actions in other regions, are refused; a source in S3 "
    "starts by event only",
    "ListWebhooks": "always empty: none can be put",
}


def list_webhooks(_: Request) -> dict[str, Any]:
    """ListWebhooks: none can be put here."""
    return {"webhooks": []}


def install() -> None:
    """Serve CodePipeline's API and listen to repositories that pipelines poll."""
    operations = {
        **pipelines.OPERATIONS,
        **executionapi.OPERATIONS,
        **lambda_invoke.OPERATIONS,
        "ListWebhooks": list_webhooks,
    }
    graft(CodePipelineResponse, "codepipeline", operations, APPROXIMATED)
    refuse_others(CodePipelineResponse, "codepipeline", operations)
    refchanges.watch(sourcechanges.start_on_change)
    provider_repositories.watch(sourcechanges.start_on_push)
