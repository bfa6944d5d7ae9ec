"""The actions that can run here: category, owner and provider come in, how such an action is declared goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ActionType:
    """How many artifacts an action takes and makes, and what configures it."""

    inputs: range
    outputs: range
    required: frozenset[str]
    optional: frozenset[str] = frozenset()


def _upto(least: int, most: int) -> range:
    return range(least, most + 1)


ACTION_TYPES: Mapping[tuple[str, str, str], ActionType] = {
    ("Source", "AWS", "CodeCommit"): ActionType(
        _upto(0, 0),
        _upto(1, 1),
        frozenset({"RepositoryName", "BranchName"}),
        frozenset({"PollForSourceChanges", "OutputArtifactFormat"}),
    ),
    ("Source", "AWS", "CodeStarSourceConnection"): ActionType(
        _upto(0, 0),
        _upto(1, 1),
        frozenset({"ConnectionArn", "FullRepositoryId", "BranchName"}),
        frozenset({"OutputArtifactFormat", "DetectChanges"}),
    ),
    ("Source", "AWS", "S3"): ActionType(
        _upto(0, 0),
        _upto(1, 1),
        frozenset({"S3Bucket", "S3ObjectKey"}),
        frozenset({"PollForSourceChanges", "AllowOverrideForS3ObjectKey"}),
    ),
    **{
        (category, "AWS", "CodeBuild"): ActionType(
            _upto(1, 5),
            _upto(0, 5),
            frozenset({"ProjectName"}),
            frozenset({"PrimarySource", "EnvironmentVariables", "BatchEnabled", "CombineArtifacts"}),
        )
        for category in ("Build", "Test")
    },
    ("Deploy", "AWS", "CloudFormation"): ActionType(
        _upto(0, 10),
        _upto(0, 1),
        frozenset({"ActionMode", "StackName"}),
        frozenset(
            {
                "Capabilities",
                "ChangeSetName",
                "OutputFileName",
                "ParameterOverrides",
                "RoleArn",
                "TemplateConfiguration",
                "TemplatePath",
            }
        ),
    ),
    ("Deploy", "AWS", "S3"): ActionType(
        _upto(1, 1),
        _upto(0, 0),
        frozenset({"BucketName", "Extract"}),
        frozenset({"CacheControl", "CannedACL", "KMSEncryptionKeyARN", "ObjectKey"}),
    ),
    ("Invoke", "AWS", "Lambda"): ActionType(
        _upto(0, 5), _upto(0, 5), frozenset({"FunctionName"}), frozenset({"UserParameters"})
    ),
    ("Approval", "AWS", "Manual"): ActionType(
        _upto(0, 0),
        _upto(0, 0),
        frozenset(),
        frozenset({"CustomData", "ExternalEntityLink", "NotificationArn"}),
    ),
}


def type_key(action: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the key of a declared action in `ACTION_TYPES`."""
    identity = action["actionTypeId"]
    return identity["category"], identity["owner"], identity["provider"]
