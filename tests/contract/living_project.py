"""A commit's stack comes in; what Terraform knows of a project that was made of it goes out, for the test of updates.

Run as a program, it makes such a project in a local AWS, and keeps its variables and state as a fixture:

    .venv/bin/python tests/contract/living_project.py COMMIT tests/contract/living_project.json.gz
"""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localaws.server import LocalAws

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-central-1"
# The longest that a project can be called, and not all in lower case: whatever is cut or lowered is so here.
NAME, ID = "Churn-2026-of-the-retail-section", "p-Abcdefghijklmn1234"
# Buckets by path, since no name server knows those of a local AWS; and the state beside the stack.
_OVERRIDE = 'terraform {\n  backend "local" {}\n}\nprovider "aws" {\n  s3_use_path_style = true\n}\n'


def terraform(folder: Path, server: LocalAws, *arguments: str) -> str:
    """Return what Terraform prints in a stack's ``folder``; a failure is raised with its words."""
    config = subprocess.run(
        [ROOT / "scripts/terraform-cli-config"], capture_output=True, text=True, check=True
    )
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": "test",
        "CHECKPOINT_DISABLE": "1",
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "TF_CLI_CONFIG_FILE": config.stdout.strip(),
        "TF_IN_AUTOMATION": "1",
    }
    done = subprocess.run(
        ["terraform", f"-chdir={folder}", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"terraform {arguments[0]}: {done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def prepare(folder: Path, server: LocalAws, variables: Mapping[str, Any]) -> None:
    """Make a stack that lies in ``folder`` ready to be planned in a local AWS."""
    (folder / "local_override.tf").write_text(_OVERRIDE)
    (folder / "project.auto.tfvars.json").write_text(json.dumps(variables))
    terraform(folder, server, "init", "-input=false", "-lockfile=readonly")


def make(commit: str, folder: Path) -> dict[str, Any]:
    """Return variables and state of a project that was made of the stack of ``commit``."""
    archive = subprocess.run(
        ["git", "archive", commit, "terraform"], cwd=ROOT, capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as stack:
        stack.extractall(folder, filter="data")
    server = LocalAws(folder / "localaws", image_cache=folder / "images")
    server.start()
    try:
        key = server.client("kms", REGION).create_key()["KeyMetadata"]["Arn"]
        variables = {
            "approver_email": "approver@example.com",
            "kms_key_arn": key,
            "permissions_boundary_arn": f"arn:aws:iam::{server.account_id}:policy/boundary",
            "project_id": ID,
            "project_name": NAME,
            "template_version": "0123456789abcdef",
        }
        prepare(folder / "terraform", server, variables)
        terraform(folder / "terraform", server, "apply", "-auto-approve", "-input=false")
    finally:
        server.close()
    state = json.loads((folder / "terraform/terraform.tfstate").read_text())
    return {"variables": variables, "state": _for_plans(state)}


def _for_plans(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a plan needs of a state: data is read again, outputs are made again."""
    kept = [resource for resource in state["resources"] if resource["mode"] == "managed"]
    for resource in kept:
        for instance in resource["instances"]:
            instance.pop("dependencies", None)
            instance.pop("private", None)
    fields = ("version", "terraform_version", "serial", "lineage")
    return {name: state[name] for name in fields} | {"outputs": {}, "resources": kept}


def read(file: Path) -> dict[str, Any]:
    """Return the fixture in ``file``."""
    with gzip.open(file, "rt", encoding="utf-8") as text:
        found: dict[str, Any] = json.load(text)
    return found


def main() -> None:
    """Write the fixture that the command line names."""
    commit, file = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        project = make(commit, Path(folder))
    text = json.dumps(project, sort_keys=True, separators=(",", ":"))
    Path(file).write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
