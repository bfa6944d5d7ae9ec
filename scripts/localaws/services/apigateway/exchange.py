"""One request to a deployed API, from what came in to what goes out; every step of serving reads and fills it."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.apigateway.models import Method, RestAPI, Stage
from moto.utilities.utils import get_partition
from werkzeug import Request

from localaws.services.apigateway.snapshots import DeployedResource, Snapshot


@dataclass(frozen=True)
class Target:
    """The API and stage that a request names, and what is left of its path."""

    account: str
    region: str
    api: RestAPI
    stage: Stage
    snapshot: Snapshot
    path: str
    domain: str
    """Host name that the request went to, or would have gone to on AWS."""


@dataclass
class Caller:
    """Who signed the request; empty for a request without a signature."""

    access_key: str = ""
    user_id: str = ""
    arn: str = ""
    account: str = ""


@dataclass
class Answer:
    """What the client gets: status, headers (several of a name allowed) and body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def has(self, name: str) -> bool:
        """Tell whether there is a header of this name."""
        return any(known.lower() == name.lower() for known, _ in self.headers)


@dataclass
class Failure:
    """Why API Gateway itself answers: for gateway responses and access logs."""

    type: str
    message: str
    validation: str = ""


@dataclass
class Exchange:
    """A request that found its API and stage, and what is known of it so far."""

    target: Target
    request: Request
    body: bytes
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    extended_id: str = field(default_factory=lambda: secrets.token_urlsafe(11) + "=")
    trace_id: str = field(default_factory=lambda: f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}")
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    _clock: float = field(default_factory=time.monotonic)
    resource: DeployedResource | None = None
    method: Method | None = None
    path_parameters: dict[str, str] = field(default_factory=dict)
    caller: Caller = field(default_factory=Caller)
    api_key: str = ""
    api_key_id: str = ""
    failure: Failure | None = None
    integration_status: int | None = None
    integration_milliseconds: int | None = None
    integration_error: str = ""

    @property
    def milliseconds(self) -> int:
        """Time since the request came in."""
        return round((time.monotonic() - self._clock) * 1000)

    @property
    def path(self) -> str:
        """The path as ``$context.path`` has it, with the stage."""
        return f"/{self.target.stage.name}{self.target.path}"

    @property
    def source_ip(self) -> str:
        """The client's address."""
        return self.request.remote_addr or ""

    def execution_arn(self) -> str:
        """Return the ARN of what is called, as in ``execute-api`` policies."""
        target = self.target
        method = self.request.method
        path = self.resource.path if self.resource else target.path
        partition = get_partition(target.region)
        api = f"arn:{partition}:execute-api:{target.region}:{target.account}:{target.api.id}"
        return f"{api}/{target.stage.name}/{method}{path}"

    def header(self, name: str) -> str:
        """Return a request header, or an empty string."""
        return str(self.request.headers.get(name, ""))

    def media_type(self) -> str:
        """Return the body's media type; without a header API Gateway takes JSON for granted."""
        return self.request.mimetype or "application/json"


def text_headers(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return headers as text, as they stand in a JSON object."""
    return [
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, value in values.items()
    ]
