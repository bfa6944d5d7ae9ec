"""One build as the API tells of it, and the pipeline that asked for it; ``buildrun`` fills it in while it runs."""

from __future__ import annotations

import threading
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localaws.engine import Container

RUNNING = "IN_PROGRESS"


@dataclass(frozen=True)
class Location:
    """An object in S3."""

    bucket: str
    key: str


@dataclass(frozen=True)
class PipelineBinding:
    """What CodePipeline hands to a build beside the API: input artifacts, and where outputs belong.

    Attributes
    ----------
    pipeline
        The pipeline's name.
    inputs
        Artifact name -> where it lies; the first is not special.
    primary
        Name of the input that becomes CODEBUILD_SRC_DIR.
    outputs
        Artifact name -> where the build must put it.
    revision
        What the primary input is a revision of: a commit id, an object version.
    encryption_key
        KMS key of the artifact store, empty for S3's own.
    """

    pipeline: str
    inputs: Mapping[str, Location]
    primary: str
    outputs: Mapping[str, Location]
    revision: str = ""
    encryption_key: str = ""


@dataclass
class Phase:
    """One phase's times and outcome."""

    kind: str
    start: datetime
    end: datetime | None = None
    status: str = ""
    contexts: list[dict[str, str]] = field(default_factory=list)

    @property
    def seconds(self) -> int:
        """How long the phase took, whole seconds."""
        return int(((self.end or datetime.now(UTC)) - self.start).total_seconds())

    def describe(self) -> dict[str, Any]:
        """Describe the phase as the API does."""
        described: dict[str, Any] = {"phaseType": self.kind, "startTime": self.start}
        if self.end:
            described |= {
                "phaseStatus": self.status,
                "endTime": self.end,
                "durationInSeconds": self.seconds,
                "contexts": self.contexts or [{"statusCode": "", "message": ""}],
            }
        return described


@dataclass
class Build:
    """One build.

    Attributes
    ----------
    settings
        The project's settings with the request's overrides, in the project's API shape.
    request
        The StartBuild parameters, for a retry.
    """

    account: str
    region: str
    build_id: str
    arn: str
    number: int
    project: str
    project_arn: str
    settings: Mapping[str, Any]
    request: Mapping[str, Any]
    initiator: str
    binding: PipelineBinding | None = None
    start: datetime = field(default_factory=lambda: datetime.now(UTC))
    end: datetime | None = None
    status: str = RUNNING
    current_phase: str = "QUEUED"
    phases: list[Phase] = field(default_factory=list)
    source_version: str = ""
    resolved_source_version: str = ""
    exported: list[dict[str, str]] = field(default_factory=list)
    artifacts: dict[str, Any] = field(default_factory=dict)
    secondary_artifacts: list[dict[str, Any]] = field(default_factory=list)
    container: Container | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def uuid(self) -> str:
        """The part of the id after the project's name."""
        return self.build_id.rsplit(":", 1)[-1]

    @property
    def role(self) -> str:
        """The service role that the build runs under."""
        return str(self.settings["serviceRole"])

    @property
    def log_group(self) -> str:
        """The CloudWatch Logs group, empty when the project does not log there."""
        logs = self.settings["logsConfig"]["cloudWatchLogs"]
        if logs["status"] != "ENABLED":
            return ""
        return logs.get("groupName") or f"/aws/codebuild/{self.project}"

    @property
    def log_stream(self) -> str:
        """The CloudWatch Logs stream."""
        prefix = self.settings["logsConfig"]["cloudWatchLogs"].get("streamName")
        return f"{prefix}/{self.uuid}" if prefix else self.uuid

    @property
    def deep_link(self) -> str:
        """The console's page of the build's log."""
        group = urllib.parse.quote(urllib.parse.quote(self.log_group, safe=""), safe="").replace("%", "$")
        stream = urllib.parse.quote(urllib.parse.quote(self.log_stream, safe=""), safe="").replace("%", "$")
        return (
            f"https://console.aws.amazon.com/cloudwatch/home?region={self.region}"
            f"#logsV2:log-groups/log-group/{group}/log-events/{stream}"
        )

    def stop(self) -> None:
        """Ask the build to end; what runs in its container is ended."""
        with self.lock:
            self.stopped.set()
            container = self.container
        if container:
            container.stop(grace=5)

    def attach(self, container: Container) -> None:
        """Remember the container, so that a stop reaches it."""
        with self.lock:
            self.container = container
            stopped = self.stopped.is_set()
        if stopped:
            container.stop(grace=5)

    def describe(self) -> dict[str, Any]:
        """Describe the build as the API does."""
        settings = self.settings
        described = {
            "id": self.build_id,
            "arn": self.arn,
            "buildNumber": self.number,
            "startTime": self.start,
            "currentPhase": self.current_phase,
            "buildStatus": self.status,
            "projectName": self.project,
            "phases": [phase.describe() for phase in self.phases],
            "source": settings["source"],
            "secondarySources": settings["secondarySources"],
            "secondarySourceVersions": settings["secondarySourceVersions"],
            "artifacts": self.artifacts or {"location": ""},
            "secondaryArtifacts": self.secondary_artifacts,
            "cache": settings["cache"],
            "environment": settings["environment"],
            "serviceRole": settings["serviceRole"],
            "logs": self._logs(),
            "timeoutInMinutes": settings["timeoutInMinutes"],
            "queuedTimeoutInMinutes": settings["queuedTimeoutInMinutes"],
            "buildComplete": self.end is not None,
            "initiator": self.initiator,
            "encryptionKey": settings["encryptionKey"],
            "exportedEnvironmentVariables": self.exported,
        }
        optional = {
            "endTime": self.end,
            "sourceVersion": self.source_version,
            "resolvedSourceVersion": self.resolved_source_version,
            "vpcConfig": settings.get("vpcConfig"),
        }
        return described | {name: value for name, value in optional.items() if value}

    def _logs(self) -> dict[str, Any]:
        logs = dict(self.settings["logsConfig"])
        if self.log_group:
            logs |= {
                "groupName": self.log_group,
                "streamName": self.log_stream,
                "deepLink": self.deep_link,
                "cloudWatchLogsArn": f"arn:aws:logs:{self.region}:{self.account}:log-group:{self.log_group}"
                f":log-stream:{self.log_stream}",
            }
        return logs

    def failures(self) -> Sequence[dict[str, str]]:
        """Return the contexts of the phases that failed, first the one that failed first."""
        return [context for phase in self.phases for context in phase.contexts if context["statusCode"]]
