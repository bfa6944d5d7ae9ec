"""A build's Docker engine hands every request on, and changes what the machine's engine would understand otherwise."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import socket
import socketserver
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest

from localaws.engine_socket.engine_proxy import serve
from localaws.engine_socket.translations import Names, Translations
from localaws.engine_socket.upstream import Upstream
from localaws.images import ImageNotFound

PREFIX = "127.0.0.1:4566/"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app"
DIGEST = f"sha256:{'a' * 64}"
AUTH = {"X-Registry-Auth": "dXNlcg=="}
OF_AWS = "763104351884.dkr.ecr.us-east-1.amazonaws.com/framework-training"


def stand_in(uri: str) -> str | None:
    """Know one image of AWS's, and that there are others of its repository."""
    if uri == f"{OF_AWS}:1":
        raise ImageNotFound(uri, "has no stand-in")
    return "localaws/framework:1" if uri == f"{OF_AWS}:2" else None


@dataclass
class Seen:
    """A request that the engine got."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


@dataclass
class FakeEngine:
    """Remembers requests and answers from a table of ``METHOD path`` -> (status, text)."""

    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.seen]


class _Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    engine: FakeEngine


class _Handler(BaseHTTPRequestHandler):
    server: _Unix

    def do_POST(self) -> None:
        content: bytes = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        self.server.engine.seen.append(
            Seen(
                self.command,
                unquote(parts.path),
                parse_qs(parts.query),
                dict(self.headers),
                json.loads(content) if content[:1] == b"{" else content,
            )
        )
        if "Upgrade" in self.headers:
            self.wfile.write(b"HTTP/1.1 101 UPGRADED\r\n\r\n" + self.rfile.readline().upper())
            return
        key = f"{self.command} {unquote(parts.path)}"
        status, text = self.server.engine.answers.get(key, (200, "{}"))
        self.wfile.write(f"HTTP/1.1 {status} OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())

    do_GET = do_DELETE = do_HEAD = do_POST


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeEngine]:
    server = _Unix(str(tmp_path / "engine.sock"), _Handler)
    server.engine = FakeEngine()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.engine
    server.shutdown()
    server.server_close()


@pytest.fixture
def made(tmp_path: Path, engine: FakeEngine) -> Iterator[set[str]]:
    """Serve the proxy; the names in ECR that were given to images."""
    translations = Translations(
        names=Names(PREFIX),
        mounts={"/codebuild": tmp_path / "build", "/var/run/docker.sock": tmp_path / "build.sock"},
        labels={"owner": "me"},
        proxy="http://172.18.0.1:4566",
    )
    upstream = Upstream(tmp_path / "engine.sock", "1.41", "1.30")
    with serve(tmp_path / "build.sock", upstream, translations, stand_in) as names:
        yield names


@dataclass
class Answer:
    status: int
    text: str


Ask = Callable[..., Answer]


@pytest.fixture
def ask(tmp_path: Path, made: set[str]) -> Ask:
    """Return a function that asks the build's engine."""

    def send(method: str, target: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        connection = HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(tmp_path / "build.sock"))
        connection.request(method, target, None if body is None else json.dumps(body), headers or {})
        response = connection.getresponse()
        answer = Answer(response.status, response.read().decode())
        connection.close()
        return answer

    return send


def test_what_needs_no_change_goes_through(ask: Ask, engine: FakeEngine) -> None:
    engine.answers["DELETE /v1.41/containers/x"] = (409, '{"message": "running"}')
    answer = ask("DELETE", "/v1.41/containers/x?force=1")
    assert (answer.status, answer.text) == (409, '{"message": "running"}')
    assert engine.seen[0].query == {"force": ["1"]}


def test_a_client_older_than_the_engine_takes_is_answered(ask: Ask, engine: FakeEngine) -> None:
    ask("GET", "/v1.24/info")
    ask("GET", "/_ping")
    assert engine.paths() == ["GET /v1.30/info", "GET /_ping"]


def test_a_push_to_ecr_goes_to_the_registry_on_loopback(ask: Ask, engine: FakeEngine) -> None:
    engine.answers[f"POST /v1.41/images/{PREFIX}{IMAGE}/push"] = (
        200,
        json.dumps({"status": f"The push refers to repository [{PREFIX}{IMAGE}]"}) + "\n",
    )
    answer = ask("POST", f"/v1.41/images/{IMAGE}/push?tag=one", headers=AUTH)
    assert engine.paths() == [
        f"POST /v1.41/images/{IMAGE}:one/tag",
        f"POST /v1.41/images/{PREFIX}{IMAGE}/push",
    ]
    assert engine.seen[0].query == {"repo": [PREFIX + IMAGE], "tag": ["one"]}
    assert engine.seen[1].headers["X-Registry-Auth"] == AUTH["X-Registry-Auth"]
    assert json.loads(answer.text)["status"].endswith(f"[{IMAGE}]")


