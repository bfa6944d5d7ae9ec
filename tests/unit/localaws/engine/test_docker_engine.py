"""The Docker engine keeps the promises of a container on a real engine: limits, networks, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from moto.moto_api._internal.models import moto_api_backend

from localaws.engine import ContainerSpec
from localaws.engine.choice import Wanted, choose
from localaws.engine.docker_owner import OWNER
from localaws.images import ImageNotFound
from localaws.server import LocalAws

pytestmark = pytest.mark.docker

BASE = "public.ecr.aws/docker/library/python:3.11-slim-bookworm"
SERVER = """
import http.server, os
http.server.test(http.server.SimpleHTTPRequestHandler, port=8080)
"""
MEETING = """
import socket, time
for host in ("algo-1", "algo-2"):
    while True:
        try:
            print(host, socket.gethostbyname(host))
            break
        except OSError:
            time.sleep(0.1)
time.sleep(2)
"""
ORPHANS = """
import sys, time
from pathlib import Path
from localaws.engine import ContainerSpec
from localaws.engine.choice import Wanted, choose
from localaws.server import LocalAws

server = LocalAws(Path(sys.argv[1]), engine=choose(Wanted.DOCKER))
server.start()
server.engine.start(ContainerSpec(name="orphan", image=sys.argv[2], command=["sleep", "600"]))
print(server.engine._owner.id, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def localaws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """Serve with the Docker engine of this machine."""
    server = LocalAws(tmp_path_factory.mktemp("docker") / "localaws", engine=choose(Wanted.DOCKER, [BASE]))
    server.start()
    yield server
    server.close()
    moto_api_backend.reset()


def run(localaws: LocalAws, *command: str, **options: Any) -> tuple[int, list[str]]:
    """Run a command in the base image to its end; return the exit code and the output."""
    lines: list[str] = []
    container = localaws.engine.start(
        ContainerSpec(name="test/of engine", image=BASE, command=command, log=lines.append, **options)
    )
    return container.wait(60), lines


def eventually(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return bool(condition())


def test_output_arrives_line_by_line_and_the_exit_code_at_the_end(localaws: LocalAws) -> None:
    code, lines = run(localaws, "sh", "-c", "echo one; echo two >&2; exit 7")
    assert (code, sorted(lines)) == (7, ["one", "two"])


def test_a_program_that_is_not_there_ends_with_127(localaws: LocalAws) -> None:
    code, lines = run(localaws, "no-such-program")
    assert code == 127
    assert "no-such-program" in lines[0]


def test_an_image_that_cannot_be_had_is_said_to_be_missing(localaws: LocalAws) -> None:
    with pytest.raises(ImageNotFound, match=r"127\.0\.0\.1:9/nothing"):
        localaws.engine.start(ContainerSpec(name="c", image="127.0.0.1:9/nothing:here"))


def test_more_memory_than_the_limit_ends_the_container_and_is_told(localaws: LocalAws) -> None:
    spec = ContainerSpec(
        name="greedy", image=BASE, command=["python3", "-c", "bytearray(400 << 20)"], memory_mb=64
    )
    container = localaws.engine.start(spec)
    assert container.wait(60) == 128 + signal.SIGKILL
    assert container.out_of_memory


def test_a_function_runs_as_nobody_in_particular_and_writes_to_its_temporary_folder_only(
    localaws: LocalAws,
) -> None:
    # In one stream, because two have no order.
    script = "exec 2>&1; id -u; grep CapEff /proc/self/status; touch /tmp/here && echo written; touch /here"
    code, lines = run(
        localaws, "sh", "-c", script, user="993:990", read_only_root=True, unprivileged=True, tmp_mb=8
    )
    assert code == 1
    assert lines[0] == "993"
    assert int(lines[1].split()[1], 16) == 0
    assert lines[2] == "written"
    assert "Read-only file system" in lines[3]


def test_mounts_are_shared_and_read_only_where_said(localaws: LocalAws, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    code, lines = run(
        localaws,
        "sh", "-c", "echo left > /opt/ml/left; touch /opt/ml/model/left",
        mounts={"/opt/ml": tmp_path, "/opt/ml/model": tmp_path / "model"},
        read_only_mounts=["/opt/ml/model"],
    )  # fmt: skip
    assert (tmp_path / "left").read_text() == "left\n"
    assert code == 1
    assert "Read-only file system" in lines[0]


def test_files_that_root_left_in_the_servers_folder_belong_to_the_servers_user(
    localaws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = localaws.data / "job"
    folder.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    monkeypatch.setattr(os, "getegid", lambda: 4712)
    script = "mkdir -m 700 /opt/ml/a; touch /opt/ml/a/b /mnt/c"
    run(localaws, "sh", "-c", script, mounts={"/opt/ml": folder, "/mnt": tmp_path})
    assert {(path.stat().st_uid, path.stat().st_gid) for path in folder.rglob("*")} == {(4711, 4712)}
    assert (tmp_path / "c").stat().st_uid == 0


def test_aws_is_reached_at_its_own_names_with_the_roles_credentials(localaws: LocalAws) -> None:
    localaws.client("iam", "us-east-1").create_role(RoleName="worker", AssumeRolePolicyDocument="{}")
    code, lines = run(
        localaws,
        "python3",
        "-c",
        "import os, ssl, urllib.request as u; "
        "print(os.environ['AWS_ACCESS_KEY_ID'][:4]); "
        "t = ssl.create_default_context(cafile=os.environ['AWS_CA_BUNDLE']); "
        "print(u.urlopen('https://sts.eu-west-1.amazonaws.com/_localaws/health', context=t).status)",
        role_arn="arn:aws:iam::123456789012:role/worker",
        region="eu-west-1",
    )
    assert (code, lines) == (0, ["ASIA", "200"])


def test_what_is_isolated_reaches_nothing_but_can_be_asked(localaws: LocalAws) -> None:
    probe = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
    code, lines = run(localaws, "python3", "-c", probe, isolated=True, host="algo-1")
    assert code == 1
    assert "unreachable" in lines[-1]
    spec = ContainerSpec(
        name="i", image=BASE, command=["python3", "-c", SERVER], isolated=True, port=8080, log=lines.append
    )
    container = localaws.engine.start(spec)
    assert eventually(lambda: _answers(container.address))
    assert container.stop(5) > 0


def test_hosts_of_a_cluster_find_each_other_by_name(localaws: LocalAws) -> None:
    lines: list[str] = []
    with localaws.engine.cluster(2) as cluster:
        assert cluster.hosts == ("algo-1", "algo-2")
        containers = [
            localaws.engine.start(
                ContainerSpec(
                    name=f"cluster/{host}",
                    image=BASE,
                    command=["python3", "-uc", MEETING],
                    log=lines.append,
                    cluster=cluster,
                    host=host,
                )
            )
            for host in cluster.hosts
        ]
        assert [container.wait(60) for container in containers] == [0, 0]
    assert len(set(lines)) == 2


PRIVATE = """
import os, socket, urllib.request
from urllib.parse import urlsplit
proxy = urlsplit(os.environ["HTTPS_PROXY"])
print("user", proxy.username, proxy.password)
print("server", urllib.request.urlopen(f"http://{proxy.hostname}:{proxy.port}/_localaws/health").status)
try:
    socket.create_connection(("1.1.1.1", 443), timeout=2)
except OSError:
    print("out", "closed")
"""


@pytest.mark.parametrize("clustered", [False, True])
def test_what_is_in_a_private_subnet_reaches_the_server_and_nothing_beyond(
    localaws: LocalAws, clustered: bool
) -> None:
    lines: list[str] = []
    with localaws.engine.cluster(1, True) as cluster:
        spec = ContainerSpec(
            name="private",
            image=BASE,
            command=["python3", "-uc", PRIVATE],
            log=lines.append,
            cluster=cluster if clustered else None,
            host="algo-1" if clustered else "",
            region="eu-west-1",
            subnet="subnet-1",
            private=True,
        )
        assert localaws.engine.start(spec).wait(60) == 0
    assert lines == ["user subnet-1 eu-west-1", "server 200", "out closed"]


def test_nothing_is_left_of_a_container_that_has_ended(localaws: LocalAws) -> None:
    code, lines = run(localaws, "hostname")
    container = {"id": lines[0]}
    assert code == 0
    assert eventually(lambda: not docker.from_env().containers.list(all=True, filters=container, sparse=True))


def test_nothing_survives_a_server_that_was_killed(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", ORPHANS, str(tmp_path / "data"), BASE], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    owner = server.stdout.readline().strip()
    client = docker.from_env()
    owned = {"label": f"{OWNER}={owner}"}
    assert len(client.containers.list(filters=owned)) == 1
    # One that leads out, and one that leads to the server alone.
    assert len(client.networks.list(filters=owned)) == 2
    server.kill()
    server.communicate()
    assert eventually(lambda: not client.containers.list(all=True, filters=owned))
    assert eventually(lambda: not client.networks.list(filters=owned))
    client.close()


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=1).ok
    except requests.RequestException:
        return False
