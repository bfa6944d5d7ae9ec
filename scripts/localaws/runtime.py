"""What every service of localaws shares: data folder, engine, clients, credentials, events and logs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from localaws.engine import Engine
    from localaws.iam.guard import Guard
    from localaws.images import ImageStore


class Runtime(Protocol):
    """One per server process, made in ``localaws.server``; reach it through `runtime()`."""

    data: Path
    """The ``--data`` folder. A service keeps its files in ``data/<service>/``."""
    endpoint: str
    """``http://127.0.0.1:<port>``: this server, for clients that use AWS_ENDPOINT_URL."""
    account_id: str
    engine: Engine
    engine_reason: str
    """Why it is this engine, in words."""
    images: ImageStore
    guard: Guard

    def client(self, service: str, region: str, role_arn: str = "", account: str = "") -> Any:
        """Return a boto3 client of this server, acting as ``role_arn``, or as a service in ``account``."""

    def environment(
        self, region: str, role_arn: str = "", endpoint: str = "", certificates: Path | None = None
    ) -> dict[str, str]:
        """Return what a sandboxed process needs to reach AWS at its real names: region, credentials of the
        role, HTTPS proxy and CA bundle. A container sees this server at another ``endpoint``, and the files of
        `certificates` in another folder."""

    @property
    def certificates(self) -> list[Path]:
        """The certificate files that `environment` names."""

    def listen_at(self, address: str) -> str:
        """Serve at another address of this machine too; return the URL."""

    def spawn(self, name: str, target: Callable[[], None]) -> None:
        """Run ``target`` in a background thread; an exception in it is logged, never lost."""

    def emit(
        self,
        region: str,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
    ) -> None:
        """Put a service's own event (``aws.codecommit`` ...) on the default bus, delivered by its rules.

        The bus is that of the first resource's account.
        """

    def keep_now(self) -> float:
        """Keep the state of this instant; return the seconds that it took."""

    def changed(self) -> None:
        """Have the state kept soon: it is not what it was."""

    def recorded(self) -> None:
        """Have new logs and measurements kept some time: nothing else has changed."""

    def log_writer(
        self, region: str, group: str, stream: str, role_arn: str = "", account: str = ""
    ) -> Callable[[str], None]:
        """Return a function that appends a line to a CloudWatch Logs stream, made when missing; lines of a role that
        may not write there are lost. The log is in the role's account, without one in the one that is named."""


_current: Runtime | None = None


def runtime() -> Runtime:
    """Return the running server's runtime."""
    if _current is None:
        raise RuntimeError("localaws is not running: start it with `python -m localaws`")
    return _current


def install(current: Runtime) -> None:
    """Make ``current`` the process's runtime (the server does this before it serves)."""
    global _current
    _current = current
