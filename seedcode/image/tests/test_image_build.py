"""The image build against a fake ECR and a fake Docker engine."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_images import registry
from botocore.exceptions import ClientError
from build import ensure, main
from content import content_tag
from engine import DockerEngine
from failures import PlatformError, UserError
from registry import Repository

REPOSITORY = Repository.parse("123456789012.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-churn-p-1/model")


class FakeEcr:
    """Knows the digests of the tags that it was given."""

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}

    def describe_images(self, registryId: str, repositoryName: str, imageIds: list[dict[str, str]]) -> Any:
        assert (registryId, repositoryName) == (REPOSITORY.account, REPOSITORY.name)
        digest = self.digests.get(imageIds[0]["imageTag"])
        if digest is None:
            raise ClientError({"Error": {"Code": "ImageNotFoundException", "Message": ""}}, "DescribeImages")
        return {"imageDetails": [{"imageDigest": digest}]}

    def get_authorization_token(self) -> Any:
        return {"authorizationData": [{"authorizationToken": base64.b64encode(b"AWS:secret").decode()}]}


class FakeEngine:
    """Records what it is asked for; a push makes the tag known to ECR."""

    def __init__(self, ecr: FakeEcr, push_fails: bool = False) -> None:
        self.calls: list[tuple[str, ...]] = []
        self._ecr = ecr
        self._push_fails = push_fails

    def check(self) -> None:
        self.calls.append(("check",))

    def build(self, context: Path, reference: str, arguments: Mapping[str, str]) -> None:
        self.calls.append(("build", context.name, reference, *arguments.values()))

    def login(self, host: str, password: str) -> None:
        self.calls.append(("login", host, password))

    def push(self, reference: str) -> None:
        self.calls.append(("push", reference))
        self._ecr.digests[reference.rpartition(":")[2]] = "sha256:" + "b" * 64
        if self._push_fails:
            raise PlatformError("tag is immutable")


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "container"
    (folder / "package").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "package" / "module.py").write_text("VALUE = 1\n")
    return folder


def test_the_tag_is_the_same_for_equal_content_elsewhere(context: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    (other / "package").mkdir(parents=True)
    (other / "package" / "module.py").write_text("VALUE = 1\n")
    (other / "Dockerfile").write_text("FROM scratch\n")
    assert content_tag(other) == content_tag(context)


def test_the_tag_is_a_valid_image_tag(context: Path) -> None:
    prefix, _, digits = content_tag(context).partition("-")
    assert prefix == "content"
    assert len(digits) == 16
    assert int(digits, 16) >= 0


@pytest.mark.parametrize("change", ["bytes", "name", "executable", "new file"])
def test_the_tag_changes_with(context: Path, change: str) -> None:
    before = content_tag(context)
    module = context / "package" / "module.py"
    match change:
        case "bytes":
            module.write_text("VALUE = 2\n")
        case "name":
            module.rename(module.with_name("other.py"))
        case "executable":
            module.chmod(0o755)
        case _:
            (context / ".dockerignore").write_text("*\n")
    assert content_tag(context) != before


def test_caches_and_other_permissions_do_not_change_the_tag(context: Path) -> None:
    before = content_tag(context)
    for name in ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".venv", "model.egg-info"):
        (context / "package" / name).mkdir()
        (context / "package" / name / "file.txt").write_text("left behind")
    (context / "package" / "module.pyc").write_bytes(b"\0")
    (context / "package" / "module.py").chmod(0o600)
    assert content_tag(context) == before


def test_a_folder_without_dockerfile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no Dockerfile"):
        content_tag(tmp_path)


def test_a_symbolic_link_is_refused(context: Path) -> None:
    (context / "link").symlink_to("/etc/passwd")
    with pytest.raises(UserError, match="neither a plain file nor a folder"):
        content_tag(context)


def test_an_image_that_is_there_is_reused_without_docker(context: Path) -> None:
    ecr = FakeEcr()
    ecr.digests[content_tag(context)] = "sha256:" + "a" * 64
    engine = FakeEngine(ecr)
    assert ensure(context, REPOSITORY, ecr, engine) == f"{REPOSITORY.uri}@sha256:{'a' * 64}"
    assert engine.calls == []


def test_an_image_that_is_missing_is_built_and_pushed(context: Path) -> None:
    ecr = FakeEcr()
    engine = FakeEngine(ecr)
    reference = f"{REPOSITORY.uri}:{content_tag(context)}"
    assert ensure(context, REPOSITORY, ecr, engine) == f"{REPOSITORY.uri}@sha256:{'b' * 64}"
    assert engine.calls == [
        ("check",),
        ("build", "container", reference),
        ("login", REPOSITORY.host, "secret"),
        ("push", reference),
    ]


def test_a_push_that_lost_a_race_uses_the_winner(context: Path) -> None:
    ecr = FakeEcr()
    assert ensure(context, REPOSITORY, ecr, FakeEngine(ecr, push_fails=True)).endswith("b" * 64)


def test_without_docker_the_reason_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        PlatformError, match=r"built by the Docker engine, and there is none here.*not installed"
    ):
        DockerEngine().check()


def test_a_docker_that_refuses_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlatformError, match="Cannot connect to the Docker daemon"):
        DockerEngine().check()


def test_the_password_reaches_docker_on_its_input_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\nread -r line\necho "$line" > {tmp_path}/input\n'
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    DockerEngine().login("host", "secret\n")
    assert (tmp_path / "input").read_text() == "secret\n"
    assert "secret" not in (tmp_path / "arguments").read_text()


@pytest.mark.parametrize(
    "uri", ["", "nginx", f"{REPOSITORY.uri}:latest", f"{REPOSITORY.uri}@sha256:{'a' * 64}"]
)
def test_a_repository_uri_that_is_none_is_refused(uri: str) -> None:
    with pytest.raises(UserError, match="IMAGE_REPOSITORY_URI"):
        Repository.parse(uri)


def test_the_command_prints_the_tag_alone(context: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", str(context)]) == 0
    assert capsys.readouterr().out == content_tag(context) + "\n"


def test_the_command_says_what_is_wrong_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tag", str(tmp_path)]) == 1
    assert "no Dockerfile" in capsys.readouterr().err


def test_an_image_on_one_of_aws_s_is_built_from_the_region_s_registry(context: Path) -> None:
    (context / "Dockerfile").write_text(
        "ARG AWS_IMAGES=1.dkr.ecr\nFROM ${AWS_IMAGES}/tensorflow-training:1\n"
    )
    ecr = FakeEcr()
    engine = FakeEngine(ecr)
    ensure(context, REPOSITORY, ecr, engine)
    registry = "763104351884.dkr.ecr.eu-west-1.amazonaws.com"
    assert engine.calls[1] == ("login", registry, "secret")
    assert engine.calls[2][0] == "build"
    assert engine.calls[2][-1] == registry


def test_a_region_whose_account_is_not_known_is_told(context: Path) -> None:
    (context / "Dockerfile").write_text(
        "ARG AWS_IMAGES=1.dkr.ecr\nFROM ${AWS_IMAGES}/tensorflow-training:1\n"
    )
    assert registry(context.joinpath("Dockerfile").read_text(), "cn-north-1").endswith(".amazonaws.com.cn")
    with pytest.raises(UserError, match="which account has AWS's images in mars-north-1"):
        registry(context.joinpath("Dockerfile").read_text(), "mars-north-1")
