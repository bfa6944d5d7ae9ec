"""A build's environment or a project's name in, the project's facts and a way to it out (to `command_line`)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from mlpipelines.deployment import Deployer
from mlpipelines.pipeline_errors import PlatformError, UserError
from mlpipelines.project_settings import ProjectSettings, build_settings, endpoint_url, repository_root

CONTAINER = "container"
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Access:
    """A way to the project.

    Attributes
    ----------
    settings
        Its facts.
    session
        A boto3 session.
    deployer
        What brings pipelines there.
    """

    settings: ProjectSettings
    session: Any
    deployer: Deployer

    @classmethod
    @contextmanager
    def open(cls, project: str | None, local: bool, tell: Callable[[str], None]) -> Iterator[Access]:
        """Reach the project; AWS's refusals inside become errors in words.

        Parameters
        ----------
        project
            Name of the SageMaker project; None for a build, whose environment says everything.
        local
            Refuse to reach any other than this machine.
        tell
            Where the way of things is told.
        """
        if local:
            _check_local()
        try:
            session = boto3.Session()
            settings = _look_up(session, project) if project else build_settings()
            if not project:
                session = boto3.Session(region_name=settings.aws_region)
            yield cls(settings, session, Deployer(settings, session, tell))
        except (BotoCoreError, ClientError) as error:
            raise PlatformError(f"AWS refuses or cannot be reached: {error}") from error

    def find_image(self, folder: str) -> str:
        """Return the URI by digest of the image that the Image stage made of a folder."""
        return _find_image(self.session, self.settings.image_repository, folder)


def _check_local() -> None:
    url = endpoint_url()
    if urlsplit(url).hostname not in THIS_MACHINE:
        raise UserError(
            f"--local wants an AWS on this machine: AWS_ENDPOINT_URL is {url or 'not set'},"
            " and must be http://127.0.0.1:<port>"
        )


def _look_up(session: Any, project: str) -> ProjectSettings:
    """Ask the account what the train build of the project would be told."""
    if not session.region_name:
        raise UserError("no region: set AWS_DEFAULT_REGION to the project's")
    described = session.client("sagemaker").describe_project(ProjectName=project)
    build = f"sagemaker-{project}-{described['ProjectId']}-modelbuild-train"
    found = session.client("codebuild").batch_get_projects(names=[build])["projects"]
    if not found:
        raise UserError(f"the project {project} has no build {build}: is it made from this template?")
    given: Mapping[str, str] = {
        each["name"]: each["value"] for each in found[0]["environment"]["environmentVariables"]
    }
    return build_settings(
        {
            **given,
            "AWS_REGION": session.region_name,
            "COMMIT_ID": _commit(),
            "IMAGE_URI": _find_image(session, given["IMAGE_REPOSITORY_URI"], CONTAINER),
        }
    )


def _find_image(session: Any, repository: str, folder: str) -> str:
    tag = _run([sys.executable, str(Path("image/build.py")), "tag", folder])
    host, _, name = repository.partition("/")
    try:
        answer = session.client("ecr").describe_images(
            registryId=host.partition(".")[0], repositoryName=name, imageIds=[{"imageTag": tag}]
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ImageNotFoundException":
            raise UserError(
                f"{folder} has no image {tag} yet: the Image stage makes it after a push"
            ) from error
        raise
    return f"{repository}@{answer['imageDetails'][0]['imageDigest']}"


def _commit() -> str:
    return _run(["git", "rev-parse", "HEAD"])


def _run(command: list[str]) -> str:
    done = subprocess.run(  # noqa: S603  # a command of this file
        command, cwd=repository_root(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UserError(f"{' '.join(command)} fails: {done.stderr.strip()}")
    return done.stdout.strip()
