"""Names: the longest fit, and a project owns its own only."""

from __future__ import annotations

import pytest

from terraform_runner.naming import ProjectNames

LONGEST = ProjectNames("n" * 32, "i" * 20)
CHURN = ProjectNames("churn", "p-abc123def456")


def test_the_longest_names_fit_what_aws_allows() -> None:
    assert len(LONGEST.prefix) == 63
    assert len(LONGEST.short_prefix) == 47
    assert len(LONGEST.model_package_group) <= 63


def test_a_short_name_never_ends_in_a_hyphen() -> None:
    assert ProjectNames("abcdefghijklmno--x", "p-1").short_prefix == "sagemaker-abcdefghijklmno-p-1"


@pytest.mark.parametrize(
    "name",
    [
        "sagemaker-churn-p-abc123def456",
        "sagemaker-churn-p-abc123def456-modelbuild",
        "sagemaker-churn-p-abc123def456/model",
        "sagemaker-Churn-p-abc123def456-123456789012",
    ],
)
def test_a_project_owns_what_bears_its_names(name: str) -> None:
    assert CHURN.owns(name)


@pytest.mark.parametrize(
    "name",
    [
        "sagemaker-churn-p-abc123def4567-modelbuild",
        "sagemaker-churn-p-zzz123def456-modelbuild",
        "my-sagemaker-churn-p-abc123def456",
        "sagemaker-terraform-runner",
        "",
    ],
)
def test_a_project_does_not_own_what_others_made(name: str) -> None:
    assert not CHURN.owns(name)
