"""The command `python image/build.py`: an image's context in, its tag or its URI by digest out on stdout."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import aws_images
import boto3
from content import content_tag
from engine import DockerEngine, Engine
from failures import ImageError, PlatformError
from offline import Offline
from registry import Repository, find_digest, push_password


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = _parse(arguments)
    try:
        print(options.run(options.context))
    except ImageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def ensure(
    context: Path, repository: Repository, ecr: Any, engine: Engine, offline: Offline | None = None
) -> str:
    """Return the URI by digest of the image of ``context``, built and pushed only when ECR lacks it.

    What is ``offline`` changes nothing of the tag: the content is the same, wherever packages come from.

    Raises
    ------
    UserError
        When ``context`` is not an image's context.
    PlatformError
        When ECR cannot be asked or the Docker engine fails or is missing.
    """
    tag = content_tag(context)
    digest = find_digest(ecr, repository, tag)
    if digest:
        print(f"{repository.uri}:{tag} is there already", file=sys.stderr)
    else:
        digest = _build_and_push(context, tag, repository, ecr, engine, offline)
    return f"{repository.uri}@{digest}"


def _build_and_push(
    context: Path, tag: str, repository: Repository, ecr: Any, engine: Engine, offline: Offline | None
) -> str:
    reference = f"{repository.uri}:{tag}"
    print(f"{reference} is not there yet: building it from {context}", file=sys.stderr)
    engine.check()
    password = push_password(ecr)
    arguments = _of_aws(context, repository.region, engine, password)
    if offline is None:
        engine.build(context, reference, arguments)
    else:
        engine.login(offline.base_images.host, password)
        with offline.prepared(context) as prepared:
            engine.build(prepared.context, reference, {**arguments, **prepared.arguments})
    engine.login(repository.host, password)
    try:
        engine.push(reference)
    except PlatformError:
        # Tags are immutable: a build of the same content may have been faster, and then its image will do.
        digest = find_digest(ecr, repository, tag)
        if digest is None:
            raise
        return digest
    digest = find_digest(ecr, repository, tag)
    if digest is None:
        raise PlatformError(f"{reference} was pushed, but ECR does not know it")
    return digest


def _of_aws(context: Path, region: str, engine: Engine, password: str) -> dict[str, str]:
    """Log in where AWS keeps its own images, if the Dockerfile stands on one, and return where that is."""
    host = aws_images.registry((context / "Dockerfile").read_text(encoding="utf-8"), region)
    if host:
        engine.login(host, password)
    return {aws_images.ARGUMENT: host} if host else {}


def _ensure_from_environment(context: Path) -> str:
    repository = Repository.parse(os.environ.get("IMAGE_REPOSITORY_URI", ""))
    ecr = boto3.client("ecr", region_name=repository.region)
    return ensure(context, repository, ecr, DockerEngine(), _offline(ecr, repository.region))


def _offline(ecr: Any, region: str) -> Offline | None:
    packages_uri = os.environ.get("PACKAGES_URI", "")
    if not packages_uri:
        return None
    s3 = boto3.client("s3", region_name=region)
    return Offline.at(packages_uri, os.environ.get("BASE_IMAGE_REPOSITORY", ""), s3, ecr)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="build.py", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, run, words in (
        ("tag", content_tag, "print the tag that stands for the context's content"),
        ("ensure", _ensure_from_environment, "print the image's URI by digest, built and pushed if need be"),
    ):
        _add_command(commands, name, run, words)
    return parser.parse_args(arguments)


def _add_command(commands: Any, name: str, run: Callable[[Path], str], words: str) -> None:
    command = commands.add_parser(name, help=words, description=words)
    command.add_argument("context", type=Path, help="the folder with the Dockerfile")
    command.set_defaults(run=run)


if __name__ == "__main__":
    sys.exit(main())
