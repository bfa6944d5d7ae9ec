"""The process engine keeps the promises of a container: clean environment, own paths, nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from localaws import processors
from localaws.engine import ContainerSpec
from localaws.engine.processes import marked
from localaws.images import ImageNotFound
from localaws.server import LocalAws

BUILD_IMAGE = "aws/codebuild/standard:7.0"


def run(localaws: LocalAws, *command: str, **options: Any) -> tuple[int, list[str]]:
    """Run a command in the build image to its end; return the exit code and the output."""
    lines: list[str] = []
    options.setdefault("image", BUILD_IMAGE)
    container = localaws.engine.start(
        ContainerSpec(name="test", command=command, log=lines.append, **options)
    )
    return container.wait(30), lines


def eventually(condition: Any) -> bool:
    """Wait up to a minute for a condition."""
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(condition())


def test_output_arrives_line_by_line_and_the_exit_code_at_the_end(localaws: LocalAws) -> None:
    code, lines = run(localaws, "sh", "-c", "echo one; echo two >&2; exit 7")
    assert (code, lines) == (7, ["one", "two"])


def test_the_environment_holds_nothing_of_the_host_but_its_tools(
    localaws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "1")
    code, lines = run(localaws, "env", environment={"GIVEN": "yes"})
    names = {line.split("=")[0] for line in lines}
    assert code == 0
    assert "GIVEN" in names
    assert "SECRET_OF_THE_HOST" not in names
    assert "AWS_ENDPOINT_URL" not in names
    assert f"HOME={Path.home()}" not in lines


def test_a_container_has_all_processors_whoever_starts_it(localaws: LocalAws) -> None:
    ended: list[tuple[int, list[str]]] = []

    def start() -> None:
        processors.share_one()
        ended.append(run(localaws, "python", "-c", "import os; print(len(os.sched_getaffinity(0)))"))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert ended == [(0, [str(len(os.sched_getaffinity(0)))])]


def test_a_mounted_path_is_rewritten_wherever_it_is_named(localaws: LocalAws, tmp_path: Path) -> None:
    (tmp_path / "ml").mkdir()
    code, lines = run(
        localaws,
        "sh",
        "-c",
        'echo "$INPUT $ML_ROOT $1"; pwd',
        arguments=["sh", "--to=/opt/ml/model"],
        environment={"INPUT": "/opt/ml/input"},
        mounts={"/opt/ml": tmp_path / "ml"},
        workdir="/opt/ml",
    )
    root = tmp_path / "ml"
    assert (code, lines) == (0, [f"{root}/input {root} --to={root}/model", str(root)])


def test_temporary_files_have_a_short_path_and_go_with_the_container(localaws: LocalAws) -> None:
    code, lines = run(localaws, "sh", "-c", 'touch "$TMPDIR/file" && echo "$TMPDIR"')
    assert code == 0
    assert len(lines[0]) < 60
    assert eventually(lambda: not Path(lines[0]).exists())


def test_a_build_may_install_python_packages_and_finds_pip(localaws: LocalAws) -> None:
    code, lines = run(localaws, "sh", "-c", "python -m pip --version && pip --version && command -v python3")
    assert code == 0, lines
    assert str(localaws.data) in lines[-1]


def test_a_build_has_the_build_image_s_variables_and_tools(tmp_path: Path) -> None:
    tool = tmp_path / "tools" / "special"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho special\n")
    tool.chmod(0o755)
    variables = {"PATH": f"{tool.parent}:{os.environ['PATH']}", "UV_CACHE_DIR": "/cache"}
    server = LocalAws(tmp_path / "data", build_environment=variables)
    server.start()
    code, lines = run(server, "sh", "-c", 'special; echo "$UV_CACHE_DIR"; command -v python')
    server.close()
    assert (code, lines[:2]) == (0, ["special", "/cache"])
    assert lines[2].startswith(str(tmp_path / "data"))


def test_docker_refuses_in_words_that_name_the_engine(localaws: LocalAws) -> None:
    code, lines = run(localaws, "docker", "build", ".")
    assert code == 1
    assert "Docker engine" in lines[0]


def test_a_missing_program_ends_with_127(localaws: LocalAws) -> None:
    code, lines = run(localaws, "no-such-program")
    assert code == 127
    assert lines == ['exec: "no-such-program": executable file not found in $PATH']


def test_an_unknown_image_is_named(localaws: LocalAws) -> None:
    uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/none:1"
    with pytest.raises(ImageNotFound, match=re.escape(uri)):
        run(localaws, "true", image=uri)


def test_a_published_port_is_told_to_the_process(localaws: LocalAws) -> None:
    container = localaws.engine.start(
        ContainerSpec(
            name="server",
            image=BUILD_IMAGE,
            command=["sh", "-c", 'exec python -m http.server --bind 127.0.0.1 "$SAGEMAKER_BIND_TO_PORT"'],
            log=lambda line: None,
            port=8080,
        )
    )

    def answers() -> bool:
        try:
            return requests.get(container.address, timeout=1).status_code == 200
        except requests.RequestException:
            return False

    assert eventually(answers)
    assert container.running()
    assert container.stop(5) == 128 + signal.SIGTERM
    assert not container.running()


def test_waiting_too_long_is_a_timeout_and_leaves_it_running(localaws: LocalAws) -> None:
    container = localaws.engine.start(ContainerSpec(name="slow", image=BUILD_IMAGE, command=["sleep", "60"]))
    with pytest.raises(TimeoutError, match="slow"):
        container.wait(0.05)
    assert container.running()
    assert container.stop(5) == 128 + signal.SIGTERM


def test_a_process_that_left_its_group_ends_with_the_container(localaws: LocalAws) -> None:
    code, lines = run(
        localaws, "sh", "-c", 'setsid sleep 60 >/dev/null 2>&1 & echo "$LOCALAWS_CONTAINER"; sleep 0.2'
    )
    assert code == 0
    assert marked(f"LOCALAWS_CONTAINER={lines[0]}") == []


def test_a_closed_engine_starts_nothing(tmp_path: Path) -> None:
    server = LocalAws(tmp_path / "data")
    server.start()
    server.close()
    with pytest.raises(RuntimeError, match="the server is ending"):
        run(server, "true")


SERVER = """
import sys, time
from pathlib import Path
from localaws.engine import ContainerSpec
from localaws.server import LocalAws

server = LocalAws(Path(sys.argv[1]))
server.start()
server.engine.start(ContainerSpec(name="orphan", image="aws/codebuild/x", log=lambda line: print(line, flush=True),
    command=["sh", "-c", 'trap "" TERM; setsid sleep 60 & echo "$LOCALAWS_ENGINE $TMPDIR"; sleep 60']))
time.sleep(60)
"""


def test_nothing_survives_a_server_that_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        engine, temporary = server.stdout.readline().split()
        marker = f"LOCALAWS_ENGINE={engine}"
        assert len(marked(marker)) >= 2
        os.kill(server.pid, signal.SIGKILL)
    assert eventually(lambda: not marked(marker)), json.dumps(marked(marker))
    assert eventually(lambda: not Path(temporary).exists())


def test_one_host_is_named_as_sagemaker_names_it_and_several_by_addresses_of_their_own(
    localaws: LocalAws,
) -> None:
    with localaws.engine.cluster(1) as alone, localaws.engine.cluster(3) as several:
        assert alone.hosts == ("algo-1",)
        assert len(set(several.hosts)) == 3
        assert all(host.startswith("127.") for host in several.hosts)
        with socket.create_server((several.hosts[2], 0)) as server:
            socket.create_connection(server.getsockname(), timeout=1).close()
