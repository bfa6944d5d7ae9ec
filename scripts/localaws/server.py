"""One port that is AWS's API and its HTTPS proxy: moto by real host name, and the runtime services share."""

from __future__ import annotations

import fcntl
import functools
import importlib
import json
import logging
import os
import pkgutil
import shutil
import ssl
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

from flask import Flask, request
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.logs.models import LogEvent, logs_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.utilities.utils import get_partition
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.serving import BaseWSGIServer

import localaws.runtime
import localaws.services
from localaws import (
    accounts,
    failures,
    faults,
    header_fields,
    processors,
    repairs,
    routes,
    strict,
    vpc_routes,
)
from localaws.engine import Engine
from localaws.engine.choice import PROCESSES, Choice, make_engine
from localaws.errors import PlatformError, UserError
from localaws.iam.guard import Guard
from localaws.iam.implied import may_log
from localaws.identity import Identities, sandbox_environment
from localaws.images import ImageStore
from localaws.kept_connections import KeepingHandler, KeepingServer
from localaws.persistence import recovery
from localaws.persistence.snapshots import Snapshots, leaves_records, may_change
from localaws.proxy import CertificateAuthority, Upstream, is_aws, tunnel
from localaws.services import events
from localaws.settings import HostSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("localaws")
HEALTH_PATH = "/_localaws/health"
POLL_SECONDS = 0.05
"""How soon a server hears that it shall end."""

_logs_lock = threading.Lock()
_tunnels: Counter[str] = Counter()
"""How often each host was reached that is not AWS's."""
MOST_LOG_EVENTS = 10_000
"""In a stream that localaws itself writes (of a build, a job, a function, an API): what GetLogEvents tells at once."""
SNAPSHOT_PATH = "/_localaws/snapshot"
KEPT_FOLDERS = {"log", "tls"}
PASSING_FOLDERS = {"codebuild", "engine", "sagemaker"}
"""Folders of what ran: a state that is read again has no use for them."""


class Application(DomainDispatcherApplication):
    """Dispatch a request to a service's route, else to moto: by real host name, or by the request itself."""

    def __init__(self) -> None:
        super().__init__(_make_app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("PATH_INFO") == HEALTH_PATH:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(_health()).encode()]
        if environ.get("PATH_INFO") == faults.PATH:
            return faults.administer(environ, start_response)
        if environ.get("PATH_INFO") == SNAPSHOT_PATH:
            return _keep_now(start_response)
        refusal = localaws.runtime.runtime().guard.refusal(environ, start_response)
        if refusal is not None:
            return refusal
        application = routes.find(environ) or self._api
        try:
            answer: Iterable[bytes] = faults.strike(application, environ, start_response)
        except faults.BrokenOff:
            raise
        except Exception as error:
            return failures.answer(environ, start_response, error)
        if leaves_records(environ):
            localaws.runtime.runtime().recorded()
        elif may_change(environ):
            localaws.runtime.runtime().changed()
        return answer

    @functools.cached_property
    def _api(self) -> WSGIApplication:
        """What answers API calls; in strict mode each answer is held against its model."""
        if not HostSettings().strict:
            return super().__call__
        return strict.checked(super().__call__, lambda environ: str(self.get_application(environ).service))  # type: ignore[attr-defined]

    def get_application(self, environ: WSGIEnvironment) -> Flask:
        """Return moto's application for the request's host, made once."""
        host = environ.get("HTTP_HOST", "").rsplit(":", 1)[0]
        backend = self._backend_by_host(host)
        if backend is None and host.endswith("amazonaws.com"):
            raise NotImplementedError(f"nothing here stands in for {host}")
        if backend is None:
            return super().get_application(environ)
        with self.lock:
            if backend not in self.app_instances:
                self.app_instances[backend] = self.create_app(backend)
            return self.app_instances[backend]

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - the one application lives as long as the process
    def get_backend_for_host(self, host: str | None) -> Any:
        """Return what moto finds for a name, which it looks for in its folder and among all patterns each time."""
        return super().get_backend_for_host(host)

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - the one application lives as long as the process
    def _backend_by_host(self, host: str) -> Any:
        if not is_aws(host):
            return None
        return next(
            (backend for backend, pattern in self.backend_url_patterns if pattern.match(f"http://{host}")),
            None,
        )


