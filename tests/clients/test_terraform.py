"""Terraform's AWS provider, with a configuration of somebody else's: applied, unchanged in a plan, used, destroyed."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import requests

from localaws.server import LocalAws

CONFIGURATION = Path(__file__).parent / "terraform"
CLI_CONFIG = Path(__file__).parents[2] / "scripts/terraform-cli-config"
HANDLER = """
import os

import boto3


def handler(event, context):
    body = boto3.client("s3").get_object(Bucket=os.environ["BUCKET"], Key="greeting.txt")["Body"].read()
    return {"statusCode": 200, "body": body.decode()}
"""


@pytest.mark.slow
def test_a_configuration_is_applied_is_unchanged_and_is_destroyed(programs: Any, localaws: LocalAws) -> None:
    config = subprocess.run([CLI_CONFIG], capture_output=True, text=True, check=True).stdout.strip()
    programs.environment.update(
        {"TF_IN_AUTOMATION": "1"} | ({"TF_CLI_CONFIG_FILE": config} if config else {})
    )
    folder = programs.folder / "configuration"
    shutil.copytree(CONFIGURATION, folder)
    archive = programs.folder / "reader.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("reader.py", HANDLER)

    def terraform(command: str, *options: str) -> str:
        return str(programs.run("terraform", command, "-no-color", *options, cwd=folder))

    arguments = ("-input=false", f"-var=archive={archive}")
    terraform("init", "-input=false")
    assert "0 changed, 0 destroyed" in terraform("apply", "-auto-approve", *arguments)
    assert "No changes" in terraform("plan", "-detailed-exitcode", *arguments)
    api = terraform("output", "-raw", "api")
    answer = requests.get(f"{localaws.endpoint}/_aws/execute-api/{api}/live/", timeout=10)
    assert (answer.status_code, answer.text) == (200, "hello")
    assert "Destroy complete!" in terraform("destroy", "-auto-approve", *arguments)
