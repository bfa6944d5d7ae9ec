"""Where there is no internet, an image's build gets the wheels of its locks and a copy of its base."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from content import content_tag
from failures import PlatformError, UserError
from offline import Offline, copy_tag

BASE = "public.ecr.aws/docker/library/python:3.11-slim-bookworm"
REPOSITORY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlproject-platform/base-images"
DIGEST = "sha256:" + "c" * 64
DOCKERFILE = f"""ARG BASE={BASE}
FROM ${{BASE}}
ARG PIP_NO_INDEX
ARG PIP_FIND_LINKS
COPY requirements.txt wheel[s] /wheels/
RUN pip install --require-hashes -r /wheels/requirements.txt
"""


class FakeS3:
    """Holds objects by key."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def list_objects_v2(self, Bucket: str, Prefix: str) -> Any:
        assert Bucket == "artifacts"
        return {"Contents": [{"Key": key} for key in self.objects if key.startswith(Prefix)]}

    def download_file(self, Bucket: str, Key: str, Filename: str) -> None:
        Path(Filename).write_bytes(self.objects[Key])


class FakeEcr:
    """Knows one copy of a base image."""

    def describe_images(self, registryId: str, repositoryName: str, imageIds: list[dict[str, str]]) -> Any:
        if imageIds[0]["imageTag"] == copy_tag(BASE):
            return {"imageDetails": [{"imageDigest": DIGEST}]}
        raise ClientError({"Error": {"Code": "ImageNotFoundException", "Message": ""}}, "DescribeImages")


def offline(**objects: bytes) -> Offline:
    packages = {f"vendor/packages/{key.replace('__', '/', 1)}": value for key, value in objects.items()}
    return Offline.at("s3://artifacts/vendor/packages", REPOSITORY, FakeS3(packages), FakeEcr())


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "container"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / ".dockerignore").write_text("*\n!requirements.txt\n")
    (folder / "requirements.txt").write_text(
        f"demo[extra]==1.0 ; python_version > '3' \\\n    --hash=sha256:{hashlib.sha256(b'demo').hexdigest()}\n"
        f"elsewhere==2 ; sys_platform == 'win32' \\\n    --hash=sha256:{'0' * 64}\n"
    )
    (folder / "requirements-dev.txt").write_text(
        f"tests==1 --hash=sha256:{hashlib.sha256(b't').hexdigest()}\n"
    )
    return folder


def test_the_build_gets_the_wheels_of_its_locks_and_the_copy_of_its_base(context: Path) -> None:
    platform = offline(
        **{"demo__demo-1.0-py3-none-any.whl": b"demo", "demo__demo-2.0-py3-none-any.whl": b"newer"},
        **{"tests__tests-1-py3-none-any.whl": b"t"},
    )
    with platform.prepared(context) as prepared:
        assert [path.name for path in (prepared.context / "wheels").iterdir()] == [
            "demo-1.0-py3-none-any.whl"
        ]
        assert prepared.arguments == {
            "BASE": f"{REPOSITORY}@{DIGEST}",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": "/wheels",
        }
        assert (prepared.context / ".dockerignore").read_text().endswith("!wheels\n")
    assert not prepared.context.exists()


def test_the_repository_and_its_tag_stay_as_they_are(context: Path) -> None:
    before = content_tag(context)
    with offline(**{"demo__demo-1.0-py3-none-any.whl": b"demo"}).prepared(context):
        assert content_tag(context) == before


def test_a_package_that_the_lock_does_not_know_is_left_out(context: Path) -> None:
    with offline(**{"demo__demo-1.0-py3-none-any.whl": b"tampered"}).prepared(context) as prepared:
        assert not list((prepared.context / "wheels").iterdir())


def test_a_dockerfile_that_takes_no_wheels_is_refused(context: Path) -> None:
    (context / "Dockerfile").write_text(DOCKERFILE.replace("ARG PIP_FIND_LINKS\n", ""))
    platform = offline(**{"demo__demo-1.0-py3-none-any.whl": b"demo"})
    with pytest.raises(UserError, match="takes no packages from the platform"), platform.prepared(context):
        pass


def test_a_base_without_a_copy_is_refused_by_name(context: Path) -> None:
    (context / "Dockerfile").write_text(DOCKERFILE.replace(BASE, "debian:12"))
    with (
        pytest.raises(UserError, match=r"no copy of debian:12 \(tag debian-12\)"),
        offline().prepared(context),
    ):
        pass


def test_a_context_without_base_argument_and_locks_is_built_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    with offline().prepared(tmp_path) as prepared:
        assert prepared.arguments == {}


def test_s3_that_cannot_be_read_is_told(context: Path) -> None:
    class Closed(FakeS3):
        def list_objects_v2(self, Bucket: str, Prefix: str) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectsV2")

    platform = Offline.at("s3://artifacts/vendor/packages", REPOSITORY, Closed({}), FakeEcr())
    with (
        pytest.raises(PlatformError, match="cannot read s3://artifacts/vendor/packages"),
        platform.prepared(context),
    ):
        pass


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(UserError, match="PACKAGES_URI must be"):
        Offline.at("https://example.com", REPOSITORY, FakeS3({}), FakeEcr())
