"""What a Lambda function is: its code and settings, versions and aliases, and who may invoke it."""

from __future__ import annotations

import copy
import fnmatch
import re
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.core.exceptions import ServiceException
from moto.utilities.utils import get_partition

LATEST = "$LATEST"
ACCOUNT_CONCURRENCY = 1000
"""Invocations at once in an account and region: AWS's quota."""

IDENTIFIER = re.compile(
    r"(?:arn:[a-z-]+:lambda:)?(?:[a-z]{2}(?:-[a-z]+)+-\d:)?(?:\d{12}:)?(?:function:)?"
    r"(?P<name>[A-Za-z0-9_-]+)(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)
# Settings in CreateFunction's own terms, with AWS's defaults.
DEFAULTS: dict[str, Any] = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "PackageType": "Zip",
    "TracingConfig": {"Mode": "PassThrough"},
    "Architectures": ["x86_64"],
    "EphemeralStorage": {"Size": 512},
}
SETTINGS = (
    *DEFAULTS,
    "Runtime",
    "Role",
    "Handler",
    "VpcConfig",
    "DeadLetterConfig",
    "Environment",
    "KMSKeyArn",
    "ImageConfig",
    "LoggingConfig",
)


def not_found(arn: str) -> ServiceException:
    """Return the error for a function, version or alias that does not exist."""
    return ServiceException("ResourceNotFoundException", f"Function not found: {arn}")


def invalid(message: str) -> ServiceException:
    """Return the error for a parameter that Lambda does not accept."""
    return ServiceException("InvalidParameterValueException", message)


def parse_identifier(text: str, qualifier: str = "") -> tuple[str, str]:
    """Split a name, partial ARN or ARN into name and qualifier (empty for none)."""
    match = IDENTIFIER.fullmatch(text)
    if match is None:
        raise ServiceException(
            "ValidationException", f"1 validation error detected: Value '{text}' at 'functionName' failed"
        )
    inline = match["qualifier"] or ""
    if inline and qualifier and inline != qualifier:
        raise invalid("The derived qualifier from the function name does not match the specified qualifier.")
    return match["name"], inline or qualifier


@dataclass(frozen=True)
class Code:
    """A deployment package: an unpacked archive, or an image pinned by digest."""

    sha256: str
    size: int
    folder: Path | None = None
    archive_url: str = ""
    image_uri: str = ""
    resolved_image_uri: str = ""

    def location(self) -> dict[str, str]:
        """Return GetFunction's ``Code``."""
        if self.image_uri:
            return {
                "RepositoryType": "ECR",
                "ImageUri": self.image_uri,
                "ResolvedImageUri": self.resolved_image_uri,
            }
        return {"RepositoryType": "S3", "Location": self.archive_url}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


@dataclass
class Version:
    """``$LATEST`` or a published version: settings and code that belong together."""

    number: str
    settings: dict[str, Any]
    code: Code
    revision_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    last_modified: str = field(default_factory=_now)

    def changed(self) -> None:
        """Give the version a new revision; instances of the old one are not used any more."""
        self.revision_id = str(uuid.uuid4())
        self.last_modified = _now()

    def log_group(self, function: str) -> str:
        """Return the CloudWatch Logs group of this version's instances."""
        return str(self.settings.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{function}")

    def variables(self) -> dict[str, str]:
        """Return the function's own environment variables."""
        return dict(self.settings.get("Environment", {}).get("Variables") or {})


@dataclass
class Alias:
    """A name for a version."""

    name: str
    version: str
    description: str = ""
    routing: Mapping[str, Any] = field(default_factory=dict)
    revision_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Policy:
    """A resource policy: of the function itself, or of one of its versions or aliases."""

    statements: list[dict[str, Any]] = field(default_factory=list)
    revision_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def allows(self, service: str, source_arn: str, account: str) -> bool:
        """Tell whether an AWS service may invoke on behalf of a resource."""
        return any(_allows(statement, service, source_arn, account) for statement in self.statements)


def _allows(statement: Mapping[str, Any], service: str, source_arn: str, account: str) -> bool:
    principal = statement["Principal"]
    if principal != "*" and principal.get("Service") != service:
        return False
    if statement["Action"] not in ("lambda:InvokeFunction", "lambda:*", "*"):
        return False
    condition = statement.get("Condition", {})
    pattern = condition.get("ArnLike", {}).get("AWS:SourceArn", "*")
    owner = condition.get("StringEquals", {}).get("AWS:SourceAccount", account)
    return fnmatch.fnmatchcase(source_arn, pattern) and bool(owner == account)


@dataclass
class Function:
    """A function with everything that hangs on it."""

    name: str
    account: str
    region: str
    latest: Version
    tags: dict[str, str] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    concurrency: int | None = None
    deleted: bool = False
    event_invoke: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _published: int = 0

    def arn(self, qualifier: str = "") -> str:
        """Return the function's ARN, qualified or not."""
        base = f"arn:{get_partition(self.region)}:lambda:{self.region}:{self.account}:function:{self.name}"
        return f"{base}:{qualifier}" if qualifier else base

    def resolve(self, qualifier: str = "") -> Version:
        """Return the version that a qualifier (version, alias or nothing) stands for."""
        if qualifier in ("", LATEST):
            return self.latest
        number = self.aliases[qualifier].version if qualifier in self.aliases else qualifier
        if number == LATEST:
            return self.latest
        if number not in self.versions:
            raise not_found(self.arn(qualifier))
        return self.versions[number]

    def publish(self, description: str = "") -> Version:
        """Freeze ``$LATEST`` as the next version; unchanged since the last one, that is returned."""
        with self.lock:
            last = self.versions.get(str(self._published))
            if last and last.code == self.latest.code and _same(last.settings, self.latest.settings):
                return last
            self._published += 1
            settings = copy.deepcopy(self.latest.settings)
            settings["Description"] = description or settings["Description"]
            version = Version(str(self._published), settings, self.latest.code)
            self.versions[version.number] = version
            return version

    def configuration(self, version: Version, qualifier: str = "") -> dict[str, Any]:
        """Return FunctionConfiguration of a version as the API answers it."""
        settings = version.settings
        answer = {key: settings[key] for key in SETTINGS if settings.get(key) and key != "ImageConfig"}
        answer |= {
            "FunctionName": self.name,
            "FunctionArn": self.arn(qualifier),
            "Description": settings["Description"],
            "Version": version.number,
            "CodeSha256": version.code.sha256,
            "CodeSize": version.code.size,
            "LastModified": version.last_modified,
            "RevisionId": version.revision_id,
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "LoggingConfig": {
                "LogFormat": "Text",
                **settings.get("LoggingConfig", {}),
                "LogGroup": version.log_group(self.name),
            },
        }
        if settings.get("ImageConfig"):
            answer["ImageConfigResponse"] = {"ImageConfig": settings["ImageConfig"]}
        if version.number != LATEST:
            answer["MasterArn"] = self.arn(LATEST)
        return answer


def _same(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Compare settings; a version's description is its own."""
    return {**left, "Description": ""} == {**right, "Description": ""}


@dataclass
class Functions:
    """The functions of one account and region."""

    by_name: dict[str, Function] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
