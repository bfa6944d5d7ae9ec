"""One of AWS's own images in, its URI out, of the SDK's lists (to `sdk_compiler`).

The SDK's own function for it imports all that it knows of JumpStart, and wants credentials for that.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.loaders import create_loader

from mlpipelines.pipeline_errors import UserError
from mlpipelines.plan import AwsImage, AwsRepositoryImage

LISTS = "sagemaker/core/image_uri_config"


def image_uri(image: AwsImage) -> str:
    """Return the URI of an image in its region.

    Raises
    ------
    UserError
        When AWS does not have it there.
    """
    listed = _read(image.name)
    # An image with several uses has a list for each; these have one.
    versions = listed.get("processing", listed)["versions"]
    version = image.version or next(iter(versions))
    described = versions[version]
    account = described["registries"].get(image.region)
    if account is None:
        raise UserError(f"AWS has no image {image.name} in {image.region}")
    repository = described["repository"] + (f":{version}" if version else "")
    return f"{account}.dkr.ecr.{image.region}.{_suffix(image.region)}/{repository}"


def repository_image_uri(image: AwsRepositoryImage) -> str:
    """Return the URI of an image of a repository in its region.

    Raises
    ------
    UserError
        When AWS has no such repository, or not there.
    """
    # The lists have the names of frameworks, which the names of their repositories begin with.
    registries = [*_registries(_read(image.repository.partition("-")[0]), image.repository)]
    if not registries:
        raise UserError(f"the SDK's lists of AWS's images have no repository {image.repository}")
    account = next((each[image.region] for each in reversed(registries) if image.region in each), None)
    if account is None:
        raise UserError(f"AWS has no repository {image.repository} in {image.region}")
    return f"{account}.dkr.ecr.{image.region}.{_suffix(image.region)}/{image.repository}:{image.tag}"


def _registries(listed: Any, repository: str) -> Iterator[dict[str, str]]:
    """Yield the accounts by region of every version that a list has of a repository."""
    if isinstance(listed, dict):
        if listed.get("repository") == repository:
            yield listed["registries"]
        for each in listed.values():
            yield from _registries(each, repository)


def _suffix(region: str) -> str:
    """Return the end of the names of all hosts in a region's partition."""
    partitions = create_loader().load_data("partitions")["partitions"]
    found = next(each for each in partitions if re.match(each["regionRegex"], region))
    return str(found["outputs"]["dnsSuffix"])


def _read(name: str) -> Any:
    spec = importlib.util.find_spec("sagemaker")
    folders = (spec.submodule_search_locations if spec else None) or ()
    files = [Path(folder).parent / LISTS / f"{name}.json" for folder in folders]
    found = next((file for file in files if file.is_file()), None)
    return json.loads(found.read_text(encoding="utf-8")) if found else {}
