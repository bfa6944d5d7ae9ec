"""CloudFormation's custom-resource event comes in; a checked `CustomResourceRequest` goes to the handler."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from terraform_runner_provider.provider_errors import UserError

REJECTED = "rejected-"
"""Prefix of the physical id of a create that was refused before anything was made."""

UNPUBLISHED = "0000000000000000"
"""The version that stands in `project.yaml` until `publish` writes the real one."""

_INSTANCE_TYPE = r"ml\.[a-z0-9-]+\.[a-z0-9]+"
_INSTANCE_COUNT = r"[1-9]|10"
_VARIANTS = ("churn-xgboost-daal4py", "autopilot", "tensorflow", "huggingface", "config-only")

# No part begins with a dot: the name becomes a part of URLs.
_REPOSITORY = r"|(?=.{1,200}\Z)[a-zA-Z0-9_-][a-zA-Z0-9._-]*(/[a-zA-Z0-9_-][a-zA-Z0-9._-]*)+"

# Property -> (pattern of the whole value, the rule in words). The same rules stand in the product template and
# in Terraform; they are repeated here because a stack can be made from any template that knows this function.
_RULES: Mapping[str, tuple[str, str]] = {
    "SageMakerProjectName": (
        r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}",
        "1 to 32 letters, digits and hyphens, beginning and ending with a letter or digit, e.g. churn-2026",
    ),
    "SageMakerProjectId": (
        r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,19}",
        "1 to 20 letters, digits and hyphens, as SageMaker makes it, e.g. p-abc123def456",
    ),
    "ProjectVariant": ("|".join(_VARIANTS), f"one of {', '.join(_VARIANTS)}"),
    "ApproverEmail": (r"|[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address, or empty"),
    "ConnectionArn": (
        r"|arn:[a-z-]+:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/[0-9a-f-]{36}",
        "the ARN of a connection, or empty",
    ),
    "BuildRepositoryId": (
        _REPOSITORY,
        "owner/name of at most 200 characters, e.g. my-team/churn-build, or empty",
    ),
    "DeployRepositoryId": (
        _REPOSITORY,
        "owner/name of at most 200 characters, e.g. my-team/churn-deploy, or empty",
    ),
    "StagingInstanceType": (_INSTANCE_TYPE, "a SageMaker instance type, e.g. ml.m5.large"),
    "ProductionInstanceType": (_INSTANCE_TYPE, "a SageMaker instance type, e.g. ml.m5.large"),
    "StagingInstanceCount": (_INSTANCE_COUNT, "a whole number from 1 to 10"),
    "ProductionInstanceCount": (_INSTANCE_COUNT, "a whole number from 1 to 10"),
    "DataLocation": (
        r"|(?=.{1,256}\Z)s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[a-zA-Z0-9_.:/=+@-]+",
        "an object in S3 such as s3://my-bucket/churn.txt, of at most 256 letters, digits and _.:/=+@-, or empty",
    ),
    "KeepDataOnDelete": (r"true|false", "true or false"),
    "ApiAuthorization": (r"AWS_IAM|API_KEY", "AWS_IAM or API_KEY"),
    "TemplateVersion": (r"[0-9a-f]{16}", "the 16 hexadecimal digits that `mlproject publish` writes"),
    "TemplateSha256": (r"[0-9a-f]{64}", "the 64 hexadecimal digits that `mlproject publish` writes"),
}
# CloudFormation itself adds these to the properties.
_OWN_PROPERTIES = frozenset({"ServiceToken", "ServiceTimeout"})
# A delete needs to know what to delete, no more: a rule that came later must not keep an old project alive.
_NEEDED_TO_DELETE = frozenset(
    {"SageMakerProjectName", "SageMakerProjectId", "TemplateVersion", "TemplateSha256"}
)
_OF_SOURCE = ("ConnectionArn", "BuildRepositoryId", "DeployRepositoryId")
# Templates that were published before there was a choice do not send it, and a project may be rolled back to one.
_OPTIONAL = frozenset({"ProjectVariant", *_OF_SOURCE})
_REQUEST_TYPES = frozenset({"Create", "Update", "Delete"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True)
class CustomResourceRequest:
    """One request of CloudFormation, with what an answer to it needs."""

    request_type: str
    request_id: str
    response_url: str
    stack_id: str
    logical_resource_id: str
    physical_resource_id: str
    properties: Mapping[str, Any]

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> CustomResourceRequest:
        """Return the request in ``event``; its properties are not judged yet.

        Raises
        ------
        KeyError
            If it lacks a field without which nobody can be answered.
        """
        return cls(
            request_type=str(event["RequestType"]),
            request_id=str(event["RequestId"]),
            response_url=str(event["ResponseURL"]),
            stack_id=str(event["StackId"]),
            logical_resource_id=str(event["LogicalResourceId"]),
            physical_resource_id=str(event.get("PhysicalResourceId", "")),
            properties=event.get("ResourceProperties") or {},
        )

    @property
    def event_key(self) -> str:
        """Where the event is stored in the artifact bucket."""
        return f"requests/{self.request_id}/event.json"

    @property
    def answer_key(self) -> str:
        """The mark that the request was answered."""
        return f"requests/{self.request_id}/answer.json"

    @property
    def build_key(self) -> str:
        """The mark of the build that took the request on."""
        return f"requests/{self.request_id}/build.json"

    @property
    def project_id(self) -> str:
        """The project that the request is about; CloudFormation's physical resource id."""
        return str(self.properties.get("SageMakerProjectId", ""))

    @property
    def rejected_id(self) -> str:
        """The physical id of this request if it is refused: an existing resource keeps its own."""
        return self.physical_resource_id or f"{REJECTED}{self.request_id}"

    @property
    def made_nothing(self) -> bool:
        """Whether this deletes what was refused at creation, so that there is nothing to delete."""
        return self.request_type == "Delete" and self.physical_resource_id.startswith(REJECTED)

    def check(self) -> None:
        """Raise `UserError` naming every problem of the request at once."""
        problems = [*self._envelope_problems(), *self._property_problems()]
        if problems:
            raise UserError("; ".join(problems))

    def _envelope_problems(self) -> list[str]:
        problems = []
        if self.request_type not in _REQUEST_TYPES:
            problems.append(f"RequestType {self.request_type!r} is not Create, Update or Delete")
        if not _REQUEST_ID.fullmatch(self.request_id):
            problems.append("RequestId is not an identifier")
        return problems

    def _property_problems(self) -> list[str]:
        deleting = self.request_type == "Delete"
        rules = {name: rule for name, rule in _RULES.items() if not deleting or name in _NEEDED_TO_DELETE}
        unknown = [] if deleting else sorted(set(self.properties) - set(rules) - _OWN_PROPERTIES)
        problems = [f"unknown property {name}" for name in unknown]
        problems += [
            f"property {name} is missing" for name in rules if name not in {*self.properties, *_OPTIONAL}
        ]
        problems += [
            f"{name} must be {rule}"
            for name, (pattern, rule) in rules.items()
            if name in self.properties and not re.fullmatch(pattern, str(self.properties[name]))
        ]
        if not deleting:
            problems += self._source_problems()
        if self.properties.get("TemplateVersion") == UNPUBLISHED:
            problems.append("this template was never published: run `mlproject publish` and use its product")
        return problems

    def _source_problems(self) -> list[str]:
        connection, build, deploy = (str(self.properties.get(name, "")) for name in _OF_SOURCE)
        if len({bool(connection), bool(build), bool(deploy)}) > 1:
            return [f"{', '.join(_OF_SOURCE)} are given together, or none of them"]
        if connection and build.lower() == deploy.lower():
            return ["BuildRepositoryId and DeployRepositoryId must be two repositories, not one"]
        return []
