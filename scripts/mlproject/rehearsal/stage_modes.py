"""A mode of inference comes in; the life of a project whose stages answer so, as its people live it, goes out."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlproject import projects, stack_deploy
from mlproject.errors import PlatformError, UserError
from mlproject.rehearsal import logs, scientist, several_models
from mlproject.rehearsal.local import ACCOUNT_ID
from mlproject.rehearsal.people import PROJECT, Statements

if TYPE_CHECKING:
    from mlproject.rehearsal.life import Life

DEFAULT = "real-time"
ASYNCHRONOUS = "asynchronous"
BATCH = "batch"
MULTI_MODEL = "multi-model"
SERVERLESS = "serverless"
CONFIG = Path(__file__).resolve().parents[3] / "seedcode/model-deploy/config"
REFUSAL = "an update cannot make it"

CALL_THE_QUEUE: Statements = [
    {
        "Sid": "CallTheEndpoint",
        "Effect": "Allow",
        "Action": "sagemaker:InvokeEndpointAsync",
        "Resource": f"arn:aws:sagemaker:*:{ACCOUNT_ID}:endpoint/{PROJECT}-prod",
    },
    {
        "Sid": "PutRequests",
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{PROJECT}/asynchronous/prod/input/*",
    },
    {
        "Sid": "FetchAnswers",
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": [f"arn:aws:s3:::{PROJECT}/asynchronous/prod/{each}/*" for each in ("failures", "output")],
    },
    # An answer that is not there yet is "not found" only to who may list.
    {
        "Sid": "SeeThatAnswersAreNotThere",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{PROJECT}",
    },
]
"""What an application that calls an asynchronous endpoint of production needs, besides."""

USE_THE_BUCKET: Statements = [
    {
        "Sid": "PutRequests",
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{PROJECT}/batch/prod/input/*",
    },
    {
        "Sid": "FetchAnswers",
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{PROJECT}/batch/prod/output/*",
    },
    {
        "Sid": "FindAnswers",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{PROJECT}",
    },
]
"""What an application needs besides where production predicts in batches."""

FOR_CALLERS: Mapping[str, Statements] = {ASYNCHRONOUS: CALL_THE_QUEUE, BATCH: USE_THE_BUCKET}
"""What the application developer may do besides, by mode."""


def checked(mode: str) -> str:
    """Return ``mode``, empty for the one that every project begins with.

    Raises
    ------
    UserError
        The modeldeploy repository has no example of such a mode.
    """
    if mode in ("", DEFAULT):
        return ""
    known = sorted(path.stem for path in (CONFIG / "examples").glob("*.yaml"))
    if mode not in known:
        raise UserError(f"there is no mode {mode!r}: there is {', '.join([DEFAULT, *known])}")
    return mode


def run(life: Life, mode: str) -> None:
    """Live it from publishing to a prediction in ``mode``, and see that the mode of a living stage is not changed."""
    life.begin()
    life.wait_for_nothing_to_deploy()
    pipeline = life.project.names.repository("modeldeploy")
    with life.summary.step(f"let both stages answer in mode {mode}") as progress:
        _push(life, partial(_take_example, mode), f"Answer in mode {mode}")
        life.wait_pipeline(pipeline, 2, progress)
    life.approve_model()
    life.deploy_to_staging()
    life.deploy_to_production(run=3)
    if predict := PREDICTIONS.get(mode):
        predict(life)
    else:
        life.predict()
    with life.summary.step("another mode is refused while the stages serve") as progress:
        runs = len(life.executions(pipeline))
        # Several models are served in real time, too.
        if mode == MULTI_MODEL:
            _push(life, partial(_take_example, SERVERLESS), f"Answer in mode {SERVERLESS}")
        else:
            _push(life, _take_default, f"Answer in mode {DEFAULT}")
        life.wait(partial(_is_refused, life, pipeline, runs), progress)


def _push(life: Life, change: scientist.Change, message: str) -> None:
    url = projects.outputs(life.lead, life.project)["ModelDeployCloneUrl"]
    scientist.push(life.local, life.people.scientist, url, change, message)


def _take_example(mode: str, repository: Path) -> None:
    for stage in ("staging", "prod"):
        shutil.copy(repository / f"config/examples/{mode}.yaml", repository / f"config/{stage}.yaml")
    if mode == BATCH:
        # A day is too long for a rehearsal.
        production = repository / "config/prod.yaml"
        production.write_text(production.read_text().replace("rate(1 day)", "rate(1 minute)"))


def _take_default(repository: Path) -> None:
    for stage in ("staging", "prod"):
        shutil.copy(CONFIG / f"{stage}.yaml", repository / f"config/{stage}.yaml")


def _is_refused(life: Life, pipeline: str, runs: int) -> bool:
    executions = life.executions(pipeline)
    if len(executions) <= runs or executions[0]["status"] == "InProgress":
        return False
    log = logs.read(life.session, f"/aws/codebuild/{pipeline}-build")
    if executions[0]["status"] != "Failed" or REFUSAL not in log:
        raise PlatformError(f"the mode of a living stage was changed: {pipeline} {executions[0]['status']}")
    return True


def _predict_by_schedule(life: Life) -> None:
    """The application puts a file into the bucket, and the schedule's next run leaves the evaluation's score there."""
    with life.summary.step("predict by the schedule") as progress:
        golden = life.golden_record()
        stack = stack_deploy.read(life.session, life.project.names.stage_stack("prod"))
        if stack is None:
            raise PlatformError("production has no stack")
        place, s3 = urlsplit(stack.outputs["BatchUri"]), life.people.developer.client("s3")
        folder, name = place.path.lstrip("/"), f"{uuid.uuid4()}.json"
        body = json.dumps([golden["record"]]).encode()
        s3.put_object(Bucket=place.netloc, Key=f"{folder}/input/{name}", Body=body)
        started = time.monotonic()
        found: list[str] = []
        life.wait(partial(_find, s3, place.netloc, f"{folder}/output/", f"/{name}.out", found), progress)
        content = json.loads(_read(s3, f"s3://{place.netloc}/{found[0]}"))
        life.judge(content["predictions"][0], golden)
        progress(f"answered after {time.monotonic() - started:.1f} s")


def _find(s3: Any, bucket: str, prefix: str, suffix: str, found: list[str]) -> bool:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = (item["Key"] for page in pages for item in page.get("Contents", []))
    found += [key for key in keys if key.endswith(suffix)]
    return bool(found)


def _predict_later(life: Life) -> None:
    """The application puts a record into the bucket, calls the endpoint, and finds the evaluation's score there."""
    with life.summary.step("predict by an asynchronous call") as progress:
        golden = life.golden_record()
        stack = stack_deploy.read(life.session, life.project.names.stage_stack("prod"))
        if stack is None:
            raise PlatformError("production has no stack")
        request = f"{stack.outputs['AsynchronousUri']}/input/{uuid.uuid4()}.json"
        place, s3 = urlsplit(request), life.people.developer.client("s3")
        s3.put_object(
            Bucket=place.netloc, Key=place.path.lstrip("/"), Body=json.dumps(golden["record"]).encode()
        )
        answer = life.people.developer.client("sagemaker-runtime").invoke_endpoint_async(
            EndpointName=stack.outputs["EndpointName"], InputLocation=request, ContentType="application/json"
        )
        started = time.monotonic()
        life.wait(partial(_is_there, s3, answer), progress)
        content = json.loads(_read(s3, answer["OutputLocation"]))
        life.judge(content["predictions"][0], golden)
        progress(f"answered after {time.monotonic() - started:.1f} s")


def _is_there(s3: Any, answer: Any) -> bool:
    for location in ("OutputLocation", "FailureLocation"):
        try:
            text = _read(s3, answer[location])
        except s3.exceptions.NoSuchKey:
            continue
        if location == "FailureLocation":
            raise PlatformError(f"the endpoint failed: {text}")
        return True
    return False


def _read(s3: Any, uri: str) -> str:
    place = urlsplit(uri)
    return str(s3.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"].read().decode())


PREDICTIONS: Mapping[str, Callable[[Life], None]] = {
    ASYNCHRONOUS: _predict_later,
    BATCH: _predict_by_schedule,
    MULTI_MODEL: several_models.predict,
}
"""How the application comes to a prediction otherwise than by a request that says no more than the record."""