def _health() -> dict[str, Any]:
    current = localaws.runtime.runtime()
    engine = {"name": current.engine.name, "reason": current.engine_reason}
    return {
        "status": "running",
        "process": os.getpid(),
        "engine": engine,
        "services": installed_services(),
        "tunnels": dict(_tunnels),
    }


def _keep_now(start_response: StartResponse) -> Iterable[bytes]:
    told: dict[str, Any]
    try:
        status, told = "200 OK", {"seconds": localaws.runtime.runtime().keep_now()}
    except PlatformError as error:
        status, told = "500 Internal Server Error", {"error": str(error)}
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]


def _make_app(service: Any) -> Flask:
    """Return moto's application of a service; what it has no URL for is refused as not implemented."""
    if service is None:
        raise NotImplementedError("nothing here stands in for this service")
    app = create_backend_app(service)

    def refuse(_: HTTPException) -> NoReturn:
        raise NotImplementedError(f"{service} has no {request.method} {request.path}")

    for error in (NotFound, MethodNotAllowed):
        app.register_error_handler(error, refuse)
    return app


@functools.cache
def application() -> Application:
    """Return the process's application, with every service installed; moto's state is the process's too."""
    repairs.install()
    header_fields.install()
    for name in installed_services():
        importlib.import_module(f"localaws.services.{name}").install()
    return Application()


def installed_services() -> list[str]:
    """Return the names of the service modules."""
    return sorted(module.name for module in pkgutil.iter_modules(localaws.services.__path__))


