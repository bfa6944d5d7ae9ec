"""Who calls: boto3 clients of this server, and the environment in which a process reaches AWS by name."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from localaws import accounts

ROOT_SECRET = "localaws"  # noqa: S105 - nothing is kept from anybody here
SESSION_LENGTH = timedelta(hours=12)
RENEW_BEFORE = timedelta(hours=1)
LOOPBACK = "127.0.0.1,localhost,::1"
# Whatever of AWS's configuration the user has on this machine must not reach the server's own clients.
_ISOLATED = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
# Reading a service's model takes a tenth of a second; one loader remembers it.
_LOADER = botocore.loaders.create_loader()


def _isolated_session() -> boto3.Session:
    core = botocore.session.Session(session_vars=_ISOLATED)
    core.register_component("data_loader", _LOADER)
    return boto3.Session(botocore_session=core)


@dataclass(frozen=True)
class Credentials:
    """A caller's credentials; the token is empty for long-lived keys."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires: datetime


@dataclass
class Identities:
    """Credentials and clients by role, kept until they are about to expire."""

    endpoint: str
    _credentials: dict[tuple[str, str], Credentials] = field(default_factory=dict)
    _clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    _session: boto3.Session = field(default_factory=_isolated_session)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def credentials(self, region: str, role_arn: str = "", account: str = "") -> Credentials:
        """Return credentials of a role from STS, or those of services in an account when there is no role."""
        if not role_arn:
            key = accounts.root_key(account)
            return Credentials(key, ROOT_SECRET, "", datetime.max.replace(tzinfo=UTC))
        place = (get_partition(region), role_arn)
        with self._lock:
            known = self._credentials.get(place)
            if known is None or known.expires - RENEW_BEFORE < datetime.now(UTC):
                known = self._credentials[place] = _assume_role(region, role_arn)
            return known

    def client(self, service: str, region: str, role_arn: str = "", account: str = "") -> Any:
        """Return a boto3 client of this server; clients are thread-safe and kept."""
        with self._lock:
            credentials = self.credentials(region, role_arn, account)
            key = (service, region, credentials.access_key_id)
            if key not in self._clients:
                self._clients[key] = self._make_client(service, region, credentials)
            return self._clients[key]

    def _make_client(self, service: str, region: str, credentials: Credentials) -> Any:
        return self._session.client(
            service,  # type: ignore[call-overload]
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token or None,
            config=Config(
                proxies={},
                connect_timeout=5,
                read_timeout=960,
                max_pool_connections=32,
                retries={"total_max_attempts": 1},
            ),
        )


def _assume_role(region: str, role_arn: str) -> Credentials:
    partition = get_partition(region)
    account = accounts.owner(role_arn) or accounts.root_of(accounts.SERVICE_ACCESS_KEY)
    role = sts_backends[account][partition].assume_role(
        region_name=region,
        role_session_name="localaws",
        role_arn=role_arn,
        policy="",
        duration=int(SESSION_LENGTH.total_seconds()),
        external_id="",
    )
    return Credentials(
        role.access_key_id,
        role.secret_access_key,
        role.session_token,
        datetime.now(UTC) + SESSION_LENGTH,
    )


def sandbox_environment(
    endpoint: str, authority: Path, ca_bundle: Path, region: str, credentials: Credentials | None
) -> dict[str, str]:
    """Return the variables by which a process reaches AWS at its real names through the server's proxy.

    Parameters
    ----------
    endpoint
        This server, which is the proxy.
    authority
        The server's certificate authority, for AWS's hosts: SDKs read the file for each connection, so a short
        one is quicker.
    ca_bundle
        The same together with those that the host trusts, for all other hosts.
    region
        The process's region.
    credentials
        The role's, or None for a process without a role.
    """
    environment = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    environment |= dict.fromkeys(("HTTPS_PROXY", "https_proxy"), endpoint)
    environment |= dict.fromkeys(("NO_PROXY", "no_proxy"), LOOPBACK)
    environment |= dict.fromkeys(
        (
            "SSL_CERT_FILE",
            "REQUESTS_CA_BUNDLE",
            "CURL_CA_BUNDLE",
            "GIT_SSL_CAINFO",
            "PIP_CERT",
            "NODE_EXTRA_CA_CERTS",
        ),
        str(ca_bundle),
    )
    environment["AWS_CA_BUNDLE"] = str(authority)
    if credentials is not None:
        environment["AWS_ACCESS_KEY_ID"] = credentials.access_key_id
        environment["AWS_SECRET_ACCESS_KEY"] = credentials.secret_access_key
        if credentials.session_token:
            environment["AWS_SESSION_TOKEN"] = credentials.session_token
    return environment
