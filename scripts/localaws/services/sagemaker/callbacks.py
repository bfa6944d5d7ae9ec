"""Callback steps: a message with a token to a queue, then nothing until someone answers for the step."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.sagemaker.exceptions import ResourceNotFound, ValidationError

from localaws.operations import Operation, Request, state_of
from localaws.services.sagemaker.definition import Step
from localaws.services.sagemaker.expressions import resolve
from localaws.services.sagemaker.resources import LOCK, Region, suffix
from localaws.services.sagemaker.step_state import (
    StepContext,
    StepFailed,
    StepState,
    StepStopped,
    output_parameters,
)

TOKEN_LENGTH = 10
TIMEOUT_SECONDS = 7 * 24 * 3600
TYPES: dict[str, type] = {"String": str, "Integer": int, "Float": float, "Boolean": bool}


@dataclass
class Callback:
    """A step that waits for an answer.

    Attributes
    ----------
    execution_arn
        Of the pipeline execution.
    types
        The types of its outputs by name.
    answer
        The outputs, or the reason of a failure.
    by
        Operation and ClientRequestToken of the answer, None before.
    answered
        Set when there is an answer.
    """

    execution_arn: str
    types: dict[str, str]
    answer: dict[str, str] | str = ""
    by: tuple[str, str] | None = None
    answered: threading.Event = field(default_factory=threading.Event)


@dataclass
class Callbacks:
    """The callbacks of one account and region."""

    by_token: dict[str, Callback] = field(default_factory=dict)


def wait_for_answer(step: Step, arguments: Mapping[str, Any], state: StepState, context: StepContext) -> None:
    """Send the step's message and wait until it is answered; raise `StepFailed` where that is a failure."""
    token = suffix(TOKEN_LENGTH)
    url = str(resolve(step.raw["SqsQueueUrl"], context.scope))
    types = {item["OutputName"]: item["OutputType"] for item in step.raw.get("OutputParameters", ())}
    callback = Callback(context.execution_arn, types)
    _callbacks(context.region).by_token[token] = callback
    state.metadata = {"Callback": {"CallbackToken": token, "SqsQueueUrl": url}}
    message = {
        "token": token,
        "pipelineExecutionArn": context.execution_arn,
        "arguments": arguments,
    }
    _send(context, url, message)
    state.stop_by(functools.partial(_send, context, url, {**message, "status": "Stopping"}))
    if not callback.answered.wait(TIMEOUT_SECONDS):
        raise StepFailed("ClientError: The callback step timed out.")
    answer = callback.answer
    if state.status == "Stopping":
        raise StepStopped
    if isinstance(answer, str):
        raise StepFailed(answer)
    state.metadata["Callback"]["OutputParameters"] = output_parameters(answer)
    state.properties = {"OutputParameters": _typed(types, answer)}


def send_success(request: Request) -> dict[str, Any]:
    """Let a callback step succeed with its outputs."""
    given = {item["Name"]: item["Value"] for item in request.params.get("OutputParameters", ())}

    def outputs(callback: Callback) -> dict[str, str]:
        missing = sorted(set(callback.types) - set(given))
        unknown = sorted(set(given) - set(callback.types))
        if missing or unknown:
            raise ValidationError(
                f"The output parameters do not match the callback step's: missing {missing}, unknown {unknown}."
            )
        try:
            _typed(callback.types, given)
        except ValueError as error:
            raise ValidationError(f"An output parameter is not of its type: {error}.") from error
        return given

    return _answer(request, "success", outputs)


def send_failure(request: Request) -> dict[str, Any]:
    """Let a callback step fail with a reason."""
    reason = request.params.get("FailureReason", "The callback step was answered with a failure.")
    return _answer(request, "failure", lambda _: reason)


def forget(region: Region) -> None:
    """Forget every token: nobody waits any more."""
    _callbacks(region).by_token.clear()


def _answer(
    request: Request, kind: str, content: Callable[[Callback], dict[str, str] | str]
) -> dict[str, Any]:
    token = request.params["CallbackToken"]
    with LOCK:
        callback = _callbacks(Region(request.account, request.region)).by_token.get(token)
        if callback is None:
            raise ResourceNotFound(f"Callback token {token} does not exist.")
        mark = (kind, request.params.get("ClientRequestToken", ""))
        if callback.by is None:
            callback.answer, callback.by = content(callback), mark
            callback.answered.set()
        elif callback.by != mark or not mark[1]:
            raise ValidationError(f"The callback step with token {token} has been answered already.")
    return {"PipelineExecutionArn": callback.execution_arn}


def _send(context: StepContext, url: str, message: Mapping[str, Any]) -> None:
    try:
        context.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(message))
    except (ClientError, BotoCoreError) as error:
        raise StepFailed(f"ClientError: Failed to send a message to {url}. {error}") from error


def _typed(types: Mapping[str, str], values: Mapping[str, str]) -> dict[str, Any]:
    def typed(name: str, text: str) -> Any:
        kind = types[name]
        if kind == "Boolean":
            return {"true": True, "false": False}[text.lower()]
        return TYPES[kind](text)

    try:
        return {name: typed(name, text) for name, text in values.items()}
    except KeyError as error:
        raise ValueError(f"{error} is no Boolean") from error


def _callbacks(region: Region) -> Callbacks:
    return state_of(region.backend, Callbacks)


OPERATIONS: dict[str, Operation] = {
    "SendPipelineExecutionStepSuccess": send_success,
    "SendPipelineExecutionStepFailure": send_failure,
}
