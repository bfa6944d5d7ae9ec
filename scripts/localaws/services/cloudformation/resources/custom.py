"""Custom resources: the event goes to the function behind ServiceToken, its answer arrives at a presigned S3 URL."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from localaws.runtime import runtime
from localaws.services.cloudformation.errors import ResourceFailure
from localaws.services.cloudformation.intrinsics import normalised
from localaws.services.cloudformation.resources.contract import Job, Made
from localaws.services.cloudformation.resources.table import generated_name

# The bucket belongs to CloudFormation, not to the caller, on AWS too: nothing of it shows in the caller's account.
_OWNER = "arn:{partition}:iam::000000000001:role/cloudformation"
_URL_SECONDS = 12 * 3600
_DEFAULT_TIMEOUT = 3600
_ANSWER_LIMIT = 4096
_FIRST_LOOK, _SLOWEST_LOOK = 0.05, 0.5
_bucket_lock = threading.Lock()


class CustomResourceProvider:
    """Sends Create, Update and Delete to the resource's function and waits for what it answers."""

    def problem(self, properties: Mapping[str, Any]) -> str:
        """Return what is wrong with the properties."""
        token = properties.get("ServiceToken")
        if not token:
            return "Properties validation failed for resource: required key [ServiceToken] not found"
        if ":lambda:" not in str(token):
            return f"localaws delivers custom resources to Lambda functions only, not to {token}"
        timeout = str(properties.get("ServiceTimeout", _DEFAULT_TIMEOUT))
        if not timeout.isdigit() or not 1 <= int(timeout) <= _DEFAULT_TIMEOUT:
            return f"ServiceTimeout must be an integer from 1 to {_DEFAULT_TIMEOUT}, not {timeout}"
        return ""

    def attribute_problem(self, attribute: str) -> str:
        """Return nothing: whatever the function answers is an attribute."""
        return ""

    def replaced_by(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """Return nothing but a changed ServiceToken, which CloudFormation refuses in `update`."""
        return []

    def create(self, job: Job) -> Made:
        """Send Create."""
        made_up = generated_name(job, 128)
        return self._exchange(job, "Create", job.properties, {}, made_up)

    def update(self, job: Job) -> Made:
        """Send Update with the properties before and after."""
        if job.properties.get("ServiceToken") != job.old.get("ServiceToken"):
            raise ResourceFailure("Modifying service token is not allowed.")
        extra = {"PhysicalResourceId": job.physical_id, "OldResourceProperties": _sent(job.old)}
        return self._exchange(job, "Update", job.properties, extra, job.physical_id)

    def delete(self, job: Job) -> None:
        """Send Delete."""
        extra = {"PhysicalResourceId": job.physical_id}
        self._exchange(job, "Delete", job.properties, extra, job.physical_id)

    def _exchange(
        self, job: Job, kind: str, properties: Mapping[str, Any], extra: Mapping[str, Any], fallback_id: str
    ) -> Made:
        request_id = str(uuid.uuid4())
        mailbox = _Mailbox(job, request_id)
        event = {
            "RequestType": kind,
            "ServiceToken": properties["ServiceToken"],
            "ResponseURL": mailbox.url,
            "StackId": job.stack_id,
            "RequestId": request_id,
            "LogicalResourceId": job.logical_id,
            "ResourceType": job.type,
            "ResourceProperties": _sent(properties),
            **extra,
        }
        try:
            self._invoke(job, event)
            answer = self._await(job, mailbox, properties, request_id)
        except ResourceFailure as failure:
            raise ResourceFailure(failure.reason, failure.physical_id or fallback_id) from failure
        return _made(answer, fallback_id, request_id)

    def _invoke(self, job: Job, event: Mapping[str, Any]) -> None:
        try:
            job.client("lambda").invoke(
                FunctionName=event["ServiceToken"], InvocationType="Event", Payload=json.dumps(event).encode()
            )
        except ClientError as error:
            raise ResourceFailure(str(error.response.get("Error", {}).get("Message", error))) from error

    def _await(self, job: Job, mailbox: _Mailbox, properties: Mapping[str, Any], request_id: str) -> Any:
        seconds = int(str(properties.get("ServiceTimeout", _DEFAULT_TIMEOUT)))
        deadline, look = time.monotonic() + seconds, _FIRST_LOOK
        while time.monotonic() < deadline:
            body = mailbox.open()
            if body is not None:
                return _parsed(body)
            job.pause(look)
            look = min(look * 1.5, _SLOWEST_LOOK)
        raise ResourceFailure(
            "CloudFormation did not receive a response from your Custom Resource. Please check your logs for "
            f"requestId [{request_id}]. If you are using the Python cfn-response module, you may need to update "
            "your Lambda function code so that CloudFormation can attach the updated version."
        )


class _Mailbox:
    """The object that the function's answer is put to."""

    def __init__(self, job: Job, request_id: str) -> None:
        self._bucket = f"cloudformation-custom-resource-response-{job.region.replace('-', '')}"
        self._key = f"{job.stack_id}|{job.logical_id}|{request_id}"
        self._client = runtime().client("s3", job.region, _OWNER.format(partition=job.partition))
        self._ensure_bucket(job.region)
        self.url = self._presigned(job.region)

    def open(self) -> bytes | None:
        """Return the answer and remove it; None when there is none yet."""
        try:
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=self._key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        self._client.delete_object(Bucket=self._bucket, Key=self._key)
        return body

    def _ensure_bucket(self, region: str) -> None:
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        with _bucket_lock:
            try:
                self._client.head_bucket(Bucket=self._bucket)
            except ClientError:
                self._client.create_bucket(Bucket=self._bucket, **where)

    def _presigned(self, region: str) -> str:
        # Signed for AWS's own host name: the function must not be able to tell the difference.
        credentials = self._client._request_signer._credentials
        signer: Any = boto3.client(
            "s3",
            region_name=region,
            endpoint_url=f"https://s3.{region}.amazonaws.com",
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
            config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
        )
        return str(
            signer.generate_presigned_url(
                "put_object", Params={"Bucket": self._bucket, "Key": self._key}, ExpiresIn=_URL_SECONDS
            )
        )


def _sent(properties: Mapping[str, Any]) -> Any:
    return normalised(dict(properties))


def _parsed(body: bytes) -> dict[str, Any]:
    if len(body) > _ANSWER_LIMIT:
        raise ResourceFailure("Response object is too long.")
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise ResourceFailure("Invalid Response object: it is not JSON") from error
    if not isinstance(answer, dict) or answer.get("Status") not in ("SUCCESS", "FAILED"):
        raise ResourceFailure("Invalid Response object: Value of property Status must be SUCCESS or FAILED")
    return answer


def _made(answer: Mapping[str, Any], fallback_id: str, request_id: str) -> Made:
    physical_id = answer.get("PhysicalResourceId")
    if answer["Status"] == "FAILED":
        reason = answer.get("Reason", "")
        raise ResourceFailure(
            f"Received response status [FAILED] from custom resource. Message returned: {reason} "
            f"(RequestId: {request_id})",
            str(physical_id or fallback_id),
        )
    if not isinstance(physical_id, str) or not physical_id:
        raise ResourceFailure("Invalid PhysicalResourceId", fallback_id)
    data = answer.get("Data") or {}
    if not isinstance(data, Mapping):
        raise ResourceFailure("Invalid Data: it must be an object", physical_id)
    return Made(physical_id, dict(data))
