"""Manual approval: a question goes out to a topic with a token, a person's answer decides."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from localaws.services.codepipeline.actions.context import ActionContext
from localaws.services.codepipeline.pipelinefaults import ApprovalRejected

LONGEST_SUBJECT = 100


def run(context: ActionContext) -> None:
    """Carry out the action."""
    record = context.run
    decision = context.pipeline.approvals.ask(record.stage, record.name)
    topic = context.configuration.get("NotificationArn")
    if topic:
        subject = f"APPROVAL NEEDED: AWS CodePipeline {context.pipeline.name} for action {record.name}"
        context.client("sns").publish(
            TopicArn=topic,
            Subject=subject if len(subject) <= LONGEST_SUBJECT else f"{subject[: LONGEST_SUBJECT - 3]}...",
            Message=json.dumps(_message(context, decision.token)),
        )
    record.token = decision.token
    for _ in context.ticks():
        if decision.made.is_set():
            break
    record.summary, record.updated_by = decision.summary, decision.caller_arn
    if not decision.approved:
        raise ApprovalRejected(decision.summary)


def _message(context: ActionContext, token: str) -> dict[str, Any]:
    console = f"https://console.aws.amazon.com/codepipeline/home?region={context.region}#/view"
    record, pipeline = context.run, context.pipeline.name
    expires = datetime.now(UTC) + timedelta(minutes=context.timeout_minutes)
    return {
        "region": context.region,
        "consoleLink": f"{console}/{pipeline}",
        "approval": {
            "pipelineName": pipeline,
            "stageName": record.stage,
            "actionName": record.name,
            "token": token,
            "expires": expires.strftime("%Y-%m-%dT%H:%MZ"),
            "externalEntityLink": context.configuration.get("ExternalEntityLink"),
            "approvalReviewLink": f"{console}/{pipeline}/{record.stage}/{record.name}/approve/{token}",
            "customData": context.configuration.get("CustomData"),
        },
    }
