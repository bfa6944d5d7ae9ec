"""The Lambda's handler: CloudFormation's requests and CodeBuild's failures come in; builds and answers go out."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from terraform_runner_provider.build_failure import BuildFailure
from terraform_runner_provider.cloudformation_answer import Send, answer_body, encode, send
from terraform_runner_provider.custom_resource_request import REJECTED, CustomResourceRequest
from terraform_runner_provider.provider_errors import PlatformError, ProviderError, UserError
from terraform_runner_provider.provider_settings import ProviderSettings

log = logging.getLogger("terraform_runner_provider")
log.setLevel(logging.INFO)


@dataclass(frozen=True)
class Provider:
    """What the handler acts through."""

    settings: ProviderSettings
    s3: Any
    codebuild: Any
    cloudformation: Any
    logs: Any
    send: Send = send

    def handle_request(self, event: Mapping[str, Any]) -> None:
        """Start the build that carries CloudFormation's request out, or answer at once why not."""
        request = CustomResourceRequest.from_event(event)
        try:
            if request.made_nothing:
                self._answer(request, "SUCCESS", "Nothing was created.", request.physical_resource_id)
                return
            request.check()
            self._check_stack(request)
            self._start(request, event)
        except ProviderError as error:
            self._answer(request, "FAILED", str(error), request.rejected_id)

    def handle_build_failure(self, event: Mapping[str, Any]) -> None:
        """Answer the request whose build died without answering."""
        failure = BuildFailure.from_event(event)
        if not failure.request_key:
            _say("build without a request", status=failure.status)
            return
        request = CustomResourceRequest.from_event(self._read(failure.request_key))
        if self._exists(request.answer_key):
            _say("already answered", request_id=request.request_id, project_id=request.project_id)
            return
        physical_id = request.physical_resource_id or request.project_id
        self._answer(request, "FAILED", failure.reason(self._last_line(failure)), physical_id)

    def _check_stack(self, request: CustomResourceRequest) -> None:
        """Refuse what no stack asked for.

        AmazonSageMakerFullAccess lets every Studio user invoke functions with `sagemaker` in their names, this one
        too; without this check they could delete each other's projects.
        """
        try:
            stacks = self.cloudformation.describe_stacks(StackName=request.stack_id)["Stacks"]
        except (ClientError, BotoCoreError) as error:
            raise UserError(f"The stack {request.stack_id} cannot be seen: {error}") from error
        if not stacks[0]["StackStatus"].endswith("_IN_PROGRESS"):
            raise UserError(f"The stack {request.stack_id} is not being created, updated or deleted.")

    def _start(self, request: CustomResourceRequest, event: Mapping[str, Any]) -> None:
        try:
            self._store(request.event_key, json.dumps(event).encode())
            if self._exists(request.build_key):
                _say("already taken on", request_id=request.request_id, project_id=request.project_id)
                return
            # CodeBuild knows a token for five minutes; the function's events live for four (platform.yaml).
            build = self.codebuild.start_build(
                projectName=self.settings.runner_project,
                idempotencyToken=request.request_id,
                environmentVariablesOverride=[
                    {"name": "REQUEST_KEY", "value": request.event_key, "type": "PLAINTEXT"}
                ],
            )["build"]
        except (ClientError, BotoCoreError) as error:
            raise PlatformError(f"The build that runs Terraform could not be started: {error}") from error
        _say(
            "build started",
            request_id=request.request_id,
            request_type=request.request_type,
            project_id=request.project_id,
            build_id=build["id"],
        )

    def _answer(self, request: CustomResourceRequest, status: str, reason: str, physical_id: str) -> None:
        body = encode(answer_body(request, status, reason, physical_id or f"{REJECTED}{request.request_id}"))
        self.send(request.response_url, body)
        self._store(request.answer_key, body)
        _say(
            "answered",
            request_id=request.request_id,
            request_type=request.request_type,
            project_id=request.project_id,
            status=status,
            reason=reason,
        )

    def _store(self, key: str, body: bytes) -> None:
        """Write an object once; who comes second leaves the first one's."""
        try:
            self.s3.put_object(
                Bucket=self.settings.artifact_bucket,
                Key=key,
                Body=body,
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise

    def _exists(self, key: str) -> bool:
        found = self.s3.list_objects_v2(Bucket=self.settings.artifact_bucket, Prefix=key, MaxKeys=1)
        return bool(found.get("KeyCount"))

    def _read(self, key: str) -> Mapping[str, Any]:
        body = self.s3.get_object(Bucket=self.settings.artifact_bucket, Key=key)["Body"].read()
        event: Mapping[str, Any] = json.loads(body)
        return event

    def _last_line(self, failure: BuildFailure) -> str:
        """Return the last line that the runner itself logged, if the log can be read."""
        if not failure.log_group or not failure.log_stream:
            return ""
        try:
            events = self.logs.get_log_events(
                logGroupName=failure.log_group, logStreamName=failure.log_stream, limit=50
            )["events"]
        except (ClientError, BotoCoreError):
            return ""
        lines = (entry["message"].strip() for entry in reversed(events))
        return next((line for line in lines if line and not line.startswith("[Container]")), "")


def _say(message: str, **fields: str) -> None:
    log.info(json.dumps({"message": message, **fields}))


def _provider() -> Provider:
    # CloudFormation waits: a quick, bounded retry, then it is told.
    config = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5, read_timeout=20)
    return Provider(
        settings=ProviderSettings.from_environment(),
        s3=boto3.client("s3", config=config),
        codebuild=boto3.client("codebuild", config=config),
        cloudformation=boto3.client("cloudformation", config=config),
        logs=boto3.client("logs", config=config),
    )


def lambda_handler(event: Mapping[str, Any], context: object) -> None:
    """Handle one event; what it is decides who is asked."""
    provider = _provider()
    if event.get("source") == "aws.codebuild":
        provider.handle_build_failure(event)
    else:
        provider.handle_request(event)