class RequestHandler(KeepingHandler):
    """One connection: plain HTTP, or after ``CONNECT`` to an AWS host the same over TLS."""

    # Head and body are sent apart; without this the body waits 40 ms for the client's acknowledgement.
    disable_nagle_algorithm = True
    authority: CertificateAuthority
    upstream: Upstream
    tls = False

    def do_CONNECT(self) -> None:
        """Become the named AWS host, or a tunnel to any other host."""
        host, _, port = self.path.rpartition(":")
        host = host.strip("[]")
        if reason := vpc_routes.refusal(self.headers.get("Proxy-Authorization", ""), host):
            self._refuse(reason)
        elif is_aws(host):
            self._become(host)
        else:
            self._tunnel(host, int(port) if port.isdigit() else 443)

    def _refuse(self, reason: str) -> None:
        """Close the way to a host; where AWS would let the client wait in vain, its error says why."""
        self.close_connection = True
        log.warning("refused by the proxy: %s", reason)
        answer = f"HTTP/1.1 403 {reason}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        self.wfile.write(answer.encode("latin-1", "replace"))

    def _become(self, host: str) -> None:
        self._established()
        context = self.authority.context(host)
        # The old reader holds nothing yet: a client waits for the answer before it begins TLS.
        self.connection = self.request = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        self.wfile = self.connection.makefile("wb", 0)
        self.tls = True
        self.close_connection = False

    def _tunnel(self, host: str, port: int) -> None:
        self.close_connection = True
        try:
            remote = self.upstream.connect(host, port)
        except OSError as error:
            log.info("no tunnel to %s:%d: %s", host, port, error)
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        with remote:
            _tunnels[host] += 1
            self._established()
            tunnel(self.connection, remote)

    def _established(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

    def finish(self) -> None:
        """Close the TLS connection too; the server closes only the socket below it."""
        super().finish()
        if self.tls:
            self.connection.close()

    def make_environ(self) -> dict[str, Any]:
        """Describe the request; over TLS its URL is ``https``."""
        environ = super().make_environ()
        if self.tls:
            environ["wsgi.url_scheme"] = "https"
        return environ

    def handle(self) -> None:
        """Serve the connection; a client that gives up in mid-handshake is no error of ours."""
        try:
            super().handle()
        except (ssl.SSLError, OSError) as error:
            log.debug("connection from %s ended: %s", self.client_address, error)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log every request at debug level, one that failed on our side as an error."""
        level = logging.ERROR if str(code).startswith("5") else logging.DEBUG
        host = self.headers.get("Host", "") if hasattr(self, "headers") else ""
        log.log(level, "%s %s%s %s", getattr(self, "command", "-"), host, getattr(self, "path", ""), code)

    def log_error(self, format: str, *args: Any) -> None:
        """Log what is no HTTP at debug level: a Docker engine tries TLS before it takes a registry without."""
        log.debug(format, *args)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Send werkzeug's own messages (tracebacks of failed requests) to our log."""
        log.log(logging.ERROR if type == "error" else logging.DEBUG, message, *args)


class LocalAws:
    """The running server: the runtime that services share, and the HTTP server in front of them.

    Parameters
    ----------
    data
        Folder that holds everything that is not in memory.
    port
        Port on the loopback interface; 0 takes a free one.
    settings
        What the host gives: its proxy, its certificates, its folders.
    image_cache
        Where prepared images are kept; None for the user's cache folder.
    build_environment
        Variables that builds on the host's own tools get besides their own.
    build_mounts
        Files and folders of this machine by their paths in a build image in Docker.
    engine
        What runs containers.
    guard
        Decides by IAM's policies; None lets everything through.
    keep_state
        Keep in the folder what is in memory, and go on with what an earlier server kept there.
    """

    def __init__(
        self,
        data: Path,
        port: int = 0,
        settings: HostSettings | None = None,
        image_cache: Path | None = None,
        build_environment: Mapping[str, str] | None = None,
        build_mounts: Mapping[str, Path] | None = None,
        engine: Choice = PROCESSES,
        guard: Guard | None = None,
        keep_state: bool = False,
    ) -> None:
        self.guard = guard or Guard()
        self.settings = settings or HostSettings()
        self.data = data.resolve()
        self.account_id = DEFAULT_ACCOUNT_ID
        self.snapshots = Snapshots(self.data) if keep_state else None
        self._lock = self._claim()
        self._authority = CertificateAuthority(self.data / "tls")
        self._ca_bundle = self._authority.bundle(self.settings.ca_bundle)
        self._servers: list[BaseWSGIServer] = []
        self._server = self._listen("127.0.0.1", port)
        self.endpoint = f"http://127.0.0.1:{self._server.port}"
        self._identities = Identities(self.endpoint)
        self.images = ImageStore(image_cache or self.settings.images())
        self.engine_reason = engine.reason
        self.engine: Engine = make_engine(
            engine, self, self.settings, build_environment or {}, build_mounts or {}
        )
        self._threads: list[threading.Thread] = []

    def _claim(self) -> IO[str]:
        """Keep other servers from the data folder, and clear it of what an earlier one left.

        Certificates and logs stay, and with the state the files that belong to it; without a state all else goes.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        file = self.data / "lock"
        if not file.exists() and any(self.data.iterdir()):
            raise UserError(f"{self.data} holds other files: name an empty folder, or one of localaws")
        lock = file.open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise PlatformError(f"{self.data} is used by another server") from error
        goes_on = self.snapshots is not None and self.snapshots.exist
        for path in self.data.iterdir():
            goes = path.name in PASSING_FOLDERS if goes_on else path.name not in KEPT_FOLDERS
            if path.is_dir() and goes:
                shutil.rmtree(path)
        return lock

    def _listen(self, address: str, port: int) -> BaseWSGIServer:
        handler = type(
            "Handler",
            (RequestHandler,),
            {
                "authority": self._authority,
                "upstream": Upstream(self.settings.https_proxy, self.settings.no_proxy),
            },
        )
        try:
            server = KeepingServer(address, port, application(), handler)
        except SystemExit as error:
            # werkzeug's way to say that an address is in use.
            raise PlatformError(
                f"cannot listen on {address}:{port}: another program has this port"
            ) from error
        except OSError as error:
            raise PlatformError(f"cannot listen on {address}:{port}: {error}") from error
        self._servers.append(server)
        return server

    def listen_at(self, address: str) -> str:
        """Serve at another address of this machine too, under the same port if it is free; return the URL.

        To be called before `start`.
        """
        try:
            server = self._listen(address, self._server.port)
        except PlatformError:
            server = self._listen(address, 0)
        return f"http://{address}:{server.port}"

    def start(self) -> None:
        """Become the process's runtime and serve in a background thread."""
        localaws.runtime.install(self)
        goes_on = self.snapshots is not None and self.snapshots.restore()
        for server in self._servers:
            thread = threading.Thread(
                target=server.serve_forever, args=(POLL_SECONDS,), name="server", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        if goes_on:
            recovery.recover(self)
        if self.snapshots is not None:
            self.snapshots.start()

    def close(self) -> None:
        """Stop serving and end every container; what runs is kept as running, and told of at the next start."""
        # Nobody is let in any more, so that the last snapshot has all that was answered; what it has as running ends
        # only then.
        for server in self._servers:
            server.shutdown()
        if self.snapshots is not None:
            self.snapshots.close()
        self.engine.close()
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.server_close()
            thread.join(timeout=5)
        self._lock.close()

    def client(self, service: str, region: str, role_arn: str = "", account: str = "") -> Any:
        """Return a boto3 client of this server, acting as ``role_arn``, or as a service in ``account``."""
        return self._identities.client(service, region, role_arn, account)

    def environment(
        self, region: str, role_arn: str = "", endpoint: str = "", certificates: Path | None = None
    ) -> dict[str, str]:
        """Return what a sandboxed process needs to reach AWS at its real names."""
        credentials = self._identities.credentials(region, role_arn) if role_arn else None
        folder = certificates or self._authority.folder
        authority, bundle = self._authority.certificate_file.name, self._ca_bundle.name
        return sandbox_environment(
            endpoint or self.endpoint, folder / authority, folder / bundle, region, credentials
        )

    @property
    def certificates(self) -> list[Path]:
        """The files that `environment` names: this server's authority, alone and with those the host trusts."""
        return [self._authority.certificate_file, self._ca_bundle]

    def spawn(self, name: str, target: Callable[[], None]) -> None:
        """Run ``target`` in a background thread; an exception in it is logged, never lost."""

        def run() -> None:
            processors.use_all()
            try:
                target()
            except Exception:
                log.error("%s failed:\n%s", name, traceback.format_exc())
            self.changed()

        threading.Thread(target=run, name=name, daemon=True).start()

    def emit(
        self,
        region: str,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str] = (),
    ) -> None:
        """Put a service's own event on the default bus of its first resource's account; its rules deliver it."""
        account = accounts.owner(next(iter(resources), "")) or self.account_id
        events.publish(account, region, source, detail_type, detail, resources)
        self.changed()

    def keep_now(self) -> float:
        """Keep the state of this instant; return the seconds that it took."""
        return self.snapshots.take() if self.snapshots is not None else 0.0

    def changed(self) -> None:
        """Have the state kept soon: it is not what it was."""
        if self.snapshots is not None:
            self.snapshots.touch()

    def recorded(self) -> None:
        """Have new logs and measurements kept some time."""
        if self.snapshots is not None:
            self.snapshots.record()

    def log_writer(
        self, region: str, group: str, stream: str, role_arn: str = "", account: str = ""
    ) -> Callable[[str], None]:
        """Return a function that appends a line to a CloudWatch Logs stream, made when missing.

        Lines of a role that may not write there are lost, as on AWS; without a role the service writes as itself.
        """
        account = accounts.owner(role_arn) or account or self.account_id
        backend = logs_backends[account][region]
        group_arn = f"arn:{get_partition(region)}:logs:{region}:{account}:log-group:{group}"
        if role_arn and not may_log(role_arn, group_arn, stream, new_group=group not in backend.groups):
            return lambda _: None
        with _logs_lock:
            if group not in backend.groups:
                backend.create_log_group(group, tags={})
            if stream not in backend.groups[group].streams:
                backend.create_log_stream(group, stream)

        def write(line: str) -> None:
            with _logs_lock:
                # An event holds at least one character.
                event = {"timestamp": int(time.time() * 1000), "message": line or " "}
                if group in backend.groups and stream in backend.groups[group].streams:
                    backend.put_log_events(group, stream, [event])
                    _forget_oldest(backend.groups[group].streams[stream].events)

        return write


def _forget_oldest(events: list[LogEvent]) -> None:
    """Keep a stream that is written to for hours from taking all memory."""
    if len(events) > MOST_LOG_EVENTS:
        del events[: MOST_LOG_EVENTS // 10]
