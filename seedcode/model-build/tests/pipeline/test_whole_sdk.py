"""What is made with the part of the SDK that is imported here is what all of the SDK makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from configured_repository import Repository
from conftest import REPOSITORY
from test_checks_and_automl import CONF as CHECKS
from test_control_steps import CONF as CALLS
from test_flows import CONF as FLOW
from test_flows import NODE

from mlpipelines.plan import AwsImage
from mlpipelines.project_settings import stand_in_settings
from mlpipelines.sdk_compiler import compile_pipeline
from mlpipelines.sdk_images import image_uri

DEFAULTS = [("AppManaged", False), ("S3CompressionType", "None")]
FILES = {
    "adults/prepare.py": "",
    "adults/conf/conf.yaml": CHECKS,
    "calls/conf/conf.yaml": CALLS,
    "people/people.flow": "{}",
    "people/split.py": "",
    "people/conf/conf.yaml": FLOW.replace("{parameter: Refit, default: true}", "true"),
}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("repository"), stand_in_settings()).write(FILES)


@pytest.fixture(scope="module")
def definitions(ours: Repository) -> dict[str, str]:
    return {name: compile_pipeline(plan) for name, plan in ours.plan().items()}


def check_step(definitions: dict[str, str]) -> Any:
    """Return the check of data, with places that are known before it runs."""
    steps = json.loads(definitions["adults"])["Steps"]
    step = next(step for step in steps if step["Name"] == "data-quality")
    step["Arguments"]["ProcessingInputs"][0]["S3Input"]["S3Uri"] = "s3://bucket/baseline"
    step["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = "s3://bucket/report"
    return step


def flow_step(definitions: dict[str, str]) -> Any:
    """Return the job of a flow, with a place that is known before it runs."""
    step = json.loads(definitions["people"])["Steps"][0]
    step["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = "s3://bucket/people"
    return step


def without_defaults(value: Any) -> Any:
    """Leave out what means the same when it is absent."""
    if isinstance(value, list):
        return [without_defaults(item) for item in value]
    if isinstance(value, dict):
        kept = {name: without_defaults(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if (name, item) not in DEFAULTS}
    return value


@pytest.fixture(scope="module")
def whole(ours: Repository, definitions: dict[str, str]) -> Any:
    """Return what the program `whole_sdk.py` prints."""
    jobs = {"check": check_step(definitions)["Arguments"], "flow": flow_step(definitions)["Arguments"]}
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("whole_sdk.py"), *definitions],
        cwd=ours.root,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_definitions_are_the_same(whole: Any, definitions: dict[str, str]) -> None:
    assert whole["definitions"] == definitions


def test_a_check_of_data_is_what_the_sdk_s_own_step_says(whole: Any, definitions: dict[str, str]) -> None:
    step = check_step(definitions)
    given = {name: value for name, value in whole["check"].items() if value is not None}
    assert given.keys() <= step.keys()
    # The SDK is given no network here.
    del step["Arguments"]["NetworkConfig"]
    assert step["Arguments"] == given["Arguments"]


def test_a_flow_is_what_the_sdk_s_own_step_of_its_container_says(
    whole: Any, definitions: dict[str, str]
) -> None:
    step = flow_step(definitions)
    assert step["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["OutputName"] == f"{NODE}.default"
    assert without_defaults(step) == without_defaults(whole["flow"])


def test_images_are_those_of_the_sdk(whole: Any) -> None:
    found = {each: image_uri(AwsImage(*each.split())) for each in whole["images"]}
    assert found == whole["images"]
