"""Decides once which model package this run deploys; the pipeline carries the answer through every later stage."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from deployment.build_settings import ModelSettings
from deployment.command_line import run
from deployment.deployment_errors import UserError

_PACKAGE_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]{12}:model-package/(?P<group>[A-Za-z0-9-]+)/[0-9]+"
)


@dataclass(frozen=True)
class Resolution:
    """What to deploy.

    Attributes
    ----------
    model_package_arn
        The approved package, or ``none``.
    reason
        One sentence for the build's log.
    """

    model_package_arn: str
    reason: str

    @property
    def deploy(self) -> bool:
        """Whether there is anything to deploy."""
        return self.model_package_arn != "none"

    def as_shell(self) -> str:
        """Return the variables that the build exports, as lines for the shell."""
        return f"DEPLOY={str(self.deploy).lower()}\nMODEL_PACKAGE_ARN={self.model_package_arn}\n"


def resolve(sagemaker: Any, settings: ModelSettings) -> Resolution:
    """Return the package to deploy.

    Parameters
    ----------
    sagemaker
        A boto3 client of SageMaker.
    settings
        The package asked for, or none, and its group.

    Raises
    ------
    UserError
        The package asked for does not exist, is of another group, or is not approved.
    """
    if settings.model_package_arn in ("", "none"):
        return _newest_approved(sagemaker, settings.model_package_group)
    return _asked_for(sagemaker, settings.model_package_arn, settings.model_package_group)


def _newest_approved(sagemaker: Any, group: str) -> Resolution:
    # SageMaker may answer with pages of nothing before those that have what the status asks for.
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    found = (package["ModelPackageArn"] for page in pages for package in page["ModelPackageSummaryList"])
    arn = next(found, None)
    if arn is None:
        return Resolution("none", f"nothing to deploy: no approved model package in group {group}")
    return Resolution(arn, f"deploying {arn}, the newest approved model package of group {group}")


def _asked_for(sagemaker: Any, arn: str, group: str) -> Resolution:
    match = _PACKAGE_ARN.fullmatch(arn)
    if not match:
        raise UserError(
            f"ModelPackageArn must be the ARN of a versioned model package or `none`, not {arn!r}"
        )
    if match["group"].lower() != group.lower():
        raise UserError(f"{arn} is of model package group {match['group']}, this project's is {group}")
    status = _approval_status(sagemaker, arn)
    if status != "Approved":
        raise UserError(f"{arn} is {status}: only an approved model package is deployed")
    return Resolution(arn, f"deploying {arn}, which was asked for")


def _approval_status(sagemaker: Any, arn: str) -> str:
    try:
        return str(sagemaker.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationException":
            raise UserError(f"there is no model package {arn}") from error
        raise


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="file for the shell variables")
    output: Path = parser.parse_args().output
    resolution = resolve(boto3.client("sagemaker"), ModelSettings())
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(resolution.as_shell())
    print(resolution.reason)


if __name__ == "__main__":
    run(_main)
