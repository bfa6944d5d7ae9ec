"""The local AWS of a rehearsal: started as a program of its own, and reached as any user's tools would reach it."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import boto3
import requests

from mlproject.errors import PlatformError, UserError
from mlproject.rehearsal import engines

REGION = "us-east-1"
PORT = 4566
PROCESS_FILE = "localaws.pid"
LOG_FILE = "localaws.log"
"""Also what tells a folder that may be cleared from others."""
START_SECONDS = 300.0
STOP_SECONDS = 60.0
IMPORT_SECONDS = 600.0
CREDENTIALS = ("AKIALOCALAWSSERVICE0", "localaws")
"""Access key and secret of the account's root in localaws: its REST APIs check signatures, so they must be known."""

ACCOUNT_ID = "123456789012"
STUDIO_ROLE = "StudioLead"
STUDIO_POLICY = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"

BUILD_ENVIRONMENT = (
    "PIP_CONFIG_FILE",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "TF_CLI_CONFIG_FILE",
    "UV_CACHE_DIR",
    "UV_CONFIG_FILE",
    "UV_DEFAULT_INDEX",
    "UV_FIND_LINKS",
    "UV_INDEX",
    "UV_LINK_MODE",
)
"""Settings of this machine that a build image of one's own would carry: where Terraform and Python find packages."""


class Iam(StrEnum):
    """What localaws does about IAM."""

    OFF = "off"
    RECORD = "record"
    ENFORCE = "enforce"


class Network(StrEnum):
    """Where builds and jobs are: in AWS's own network, or in a private one without internet."""

    OPEN = "open"
    ISOLATED = "isolated"


