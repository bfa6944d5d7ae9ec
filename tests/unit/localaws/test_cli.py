"""The command line serves until it is told to stop, and then nothing is left."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from localaws.cli import cli, main
from localaws.engine.processes import marked
from localaws.identity import Identities

COMMAND = [sys.executable, "-m", "localaws"]


@contextmanager
def serving(data: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a server as a user does; yield its process and its endpoint."""
    with subprocess.Popen(
        [*COMMAND, "--port", "0", "--data", str(data), *options], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            match = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert match
            yield process, match[0]
        finally:
            process.kill()


def start_build(endpoint: str) -> None:
    """Leave a build running that would take a minute."""
    clients = Identities(endpoint)
    trust = '{"Version": "2012-10-17", "Statement": []}'
    role = clients.client("iam", "us-east-1").create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    codebuild = clients.client("codebuild", "us-east-1")
    codebuild.create_project(
        name="project",
        source={
            "type": "NO_SOURCE",
            "buildspec": "version: 0.2\nphases:\n  build:\n    commands: [sleep 60]\n",
        },
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=role["Role"]["Arn"],
    )
    codebuild.start_build(projectName="project")


def children(parent: int) -> set[str]:
    """Return the engine markers of a server's descendants."""
    found = set()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            names = dict(entry.split("=", 1) for entry in environ.read_text().split("\0") if "=" in entry)
        except OSError:
            continue
        status = (environ.parent / "status").read_text() if environ.parent.exists() else ""
        if "LOCALAWS_ENGINE" in names and f"PPid:\t{parent}\n" in status:
            found.add(names["LOCALAWS_ENGINE"])
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_and_all_it_started(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path / "data") as (process, endpoint):
        start_build(endpoint)
        deadline = time.monotonic() + 60
        while not (engines := children(process.pid)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(60) == 0
        assert [marked(f"LOCALAWS_ENGINE={engine}") for engine in engines] == [[]]
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{endpoint}/_localaws/health", timeout=1)


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(
            [*COMMAND, "--port", str(port)], capture_output=True, text=True, timeout=60, check=False
        )
    assert result.returncode == 1
    assert f"localaws: cannot listen on 127.0.0.1:{port}: another program has this port" in result.stderr
    assert "Traceback" not in result.stderr


def test_two_servers_do_not_share_a_data_folder(tmp_path: Path) -> None:
    with serving(tmp_path / "data"):
        result = subprocess.run(
            [*COMMAND, "--port", "0", "--data", str(tmp_path / "data")],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert result.returncode == 1
    assert "is used by another server" in result.stderr


def test_the_image_commands_register_what_they_make(tmp_path: Path) -> None:
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(
        "FROM python:3.11\nWORKDIR /a\nCOPY x .\nCMD ['python']\n".replace("'", '"')
    )
    (context / "x").write_text("x")
    common = ["--context", str(context), "--image-cache", str(tmp_path / "images")]
    runner = CliRunner()
    prepared = runner.invoke(cli, ["image", "prepare", *common])
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", prepared.stdout.strip())
    with serving(tmp_path / "data") as (_, endpoint):
        arguments = ["--repository", "repo", "--tag", "1", "--endpoint-url", endpoint]
        missing = subprocess.run(
            [*COMMAND, "image", "import", *common, *arguments], capture_output=True, text=True, check=False
        )
        assert missing.returncode == 1
        assert "there is no ECR repository repo" in missing.stderr
        Identities(endpoint).client("ecr", "us-east-1").create_repository(repositoryName="repo")
        imported = runner.invoke(cli, ["image", "import", *common, *arguments])
    assert re.fullmatch(
        r"123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com/repo@sha256:[0-9a-f]{64}", imported.stdout.strip()
    )


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--build-environment", "NOT_SET_ANYWHERE", "expected NAME=VALUE, not NOT_SET_ANYWHERE"),
        ("--build-mount", "/not/here:/usr/bin/tool", "there is no /not/here"),
    ],
)
def test_a_wrong_option_is_explained(
    option: str,
    value: str,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["localaws", option, value])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert words in capsys.readouterr().err


def test_help_tells_how_to_use_it() -> None:
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    result = CliRunner().invoke(cli, ["--help"], env=environment)
    assert "AWS_ENDPOINT_URL" in result.stdout
    assert "--build-environment" in result.stdout
