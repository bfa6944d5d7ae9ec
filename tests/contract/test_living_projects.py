"""An update keeps what a project has: today's stack is planned on a project that was made before resources moved."""

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


def test_the_project_is_older_than_what_has_moved_since(changes: dict[str, dict[str, Any]]) -> None:
    moved = {
        change["previous_resource"]["addr"] for change in changes.values() if "previous_resource" in change
    }
    assert "module.storage.aws_s3_bucket.this" in moved
    assert len(moved) > 50


def test_an_update_destroys_nothing_and_makes_nothing_anew(changes: dict[str, dict[str, Any]]) -> None:
    gone = {
        address for address, change in changes.items() if change["action"] in ("delete", "remove", "replace")
    }
    assert gone == set(MAY_GO)
