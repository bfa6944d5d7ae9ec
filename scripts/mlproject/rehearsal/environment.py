"""The command behind ``make environment``: the ML environment made, planned again and destroyed in a local AWS."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3

from mlproject import s3_templates
from mlproject.errors import PlatformError
from mlproject.rehearsal.inventory import account_inventory
from mlproject.rehearsal.local import REGION, LocalAws, check_output, running
from mlproject.rehearsal.report import Summary

TERRAFORM = Path(__file__).parents[3] / "terraform"
STATE_BUCKET = "environment-state"
EMPTY_IMAGE: Mapping[str, Any] = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "size": 2,
        "digest": f"sha256:{hashlib.sha256(b'{}').hexdigest()}",
    },
    "layers": [],
}
CHANGED = 2
"""Terraform's exit code for a plan that would change something."""
SETTINGS: Mapping[str, Any] = {
    "name": "ml-rehearsal",
    "network": {"nat": "single"},
    "users": {
        "anna": {"persona": "lead"},
        "ben": {"persona": "data-scientist"},
        "carl": {"persona": "approver"},
    },
    "model_package_groups": {"churn": "Which customers will leave"},
    "workload_account_ids": ["210987654321"],
    "central_bus_arn": f"arn:aws:events:{REGION}:123456789012:event-bus/default",
}
"""As much of the environment as one account can have at once; an image of one's own comes from its ECR."""


def rehearse_environment(output: Path) -> Summary:
    """Make and remove the environment in a local AWS, and write ``summary.json`` and Terraform's logs to ``output``.

    Raises
    ------
    PlatformError
        Terraform failed, would change what it has just made, or left something.
    """
    check_output(output.resolve())
    summary = Summary("processes")
    started = time.monotonic()
    try:
        with running(output.resolve(), keep=False) as local:
            session = local.session()
            make_state_bucket(session)
            settings = {**SETTINGS, "studio": {"custom_image": {"name": "lab", "uri": _image(session)}}}
            before = account_inventory(session)
            stack = EnvironmentStack(local, output.resolve(), settings)
            with summary.step("plan and apply"):
                stack.apply()
                summary.terraform = {"resources": stack.resources()}
            with summary.step("show templates in S3"):
                domains = session.client("sagemaker").list_domains()["Domains"]
                s3_templates.show_in_domains(session, [each["DomainId"] for each in domains], STATE_BUCKET)
            with summary.step("plan again: nothing to change"):
                if stack.run("plan", "-detailed-exitcode", accepted=(0, CHANGED)) == CHANGED:
                    raise PlatformError(f"Terraform would change what it has just made: see {stack.log}")
            with summary.step("destroy"):
                stack.run("destroy", "-auto-approve")
                summary.leftovers = _left(session, before)
                if summary.leftovers:
                    raise PlatformError(f"left: {', '.join(summary.leftovers)}")
    finally:
        summary.total_seconds = round(time.monotonic() - started, 1)
        summary.write(output / "summary.json")
        summary.show()
    return summary


def make_state_bucket(session: boto3.Session) -> None:
    """Make the bucket in which `EnvironmentStack` keeps its state."""
    session.client("s3").create_bucket(Bucket=STATE_BUCKET)


class EnvironmentStack:
    """A copy of the environment's root module and the modules it shares, run on a local AWS by its real host names."""

    def __init__(self, local: LocalAws, output: Path, settings: Mapping[str, Any]) -> None:
        self._folder = output / "terraform/environment"
        self.log = output / "terraform.log"
        shutil.copytree(
            TERRAFORM,
            output / "terraform",
            ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tfvars"),
        )
        (self._folder / "rehearsal.auto.tfvars.json").write_text(json.dumps(settings))
        inherited = {name: value for name, value in os.environ.items() if name != "AWS_ENDPOINT_URL"}
        self._environment = inherited | {
            "HTTPS_PROXY": local.endpoint,
            "AWS_CA_BUNDLE": str(local.certificate_authority),
            "AWS_REGION": REGION,
            "TF_IN_AUTOMATION": "1",
        }

    def apply(self) -> None:
        """Make the environment."""
        self.run("init", "-reconfigure", *_backend())
        self.run("apply", "-auto-approve")

    def run(self, command: str, *options: str, accepted: tuple[int, ...] = (0,)) -> int:
        """Run Terraform and return its exit code; its output goes to the log."""
        with self.log.open("a") as log:
            code = self._terraform(command, "-no-color", "-input=false", *options, stdout=log).returncode
        if code not in accepted:
            raise PlatformError(f"terraform {command} failed: see the end of {self.log}")
        return code

    def resources(self) -> int:
        """Return how many resources the state holds, data sources left out."""
        listed = self._terraform("state", "list", stdout=subprocess.PIPE).stdout.decode().split()
        return sum(1 for address in listed if ".data." not in f".{address}")

    def _terraform(self, *arguments: str, stdout: Any) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603  # our own arguments
            ["terraform", *arguments],  # noqa: S607  # the user's Terraform
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            check=False,
        )


def _image(session: boto3.Session) -> str:
    """Put an image into ECR and return its URI by digest; nothing starts from it."""
    ecr = session.client("ecr")
    repository = ecr.create_repository(repositoryName="lab")["repository"]
    put = ecr.put_image(repositoryName="lab", imageManifest=json.dumps(EMPTY_IMAGE), imageTag="1")["image"]
    return f"{repository['repositoryUri']}@{put['imageId']['imageDigest']}"


def _backend() -> list[str]:
    settings = {"bucket": STATE_BUCKET, "key": "environment.tfstate", "region": REGION, "encrypt": "true"}
    return [f"-backend-config={name}={value}" for name, value in settings.items()]


def _left(session: boto3.Session, before: frozenset[str]) -> list[str]:
    return sorted(account_inventory(session) - before)
