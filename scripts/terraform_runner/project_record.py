"""A project's id and the running build come in; whose the project is, and whether a lock is stale, go out.

The record ``projects/<id>/record.json`` names the stack that the project belongs to and the build that works on
it. It is what makes a lock of a dead build tell-tale: the lock file itself knows only a host name.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from terraform_runner.naming import ProjectNames
from terraform_runner.project_request import (
    DEFAULT_VARIANT,
    ProjectProperties,
    ProjectRequest,
    TemplateReference,
)
from terraform_runner.runner_errors import PlatformError, UserError
from terraform_runner.way_back import Moves

if TYPE_CHECKING:
    from types_boto3_codebuild import CodeBuildClient
    from types_boto3_codebuild.type_defs import BuildTypeDef
    from types_boto3_s3 import S3Client

_STOP_WAIT_SECONDS = 120
_ABSENT = ("404", "NoSuchKey")
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")


@dataclass(frozen=True)
class Record:
    """What a project is.

    Attributes
    ----------
    stack_id, build_id
        Whose it is, and who works on it.
    template_version, template_sha256
        The template it was last brought to; empty: none yet.
    variant
        What it began as.
    repositories
        The team's; empty: it has some in CodeCommit.
    staging_role_arn, production_role_arn
        In the accounts of its stages, kept for life; empty for a stage in its own account.
    connection_arn
        The connection it was last brought to; empty: none, or it was brought there before this was noted.
    moves
        What an update began to move in the state and did not see through: where it was, by where it is to be.
    """

    stack_id: str
    build_id: str
    template_version: str = ""
    template_sha256: str = ""
    variant: str = DEFAULT_VARIANT
    repositories: str = ""
    staging_role_arn: str = ""
    production_role_arn: str = ""
    connection_arn: str = ""
    moves: Moves = field(default_factory=dict)


@dataclass(frozen=True)
class StateLock:
    """What Terraform wrote into its lock file."""

    lock_id: str
    who: str
    created: datetime


class ProjectStore:
    """The state bucket's objects about one project."""

    def __init__(self, s3: S3Client, codebuild: CodeBuildClient, bucket: str, names: ProjectNames) -> None:
        self._s3 = s3
        self._codebuild = codebuild
        self._bucket = bucket
        self._names = names

    def take_over(
        self, request: ProjectRequest, build_id: str, stage_roles: Mapping[str, str] = MappingProxyType({})
    ) -> bool:
        """Make ``build_id`` the only build that works on the project.

        Parameters
        ----------
        request
            What is to be done.
        build_id
            Who does it.
        stage_roles
            The roles in the accounts of a new project's stages; a project that is known keeps its own.

        Returns
        -------
        bool
            False if the project belongs to another stack and this stack asks to delete it: nothing of this
            stack's was made.

        Raises
        ------
        UserError
            If the id is another stack's, another build is at work, or the project shall get another variant or other
            repositories.
        """
        found, etag = self._record()
        properties, deleting = request.resource_properties, request.request_type == "Delete"
        if found and found.stack_id != request.stack_id:
            if deleting:
                return False
            raise UserError(
                f"Project id {request.project_id} belongs to the stack {found.stack_id}: choose another."
            )
        if found and not deleting:
            _refuse_changes(found, properties)
        if found and found.build_id != build_id:
            self._wait_for(found.build_id, stop=deleting)
        known = found or Record(
            request.stack_id,
            build_id,
            variant=properties.project_variant,
            repositories=properties.repositories,
            staging_role_arn=stage_roles.get("staging_role_arn", ""),
            production_role_arn=stage_roles.get("production_role_arn", ""),
        )
        self._write(replace(known, build_id=build_id), etag)
        return True

    def stage_roles(self) -> dict[str, str]:
        """Return the roles in the accounts of the project's stages, by the stack's variable."""
        found, _ = self._record()
        roles = (
            {
                "staging_role_arn": found.staging_role_arn,
                "production_role_arn": found.production_role_arn,
            }
            if found
            else {}
        )
        return {name: arn for name, arn in roles.items() if arn}

    def applied(self) -> TemplateReference | None:
        """Return the template that the project was last brought to, or None if none ever was."""
        found, _ = self._record()
        if found is None or not found.template_version:
            return None
        return TemplateReference.model_validate(
            {"TemplateVersion": found.template_version, "TemplateSha256": found.template_sha256}
        )

    def remember_applied(self, properties: ProjectProperties) -> None:
        """Note that the project is now what its template and ``properties`` make of it."""
        self._change(
            template_version=properties.template_version,
            template_sha256=properties.template_sha256,
            connection_arn=properties.connection_arn,
            moves={},
        )

    def unfinished_moves(self) -> Moves:
        """Return what an apply that did not end began to move in the state."""
        found, _ = self._record()
        return found.moves if found else {}

    def remember_moves(self, moves: Moves) -> None:
        """Note what an apply is about to move in the state; with nothing, that there is nothing to take back."""
        if moves or self.unfinished_moves():
            self._change(moves=moves)

    def has_another_connection(self, arn: str) -> bool:
        """Say whether the project was last brought to another connection than ``arn``."""
        found, _ = self._record()
        return bool(found and found.connection_arn not in ("", arn))

    def output(self, name: str) -> str:
        """Return an output of the stack as the state has it, or nothing."""
        found = self._get(self._names.state_key)
        outputs = json.loads(found[0]).get("outputs", {}) if found else {}
        return str(outputs.get(name, {}).get("value", ""))

    def stale_lock(self, previous: str) -> str:
        """Return the id of the lock that the dead build ``previous`` left behind, or nothing.

        Raises
        ------
        UserError
            If somebody else holds the lock: it is not ours to take away.
        """
        lock = self._lock()
        if lock is None:
            return ""
        build = self._build(previous) if previous else None
        ended = build.get("endTime") if build else None
        if build is None or ended is None or lock.created > ended:
            raise UserError(
                f"The project's state has been locked by {lock.who} since {lock.created:%Y-%m-%d %H:%M} UTC. If "
                f"nobody works on it, run `terraform force-unlock {lock.lock_id}` and try again."
            )
        return lock.lock_id

    def previous_build(self) -> str:
        """Return the build that worked on the project last, or nothing."""
        found, _ = self._record()
        return found.build_id if found else ""

    def has_state(self) -> bool:
        """Say whether Terraform ever wrote anything down, or began to and left its lock."""
        keys = {self._names.state_key, self._names.lock_key}
        listed = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=self._names.state_key)
        return any(item["Key"] in keys for item in listed.get("Contents", []))

    def archive(self, now: datetime) -> None:
        """Move the state out of the way of the next project with this id, and forget the record."""
        target = f"{self._names.archive_prefix}{now:%Y%m%dT%H%M%SZ}.tfstate"
        try:
            self._s3.copy_object(
                Bucket=self._bucket,
                Key=target,
                CopySource={"Bucket": self._bucket, "Key": self._names.state_key},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _ABSENT:
                raise
        self._s3.delete_object(Bucket=self._bucket, Key=self._names.state_key)
        self._s3.delete_object(Bucket=self._bucket, Key=self._names.record_key)

    def _record(self) -> tuple[Record | None, str]:
        found = self._get(self._names.record_key)
        if found is None:
            return None, ""
        # What a later runner notes besides is not for this one.
        known = {each.name for each in fields(Record)}
        return Record(**{name: it for name, it in json.loads(found[0]).items() if name in known}), found[1]

    def _change(self, **changed: Any) -> None:
        found, etag = self._record()
        if found:
            self._write(replace(found, **changed), etag)

    def _write(self, record: Record, etag: str) -> None:
        body = json.dumps(asdict(record)).encode()
        try:
            if etag:
                self._s3.put_object(Bucket=self._bucket, Key=self._names.record_key, Body=body, IfMatch=etag)
            else:
                self._s3.put_object(
                    Bucket=self._bucket, Key=self._names.record_key, Body=body, IfNoneMatch="*"
                )
        except ClientError as error:
            if error.response["Error"]["Code"] in _TAKEN:
                raise UserError("Another build began to work on this project at the same moment.") from error
            raise

    def _wait_for(self, build_id: str, stop: bool) -> None:
        build = self._build(build_id)
        if build is None or build.get("buildComplete", True):
            return
        if not stop:
            raise UserError(f"Build {build_id} still works on this project: try again when it is over.")
        # CloudFormation deletes while creation is under way only when the stack was cancelled.
        self._codebuild.stop_build(id=build_id)
        deadline = time.monotonic() + _STOP_WAIT_SECONDS
        while time.monotonic() < deadline:
            build = self._build(build_id)
            if build is None or build.get("buildComplete", True):
                return
            time.sleep(2)
        raise PlatformError(f"Build {build_id} works on this project and does not stop.")

    def _build(self, build_id: str) -> BuildTypeDef | None:
        builds = self._codebuild.batch_get_builds(ids=[build_id])["builds"]
        return builds[0] if builds else None

    def _lock(self) -> StateLock | None:
        found = self._get(self._names.lock_key)
        if found is None:
            return None
        lock = json.loads(found[0])
        # Terraform writes nanoseconds, which Python does not read.
        created = datetime.fromisoformat(lock["Created"].partition(".")[0].rstrip("Z") + "+00:00")
        return StateLock(lock["ID"], lock.get("Who", "somebody"), created)

    def _get(self, key: str) -> tuple[bytes, str] | None:
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise
        return found["Body"].read(), found["ETag"]


def _refuse_changes(found: Record, properties: ProjectProperties) -> None:
    """Refuse another variant or other repositories than those that the project has."""
    if found.variant != properties.project_variant:
        raise UserError(
            f"A project's variant cannot be changed: this one was seeded as {found.variant}, and its repositories "
            f"are its team's since. Create a new project for {properties.project_variant}."
        )
    if found.repositories != properties.repositories:
        raise UserError(
            "A project's repositories cannot be changed: this one has "
            f"{found.repositories or 'some in CodeCommit'}. Create a new project, or update this one with the "
            "repositories that it has; its connection may change."
        )
