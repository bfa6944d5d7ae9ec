"""The runner goes to the accounts of a project's stages: once to each, in the role that is prepared there."""

from __future__ import annotations

import boto3

from terraform_runner.runner_settings import RunnerSettings
from terraform_runner.stage_accounts import sessions

STAGES = "arn:aws:iam::444455556666:role/mlproject-platform-stages-eu-central-1"


def test_two_stages_of_one_account_take_one_session(session: boto3.Session) -> None:
    (other,) = sessions(session, [STAGES, STAGES], "p-1")
    caller = other.client("sts").get_caller_identity()
    assert (
        caller["Arn"] == "arn:aws:sts::444455556666:assumed-role/mlproject-platform-stages-eu-central-1/p-1"
    )
    assert other.region_name == session.region_name


def test_a_project_with_its_stages_at_home_takes_none(session: boto3.Session) -> None:
    assert sessions(session, [], "p-1") == []


def test_the_platform_says_which_stages_are_elsewhere() -> None:
    settings = RunnerSettings(
        request_key="k", artifact_bucket="a", state_bucket="s", kms_key_arn="key", permissions_boundary_arn="b",
        aws_region="eu-central-1", codebuild_build_id="runner:1", production_role_arn=STAGES,
    )  # fmt: skip
    assert settings.stage_roles() == {"production_role_arn": STAGES}