def test_every_tag_is_pushed_when_none_is_named(ask: Ask, engine: FakeEngine) -> None:
    listed = [{"RepoTags": [f"{IMAGE}:one", "other:two"]}, {"RepoTags": [f"{IMAGE}:two"]}]
    engine.answers["GET /v1.41/images/json"] = (200, json.dumps(listed))
    ask("POST", f"/v1.41/images/{IMAGE}/push", headers=AUTH)
    assert [one.query["tag"] for one in engine.seen if one.path.endswith("/tag")] == [["one"], ["two"]]


def test_a_push_of_what_is_not_there_says_so(ask: Ask, engine: FakeEngine) -> None:
    engine.answers[f"POST /v1.41/images/{IMAGE}:one/tag"] = (404, json.dumps({"message": "No such image"}))
    answer = ask("POST", f"/v1.41/images/{IMAGE}/push?tag=one", headers=AUTH)
    assert (answer.status, json.loads(answer.text)["message"]) == (404, "No such image")
    assert len(engine.seen) == 1


def test_a_pull_from_ecr_leaves_the_image_under_its_real_name(
    ask: Ask, engine: FakeEngine, made: set[str]
) -> None:
    ask("POST", f"/v1.41/images/create?fromImage={IMAGE}&tag=one", headers=AUTH)
    assert engine.seen[0].query["fromImage"] == [PREFIX + IMAGE]
    assert engine.seen[1].path == f"/v1.41/images/{PREFIX}{IMAGE}:one/tag"
    assert engine.seen[1].query == {"repo": [IMAGE], "tag": ["one"]}
    assert made == {f"{IMAGE}:one"}


def test_what_stands_in_for_an_image_of_aws_gets_its_name_when_it_is_pulled(
    ask: Ask, engine: FakeEngine, made: set[str]
) -> None:
    assert ask("POST", f"/v1.41/images/create?fromImage={OF_AWS}&tag=2", headers=AUTH).status == 200
    assert engine.paths() == ["POST /v1.41/images/localaws/framework:1/tag"]
    assert engine.seen[0].query == {"repo": [OF_AWS], "tag": ["2"]}
    assert made == {f"{OF_AWS}:2"}


def test_an_image_of_aws_that_nothing_stands_in_for_is_not_there(ask: Ask, engine: FakeEngine) -> None:
    answer = ask("POST", f"/v1.41/images/create?fromImage={OF_AWS}&tag=1", headers=AUTH)
    assert answer.status == 404
    assert "has no stand-in" in json.loads(answer.text)["message"]
    assert not engine.seen


def test_images_of_other_registries_are_left_alone(ask: Ask, engine: FakeEngine, made: set[str]) -> None:
    ask("POST", "/v1.41/images/create?fromImage=python&tag=3.11")
    ask("POST", "/v1.41/images/docker.io/me/app/push?tag=1", headers=AUTH)
    ask("POST", "/v1.41/images/app/tag?repo=mine&tag=1")
    assert engine.seen[0].query["fromImage"] == ["python"]
    assert engine.seen[1].path == "/v1.41/images/docker.io/me/app/push"
    assert made == set()


def test_descriptions_have_the_real_names_once(ask: Ask, engine: FakeEngine) -> None:
    described = {
        "RepoTags": [f"{PREFIX}{IMAGE}:one", f"{IMAGE}:one", "app:latest"],
        "RepoDigests": [f"{PREFIX}{IMAGE}@{DIGEST}"],
    }
    engine.answers["GET /v1.41/images/app/json"] = (200, json.dumps(described))
    engine.answers["GET /v1.41/images/json"] = (200, json.dumps([described]))
    for shown in (
        json.loads(ask("GET", "/v1.41/images/app/json").text),
        json.loads(ask("GET", "/v1.41/images/json").text)[0],
    ):
        assert shown["RepoTags"] == [f"{IMAGE}:one", "app:latest"]
        assert shown["RepoDigests"] == [f"{IMAGE}@{DIGEST}"]


def test_an_image_known_by_digest_is_found(ask: Ask, engine: FakeEngine) -> None:
    ask("GET", f"/v1.41/images/{IMAGE}@{DIGEST}/json")
    ask("POST", "/v1.41/containers/create", {"Image": f"{IMAGE}@{DIGEST}"})
    assert engine.seen[0].path == f"/v1.41/images/{PREFIX}{IMAGE}@{DIGEST}/json"
    assert engine.seen[1].body["Image"] == f"{PREFIX}{IMAGE}@{DIGEST}"


def test_a_login_to_ecr_is_tried_at_the_registry(ask: Ask, engine: FakeEngine) -> None:
    for address in (f"https://{IMAGE.partition('/')[0]}", "https://index.docker.io/v1/"):
        ask("POST", "/v1.41/auth", {"username": "AWS", "password": "x", "serveraddress": address})
    assert [one.body["serveraddress"] for one in engine.seen] == [
        PREFIX.rstrip("/"),
        "https://index.docker.io/v1/",
    ]


