"""Finds the model versions that a multi-model stage serves beside the approved one; `render` writes them down."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from deployment.build_settings import BuildSettings
from deployment.deployment_errors import UserError
from deployment.model_interface import ModelInterface, model_interface

# What stands between versions and artefacts in the function's environment must not stand in them.
_ARTEFACT = re.compile(r"[A-Za-z0-9!_.*'()/-]+\.tar\.gz")
# All variables of a function have 4 KB; the others need little.
_LONGEST = 3000


@dataclass(frozen=True)
class TargetModels:
    """What a multi-model endpoint serves.

    Attributes
    ----------
    image
        The one container that all versions were approved with.
    prefix
        S3 prefix below which their artefacts lie; SageMaker fetches nothing from elsewhere.
    artefacts
        Each version's artefact below the prefix; the first is the one that answers who names none.
    left_out
        A sentence for each earlier approved version that this endpoint cannot serve.
    """

    image: str
    prefix: str
    artefacts: Mapping[str, str]
    left_out: tuple[str, ...] = ()

    def as_text(self) -> str:
        """Return versions and artefacts as the API's function reads them."""
        return ",".join(f"{version}={artefact}" for version, artefact in self.artefacts.items())

    def digest(self) -> str:
        """Return what is another one whenever the function has to be told of other versions."""
        return hashlib.sha256(self.as_text().encode()).hexdigest()[:16]


def target_models(
    registry: Any,
    package: Mapping[str, Any],
    settings: BuildSettings,
    previous: int,
    interface: ModelInterface,
    schema: Mapping[str, Any],
) -> TargetModels:
    """Return the version of this run and the approved ones before it that can be served beside it.

    Parameters
    ----------
    registry
        A boto3 client of SageMaker in the account of the model registry.
    package
        The version of this run, as SageMaker describes it.
    settings
        Names its group and the project's bucket.
    previous
        How many approved versions before it are looked at; what cannot be served is not made up for.
    interface
        How the function talks to the version of this run, and so to all.
    schema
        What a record is.

    Raises
    ------
    UserError
        The version of this run cannot be served by a multi-model endpoint; the message says why.
    """
    arn, prefix = package["ModelPackageArn"], f"s3://{settings.project_bucket}/training/"
    try:
        image, artefact = _served(package, prefix)
    except UserError as error:
        raise UserError(f"mode multi-model cannot serve {arn}: {error}") from error
    artefacts, left_out = {_version(arn): artefact}, []
    for earlier in islice(_approved_before(registry, settings.model_package_group, arn), previous):
        other = registry.describe_model_package(ModelPackageName=earlier)
        try:
            other_image, artefact = _served(other, prefix)
            if other_image != image:
                raise UserError(
                    "it was approved with another image, and the endpoint's container is one for all"
                )
            if model_interface(other, schema) != interface:
                raise UserError("it takes or answers something else")
        except UserError as error:
            left_out.append(f"version {_version(earlier)} is not served: {error}")
            continue
        artefacts[_version(earlier)] = artefact
    found = TargetModels(image, prefix, artefacts, tuple(left_out))
    if len(found.as_text()) > _LONGEST:
        raise UserError(
            f"the artefacts of {len(artefacts)} versions have names too long for the function's environment:"
            " lower multi_model.previous"
        )
    return found


def _served(package: Mapping[str, Any], prefix: str) -> tuple[str, str]:
    """Return image and artefact (below ``prefix``) of a version, or say why an endpoint of many cannot serve it."""
    containers = package["InferenceSpecification"]["Containers"]
    if len(containers) != 1:
        raise UserError(f"it is made of {len(containers)} containers, and a multi-model endpoint has one")
    container = containers[0]
    if container.get("Environment"):
        raise UserError(
            f"its container has variables of its own ({', '.join(sorted(container['Environment']))}),"
            " and the endpoint's container is one for all"
        )
    artefact = container.get("ModelDataUrl", "").removeprefix(prefix)
    if not _ARTEFACT.fullmatch(artefact) or artefact == container.get("ModelDataUrl"):
        raise UserError(f"its artefact is not a .tar.gz below {prefix}, where the endpoint looks for models")
    return str(container["Image"]), artefact


def _approved_before(registry: Any, group: str, arn: str) -> Iterator[str]:
    """Yield the approved versions with a lower number, the newest first."""
    pages = registry.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    for page in pages:
        for package in page["ModelPackageSummaryList"]:
            if int(_version(package["ModelPackageArn"])) < int(_version(arn)):
                yield package["ModelPackageArn"]


def _version(arn: str) -> str:
    return arn.rpartition("/")[2]
