"""The edge: the stored request comes in by ``REQUEST_KEY``; whatever happens, CloudFormation is answered."""

from __future__ import annotations

import json
import logging
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from terraform_runner.cloudformation_reply import Outcome, reply, reply_body
from terraform_runner.lifecycle import Lifecycle
from terraform_runner.project_request import ProjectRequest
from terraform_runner.runner_errors import RunnerError
from terraform_runner.runner_settings import RunnerSettings

log = logging.getLogger("terraform_runner")


def main() -> int:
    """Serve one request.

    Returns
    -------
    int
        0 if it was carried out; a build that ends otherwise is red, and if it could not answer, the platform's
        EventBridge rule has the Lambda answer for it.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    log.setLevel(logging.INFO)
    # It warns of every failed command, whose output we log ourselves.
    logging.getLogger("python_terraform").setLevel(logging.ERROR)
    settings = RunnerSettings.from_environment()
    session = boto3.Session(region_name=settings.aws_region)
    s3 = session.client("s3")
    stored = s3.get_object(Bucket=settings.artifact_bucket, Key=settings.request_key)["Body"].read()
    request = ProjectRequest.parse(stored)
    if not _claim(session, settings, request):
        return 0
    outcome = _carry_out(Lifecycle(settings, request, session, log.info))
    _say(request, status="SUCCESS" if outcome.succeeded else "FAILED", reason=outcome.reason)
    reply(s3, settings.artifact_bucket, request, reply_body(request, outcome))
    return 0 if outcome.succeeded else 1


def _carry_out(lifecycle: Lifecycle) -> Outcome:
    try:
        return lifecycle.run()
    except RunnerError as error:
        return Outcome(False, str(error))
    except (ClientError, BotoCoreError) as error:
        log.exception("AWS refused")
        return Outcome(False, f"AWS refused: {error}")
    except Exception as error:
        # Our bug; CloudFormation must hear of it all the same, or the stack hangs for an hour.
        log.exception("the runner is broken")
        return Outcome(False, f"The runner is broken ({type(error).__name__}: {error}); see its log.")


def _claim(session: boto3.Session, settings: RunnerSettings, request: ProjectRequest) -> bool:
    """Take the request on; a second build for the same request finds it taken and does nothing."""
    try:
        session.client("s3").put_object(
            Bucket=settings.artifact_bucket,
            Key=request.build_key,
            Body=json.dumps({"build_id": settings.codebuild_build_id}).encode(),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
            raise
        _say(request, status="already taken on by another build")
        return False
    return True


def _say(request: ProjectRequest, **fields: str) -> None:
    log.info(
        json.dumps(
            {
                "request_id": request.request_id,
                "request_type": request.request_type,
                "project_id": request.project_id,
                **fields,
            }
        )
    )


if __name__ == "__main__":
    raise SystemExit(main())