def test_a_container_gets_the_owners_labels_and_the_builds_own_paths(
    ask: Ask, engine: FakeEngine, tmp_path: Path
) -> None:
    host = {
        "Binds": [
            "/codebuild/output/src:/src:ro",
            "cache:/cache",
            "/var/run/docker.sock:/var/run/docker.sock",
        ],
        "Mounts": [
            {"Type": "bind", "Source": "/codebuild", "Target": "/b"},
            {"Type": "volume", "Target": "/v"},
        ],
    }
    ask("POST", "/v1.41/containers/create?name=c", {"Image": "app", "Labels": {"a": "b"}, "HostConfig": host})
    body = engine.seen[0].body
    assert body["Labels"] == {"a": "b", "owner": "me"}
    assert body["HostConfig"]["Binds"] == [
        f"{tmp_path}/build/output/src:/src:ro",
        "cache:/cache",
        f"{tmp_path}/build.sock:/var/run/docker.sock",
    ]
    assert body["HostConfig"]["Mounts"][0]["Source"] == f"{tmp_path}/build"


@pytest.mark.parametrize("path", ["/root/.aws", "/codebuild/../etc", "/codebuilder"])
def test_a_path_that_only_the_builds_container_has_is_refused(
    ask: Ask, engine: FakeEngine, path: str
) -> None:
    answer = ask("POST", "/v1.41/containers/create", {"Image": "a", "HostConfig": {"Binds": [f"{path}:/x"]}})
    assert answer.status == 400
    assert "only these can be mounted: /codebuild" in answer.text
    assert engine.seen == []


def test_networks_and_volumes_are_labelled_too(ask: Ask, engine: FakeEngine) -> None:
    ask("POST", "/v1.41/networks/create", {"Name": "n"})
    ask("POST", "/v1.41/volumes/create", {"Name": "v", "Labels": None})
    assert [one.body["Labels"] for one in engine.seen] == [{"owner": "me"}, {"owner": "me"}]


def test_an_image_build_reaches_the_internet_and_leaves_no_containers(
    ask: Ask, engine: FakeEngine, made: set[str]
) -> None:
    ask("POST", f"/v1.41/build?t=app&t={IMAGE}%3Aone&buildargs=%7B%22A%22%3A%221%22%7D", {"tar": "stream"})
    query = engine.seen[0].query
    proxies = {"HTTPS_PROXY": "http://172.18.0.1:4566", "https_proxy": "http://172.18.0.1:4566"}
    assert json.loads(query["buildargs"][0]) == {**proxies, "A": "1"}
    assert (query["t"], query["forcerm"]) == (["app", f"{IMAGE}:one"], ["1"])
    assert made == {f"{IMAGE}:one"}


def test_a_base_in_ecr_is_pulled_before_the_engine_looks_for_it(
    tmp_path: Path, engine: FakeEngine, made: set[str]
) -> None:
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, text in (("big", "x" * 200_000), ("sub/Dockerfile", f"ARG TAG=1\nFROM {IMAGE}:$TAG\n")):
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    engine.answers[f"GET /v1.41/images/{IMAGE}:2/json"] = (404, "{}")
    login = {"username": "AWS", "password": "secret"}
    registries = base64.urlsafe_b64encode(json.dumps({IMAGE.partition("/")[0]: login}).encode()).decode()
    connection = HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(tmp_path / "build.sock"))
    with contextlib.closing(connection):
        target = "/v1.41/build?dockerfile=sub/Dockerfile&buildargs=%7B%22TAG%22%3A%222%22%7D"
        # In chunks, as the command line sends it.
        connection.request("POST", target, iter([context.getvalue()]), {"X-Registry-Config": registries})
        assert connection.getresponse().status == 200
    assert engine.paths() == [
        f"GET /v1.41/images/{IMAGE}:2/json",
        "POST /v1.41/images/create",
        f"POST /v1.41/images/{PREFIX}{IMAGE}:2/tag",
        "POST /v1.41/build",
    ]
    assert json.loads(base64.urlsafe_b64decode(engine.seen[1].headers["X-Registry-Auth"])) == login
    assert engine.seen[-1].body == context.getvalue()
    assert made == {f"{IMAGE}:2"}


def test_a_base_in_ecr_by_digest_is_found_when_it_is_an_argument(ask: Ask, engine: FakeEngine) -> None:
    arguments = quote(json.dumps({"BASE": f"{IMAGE}@{DIGEST}", "OTHER": "python:3.11", "UNSET": None}))
    ask("POST", f"/v1.41/build?remote=client-session&version=2&buildargs={arguments}")
    told = json.loads(engine.seen[0].query["buildargs"][0])
    assert told["BASE"] == f"{PREFIX}{IMAGE}@{DIGEST}"
    assert (told["OTHER"], told["UNSET"]) == ("python:3.11", None)


def test_a_connection_that_changes_its_protocol_is_passed_on(
    tmp_path: Path, made: set[str], engine: FakeEngine
) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(tmp_path / "build.sock"))
        connection.sendall(
            b"POST /v1.41/exec/1/start HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello\n"
        )
        received = b"".join(iter(lambda: connection.recv(1000), b""))
    assert received.endswith(b"\r\n\r\nHELLO\n")


def test_what_is_not_a_request_is_refused(tmp_path: Path, made: set[str], engine: FakeEngine) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(tmp_path / "build.sock"))
        connection.sendall(b"nonsense\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 400")
    assert engine.seen == []
