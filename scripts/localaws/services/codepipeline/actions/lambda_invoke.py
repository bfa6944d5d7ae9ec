"""Lambda invoke: a job goes to a function, and the function's PutJobSuccessResult or PutJobFailureResult decides."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.operations import Request
from localaws.services.codebuild.builds import Location
from localaws.services.codepipeline.actions.context import ActionContext
from localaws.services.codepipeline.pipelinefaults import ActionFailed, fault


@dataclass
class Job:
    """One piece of work that a function has, and its result when it has come."""

    account: str
    data: Mapping[str, Any]
    job_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    succeeded: bool = False
    result: Mapping[str, Any] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def end(self, succeeded: bool, result: Mapping[str, Any]) -> None:
        """Take the function's result."""
        self.succeeded, self.result = succeeded, result
        self.ended.set()


_jobs: dict[str, Job] = {}


def run(context: ActionContext) -> None:
    """Carry out the action."""
    token = ""
    while True:
        result = _run_job(context, token)
        token = result.get("continuationToken", "")
        if not token:
            break
    details = result.get("executionDetails", {})
    context.run.summary = details.get("summary", "")
    context.run.external_id = details.get("externalExecutionId", context.run.external_id)
    context.run.variables = dict(result.get("outputVariables", {}))


def _run_job(context: ActionContext, token: str) -> Mapping[str, Any]:
    job = Job(context.pipeline.account, _data(context, token))
    _jobs[job.job_id] = job
    context.run.external_id = job.job_id
    event = {"CodePipeline.job": {"id": job.job_id, "accountId": job.account, "data": job.data}}
    context.client("lambda").invoke(
        FunctionName=context.configuration["FunctionName"], InvocationType="Event", Payload=json.dumps(event)
    )
    try:
        for _ in context.ticks():
            if job.ended.is_set():
                break
    finally:
        _jobs.pop(job.job_id, None)
    if not job.succeeded:
        raise ActionFailed(str(job.result.get("message", "")), str(job.result.get("type", "JobFailed")))
    return job.result


def _data(context: ActionContext, token: str) -> dict[str, Any]:
    record = context.run
    credentials = context.client("sts").assume_role(
        RoleArn=context.role_arn, RoleSessionName=record.run_id[:64]
    )["Credentials"]
    data: dict[str, Any] = {
        "actionConfiguration": {"configuration": context.configuration},
        "inputArtifacts": [_artifact(name, one) for name, one in record.inputs.items()],
        "outputArtifacts": [_artifact(name, one) for name, one in record.outputs.items()],
        "artifactCredentials": {
            "accessKeyId": credentials["AccessKeyId"],
            "secretAccessKey": credentials["SecretAccessKey"],
            "sessionToken": credentials["SessionToken"],
        },
    }
    if token:
        data["continuationToken"] = token
    if context.store.encryption_key:
        data["encryptionKey"] = {"id": context.store.encryption_key, "type": "KMS"}
    return data


def _artifact(name: str, location: Location) -> dict[str, Any]:
    where = {"type": "S3", "s3Location": {"bucketName": location.bucket, "objectKey": location.key}}
    return {"name": name, "revision": None, "location": where}


def _job(request: Request) -> Job:
    found = _jobs.get(request.params["jobId"])
    if found is None:
        raise fault("JobNotFound", f"There is no job {request.params['jobId']}")
    return found


def put_job_success_result(request: Request) -> None:
    """PutJobSuccessResult."""
    _job(request).end(True, request.params)


def put_job_failure_result(request: Request) -> None:
    """PutJobFailureResult."""
    _job(request).end(False, request.params["failureDetails"])


def get_job_details(request: Request) -> dict[str, Any]:
    """GetJobDetails."""
    job = _job(request)
    return {"jobDetails": {"id": job.job_id, "data": job.data, "accountId": job.account}}


OPERATIONS = {
    "GetJobDetails": get_job_details,
    "PutJobFailureResult": put_job_failure_result,
    "PutJobSuccessResult": put_job_success_result,
}
