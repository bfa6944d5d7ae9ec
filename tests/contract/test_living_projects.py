"""An update keeps what a project has: today's stack is planned on a project that was made of an earlier commit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws.server import LocalAws

from .living_project import ROOT, prepare, read, terraform

FIXTURE = Path(__file__).with_name("living_project.json.gz")
MAY_GO: Mapping[str, str] = {
    "module.inference_api[0].aws_api_gateway_deployment.this": (
        "a new one is made of the API's new definition, and the stages show it before the old one goes"
    ),
}
"""What an update may destroy or make anew, by address, and why that harms nobody."""


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Give what an update would do, by the address that it is done to."""
    folder = tmp_path_factory.mktemp("living")
    stack = folder / "terraform"
    shutil.copytree(
        ROOT / "terraform", stack, ignore=shutil.ignore_patterns(".terraform", "environment", "tests")
    )
    project = read(FIXTURE)
    (stack / "terraform.tfstate").write_text(json.dumps(project["state"]))
    server = LocalAws(folder / "localaws", image_cache=folder / "images")
    server.start()
    try:
        prepare(stack, server, project["variables"])
        told = terraform(stack, server, "plan", "-json", "-input=false", "-refresh=false", "-lock=false")
    finally:
        server.close()
        moto_api_backend.reset()
    lines = [json.loads(line) for line in told.splitlines()]
    planned = [line["change"] for line in lines if line["type"] == "planned_change"]
    return {change["resource"]["addr"]: change for change in planned}


def test_what_the_project_has_is_found_again(changes: dict[str, dict[str, Any]]) -> None:
    has = sum(len(resource["instances"]) for resource in read(FIXTURE)["state"]["resources"])
    made = [address for address, change in changes.items() if change["action"] == "create"]
    assert len(made) < has / 2, "the plan is not of this project's state"


def test_an_update_destroys_nothing_and_makes_nothing_anew(changes: dict[str, dict[str, Any]]) -> None:
    gone = {
        address for address, change in changes.items() if change["action"] in ("delete", "remove", "replace")
    }
    assert gone == set(MAY_GO)
