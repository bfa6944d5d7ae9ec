"""Which model package a run deploys: the one asked for, the newest approved one, or none."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from deployment.build_settings import ModelSettings
from deployment.deployment_errors import UserError
from deployment.resolve_model import resolve
from tests.unit.stubbed_clients import GROUP, PACKAGE


def settings(arn: str) -> ModelSettings:
    return ModelSettings(model_package_arn=arn, model_package_group=GROUP)


def described(sagemaker: Stubber, status: str) -> None:
    sagemaker.add_response(
        "describe_model_package",
        {
            "ModelPackageName": "sagemaker-churn-p-1",
            "ModelPackageArn": PACKAGE,
            "CreationTime": 0,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": []},
            "ModelApprovalStatus": status,
        },
        {"ModelPackageName": PACKAGE},
    )


def listed(sagemaker: Stubber, *arns: str, after: str = "", more: str = "") -> None:
    page = [{"ModelPackageArn": arn, "CreationTime": 0, "ModelPackageStatus": "Completed"} for arn in arns]
    asked = {
        "ModelPackageGroupName": GROUP,
        "ModelApprovalStatus": "Approved",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
    }
    sagemaker.add_response(
        "list_model_packages",
        {"ModelPackageSummaryList": page} | ({"NextToken": more} if more else {}),
        asked | ({"NextToken": after} if after else {}),
    )


def test_an_approved_package_that_was_asked_for_is_deployed(sagemaker: Stubber) -> None:
    described(sagemaker, "Approved")
    resolution = resolve(sagemaker.client, settings(PACKAGE))
    assert resolution.as_shell() == f"DEPLOY=true\nMODEL_PACKAGE_ARN={PACKAGE}\n"


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
def test_a_package_that_is_not_approved_is_refused(sagemaker: Stubber, status: str) -> None:
    described(sagemaker, status)
    with pytest.raises(UserError, match=f"is {status}: only an approved model package"):
        resolve(sagemaker.client, settings(PACKAGE))


def test_a_package_of_another_group_is_refused(sagemaker: Stubber) -> None:
    with pytest.raises(UserError, match="is of model package group other, this project's is"):
        resolve(sagemaker.client, settings(PACKAGE.replace(GROUP, "other")))


def test_a_package_that_does_not_exist_is_named(sagemaker: Stubber) -> None:
    sagemaker.add_client_error("describe_model_package", "ValidationException", "does not exist")
    with pytest.raises(UserError, match="there is no model package arn:"):
        resolve(sagemaker.client, settings(PACKAGE))


def test_a_failure_of_aws_is_not_taken_for_a_missing_package(sagemaker: Stubber) -> None:
    sagemaker.add_client_error("describe_model_package", "AccessDeniedException", "no")
    with pytest.raises(ClientError):
        resolve(sagemaker.client, settings(PACKAGE))


@pytest.mark.parametrize("arn", ["yes", "$(reboot)", PACKAGE + "\nDEPLOY=true", PACKAGE.rpartition("/")[0]])
def test_what_is_no_arn_of_a_package_is_refused(sagemaker: Stubber, arn: str) -> None:
    with pytest.raises(UserError, match="must be the ARN of a versioned model package"):
        resolve(sagemaker.client, settings(arn))


@pytest.mark.parametrize("arn", ["none", ""])
def test_without_a_package_the_newest_approved_one_is_deployed(sagemaker: Stubber, arn: str) -> None:
    listed(sagemaker, PACKAGE)
    assert resolve(sagemaker.client, settings(arn)).model_package_arn == PACKAGE


def test_an_approved_package_behind_a_page_of_nothing_is_found(sagemaker: Stubber) -> None:
    listed(sagemaker, more="token")
    listed(sagemaker, PACKAGE, PACKAGE.replace("/7", "/6"), after="token")
    assert resolve(sagemaker.client, settings("none")).model_package_arn == PACKAGE


def test_without_an_approved_package_nothing_is_deployed_and_the_log_says_so(sagemaker: Stubber) -> None:
    listed(sagemaker)
    resolution = resolve(sagemaker.client, settings("none"))
    assert resolution.as_shell() == "DEPLOY=false\nMODEL_PACKAGE_ARN=none\n"
    assert resolution.reason == f"nothing to deploy: no approved model package in group {GROUP}"