@dataclass(frozen=True)
class LocalAws:
    """A running localaws.

    Attributes
    ----------
    endpoint
        ``http://127.0.0.1:<port>``: for AWS_ENDPOINT_URL, and as HTTPS proxy for AWS's real host names.
    data
        Its data folder.
    log
        The file that it writes its own log to.
    process_id
        Its process: SIGTERM ends it with everything that it started.
    engine
        What runs its containers.
    """

    endpoint: str
    data: Path
    log: Path
    process_id: int
    engine: engines.Chosen = engines.PROCESSES

    @property
    def certificate_authority(self) -> Path:
        """The certificate that a client must trust behind the proxy."""
        return self.data / "tls/ca.pem"

    @property
    def environment(self) -> dict[str, str]:
        """What any AWS client needs to reach it."""
        access_key, secret_key = CREDENTIALS
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_DEFAULT_REGION": REGION,
        }

    def session(self) -> boto3.Session:
        """Return a session of the account's owner; every client that it makes talks to this server."""
        os.environ.update(self.environment)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
            os.environ.pop(name, None)
        return boto3.Session()

    def make_studio_role(self, session: boto3.Session) -> str:
        """Make an execution role as Studio's users have it, and return its ARN."""
        client = session.client("iam")
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "sagemaker.amazonaws.com", "AWS": ACCOUNT_ID},
                }
            ],
        }
        role = client.create_role(RoleName=STUDIO_ROLE, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        client.attach_role_policy(RoleName=STUDIO_ROLE, PolicyArn=STUDIO_POLICY)
        return role["Arn"]

    def session_as(self, session: boto3.Session, role_arn: str) -> boto3.Session:
        """Return a session of somebody who has taken on the role."""
        given = session.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="lead")["Credentials"]
        return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], REGION)

    @contextmanager
    def importing_image(self, context: Path, repository: str, tag: str) -> Iterator[Callable[[], None]]:
        """Make a build context's image and register it under ``tag`` as soon as its ECR repository exists.

        What is yielded waits for that; leaving without waiting ends it.
        """
        command = ["image", "import", "--context", str(context), "--repository", repository, "--tag", tag]
        command += ["--region", REGION, "--wait", str(IMPORT_SECONDS)]
        program = subprocess.Popen(  # noqa: S603  # our own program with our own arguments
            [sys.executable, "-m", "localaws", *command],
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

        def wait() -> None:
            _, errors = program.communicate()
            if program.returncode:
                raise PlatformError(f"image {context.name} cannot be prepared: {errors.strip()}")

        try:
            yield wait
        finally:
            if program.poll() is None:
                _end(program)


@contextmanager
def running(
    folder: Path,
    keep: bool,
    iam: Iam = Iam.OFF,
    engine: Sequence[str] = ("--engine", engines.Engine.PROCESSES),
    carried: Sequence[str] = BUILD_ENVIRONMENT,
) -> Iterator[LocalAws]:
    """Start localaws with its state in ``folder``, and end it with everything that it started, unless ``keep``.

    One that was kept in this folder before is ended first. ``engine`` is what `engines.options` makes, ``carried``
    names the variables of this machine that builds get.

    Raises
    ------
    UserError
        The folder has what no local AWS has left there: it would be cleared.
    PlatformError
        The server does not come up.
    """
    _clear(folder)
    data, log = folder / "data", folder / LOG_FILE
    command = [sys.executable, "-m", "localaws", "--data", str(data), "--iam", iam, *engine]
    tools = _build_tools(folder / "tools")
    cache = engines.uv_cache(engine)
    # A folder that is not there yet would not be mounted.
    cache.mkdir(parents=True, exist_ok=True)
    environment = engines.uv_links(engine) | os.environ
    environment |= {"PATH": f"{tools}:{os.environ['PATH']}", "UV_CACHE_DIR": str(cache)}
    for name in carried:
        if environment.get(name):
            command += ["--build-environment", name]
    with ExitStack() as at_the_end:
        with _choice_of_port(cache) as port, log.open("w") as output:
            server = subprocess.Popen(  # noqa: S603  # our own program with our own arguments
                [*command, "--port", str(port)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            if not keep:
                at_the_end.callback(_end, server)
            (folder / PROCESS_FILE).write_text(str(server.pid))
            local = LocalAws(f"http://127.0.0.1:{port}", data, log, server.pid)
            _wait_healthy(server, local)
        yield dataclasses.replace(local, engine=engines.chosen(local.endpoint))


def check_output(folder: Path) -> None:
    """Raise `UserError` where something else is than what an earlier local AWS left: it would be cleared."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file: name a folder")
    if folder.exists() and any(folder.iterdir()) and not (folder / LOG_FILE).exists():
        raise UserError(f"{folder} has files of yours, and would be cleared: name another folder")


def _clear(folder: Path) -> None:
    """Make the folder anew, without what an earlier run left there, which is ended if it still lives."""
    check_output(folder)
    _end_kept(folder / PROCESS_FILE)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / LOG_FILE).touch()


def _build_tools(folder: Path) -> Path:
    """Return a folder with what a build image of one's own would carry too: uv, which builds fetch if it is missing."""
    folder.mkdir(exist_ok=True)
    (folder / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    return folder


def _end_kept(process_file: Path) -> None:
    """End the localaws that an earlier rehearsal left up, if it still lives."""
    if not process_file.exists():
        return
    process = int(process_file.read_text())
    deadline = time.monotonic() + STOP_SECONDS
    # It may end between any two looks at it.
    with suppress(FileNotFoundError, ProcessLookupError):
        while str(process_file.parent).encode() in Path(f"/proc/{process}/cmdline").read_bytes():
            if time.monotonic() > deadline:
                raise PlatformError(
                    f"the localaws kept in {process_file.parent} does not end: kill -9 {process}"
                )
            os.kill(process, signal.SIGTERM)
            time.sleep(0.5)


def _end(server: subprocess.Popen[Any]) -> None:
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait_healthy(server: subprocess.Popen[bytes], local: LocalAws) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise PlatformError(
                f"localaws ended at its start: {_last_line(local.log)} (all of it: {local.log})"
            )
        try:
            answer = requests.get(f"{local.endpoint}/_localaws/health", timeout=1)
            answer.raise_for_status()
            # A program that knows no such choice may have taken the port: ours then ends by itself.
            if answer.json()["process"] == server.pid:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise PlatformError(f"localaws does not answer at {local.endpoint}: see {local.log}")


def _last_line(log: Path) -> str:
    return (log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1]


@contextmanager
def _choice_of_port(shared: Path) -> Iterator[int]:
    """Yield a port to listen on; whoever has the same ``shared`` folder chooses theirs once it is taken."""
    folder = os.open(shared, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield _free_port()
    finally:
        os.close(folder)


def _free_port() -> int:
    """Return the usual port, or a free one where it is taken."""
    for port in (PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise PlatformError("no free port on 127.0.0.1")
