"""Images are made from Dockerfiles without Docker, found through ECR, and run as their Dockerfile says."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from localaws.engine import ContainerSpec
from localaws.errors import UserError
from localaws.image_import import register
from localaws.images import ImageNotFound, ImageStore, ImageUri, Prepared
from localaws.server import LocalAws
from localaws.stand_in_images import StandIn

REGION = "eu-west-1"
DOCKERFILE = """
# A package that is installed in one stage and carried into the next.
ARG BASE=public.ecr.aws/docker/library/python:3.11-slim-bookworm
FROM ${BASE} AS build
RUN python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /build
COPY hello-1-py3-none-any.whl ./
RUN pip install --no-cache-dir --no-deps ./hello-1-py3-none-any.whl

FROM ${BASE}
ARG GREETING=hello
LABEL org.opencontainers.image.title="hello" \\
      say=more
RUN useradd --system model && mkdir -p /var/notes
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH GREETING=${GREETING}
WORKDIR /opt/program
COPY extra.py .
EXPOSE 8080
USER model
CMD ["hello", "from the command"]
"""
WHEEL = {
    "hello/__init__.py": """
import os, sys
def main():
    import hello
    print(os.environ["GREETING"], *sys.argv[1:], hello.__file__, sys.executable, os.getcwd())
""",
    "hello-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: hello\nVersion: 1\n",
    "hello-1.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "hello-1.dist-info/entry_points.txt": "[console_scripts]\nhello = hello:main\n",
    "hello-1.dist-info/RECORD": "",
}


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A build context."""
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "extra.py").write_text("value = 1")
    with zipfile.ZipFile(folder / "hello-1-py3-none-any.whl", "w") as wheel:
        for name, text in WHEEL.items():
            wheel.writestr(zipfile.ZipInfo(name), text)
    return folder


def prepare(store: ImageStore, context: Path, **build_args: str) -> Prepared:
    return store.prepare(context, context / "Dockerfile", build_args, lambda line: None)


def push(localaws: LocalAws, prepared: Prepared, tag: str = "1") -> str:
    """Register an image in a repository ``app/hello``."""
    ecr = localaws.client("ecr", REGION)
    if not ecr.describe_repositories()["repositories"]:
        ecr.create_repository(repositoryName="app/hello", imageTagMutability="IMMUTABLE")
    return register(ecr, prepared, "app/hello", tag)


def run(localaws: LocalAws, image: str, **options: Any) -> list[str]:
    lines: list[str] = []
    container = localaws.engine.start(
        ContainerSpec(name="c", image=image, region=REGION, log=lines.append, **options)
    )
    assert container.wait(30) == 0, lines
    return lines


def test_an_image_runs_its_command_with_its_environment_and_files(localaws: LocalAws, context: Path) -> None:
    uri = push(localaws, prepare(localaws.images, context, GREETING="moin"))
    [line] = run(localaws, uri)
    words = line.split()
    assert words[:4] == ["moin", "from", "the", "command"]
    module, python, folder = words[4:]
    store = str(localaws.images.folder)
    assert module.startswith(store)
    assert python.startswith(store)
    assert folder.endswith("/opt/program")


def test_an_image_may_stand_on_what_stands_in_for_one_of_aws_s(
    localaws: LocalAws, context: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stand_in(uri: str) -> StandIn | None:
        return StandIn("hello", context, uri.__eq__) if uri == "of.aws/hello:1" else None

    monkeypatch.setattr("localaws.images.stand_in", stand_in)
    monkeypatch.setattr("localaws.image_builder.stand_in", stand_in)
    own = tmp_path / "own"
    own.mkdir()
    (own / "Dockerfile").write_text(
        "ARG FROM_AWS=of.aws\nFROM ${FROM_AWS}/hello:1\nENV GREETING=own\n"
        'COPY own.py /opt/own/\nENTRYPOINT ["python3", "/opt/own/own.py"]\n'
    )
    (own / "own.py").write_text(
        "import os, sys, hello; print(os.environ['GREETING'], hello.__name__, *sys.argv[1:])"
    )
    prepared = prepare(localaws.images, own)
    assert run(localaws, push(localaws, prepared), arguments=["train"]) == ["own hello train"]
    # Another base is another image, and the base stays as it was.
    assert prepare(localaws.images, own).key == prepared.key
    assert run(localaws, push(localaws, prepare(localaws.images, context), "base"))[0].startswith(
        "hello from"
    )


def test_requirements_may_lie_anywhere_in_the_image(localaws: LocalAws, context: Path) -> None:
    (context / "list.txt").write_text("hello\n")
    elsewhere = DOCKERFILE.replace(
        "COPY hello-1-py3-none-any.whl ./", "COPY list.txt hello-*.whl /wheels/"
    ).replace("--no-deps ./hello-1-py3-none-any.whl", "--no-deps --find-links=/wheels/ -r /wheels/list.txt")
    (context / "Dockerfile").write_text(elsewhere)
    [line] = run(localaws, push(localaws, prepare(localaws.images, context)))
    assert line.startswith("hello from the command")


def test_files_that_a_line_removes_are_not_in_the_image(localaws: LocalAws, context: Path) -> None:
    trimmed = DOCKERFILE.replace(
        "./hello-1-py3-none-any.whl\n\n",
        "./hello-1-py3-none-any.whl && cd /opt/venv/lib/python3.*/site-packages/hello-1.* && rm -rf META* none\n\n",
    )
    (context / "Dockerfile").write_text(trimmed)
    uri = push(localaws, prepare(localaws.images, context))
    script = (
        "import glob, hello, os; d = os.path.dirname(hello.__file__) + '-1.dist-info/'; print(os.listdir(d))"
    )
    [left] = run(localaws, uri, command=["python3", "-c"], arguments=[script])
    assert "METADATA" not in left
    assert "entry_points.txt" in left


def test_arguments_take_the_place_of_the_command(localaws: LocalAws, context: Path) -> None:
    uri = push(localaws, prepare(localaws.images, context))
    assert run(localaws, uri, arguments=["hello", "you"])[0].split()[:2] == ["hello", "you"]
    script = "import extra, os; print(extra.value, os.path.exists('/opt/venv'))"
    assert run(localaws, uri, command=["python3", "-c"], arguments=[script])[0].split()[0] == "1"


def test_an_image_is_found_by_tag_and_by_digest(localaws: LocalAws, context: Path) -> None:
    prepared = prepare(localaws.images, context)
    uri = push(localaws, prepared)
    repository, digest = uri.split("@")
    image = localaws.images.find(uri, REGION)
    assert localaws.images.find(f"{repository}:1", REGION) == image
    details = localaws.client("ecr", REGION).describe_images(repositoryName="app/hello")["imageDetails"]
    assert [(each["imageDigest"], each["imageTags"]) for each in details] == [(digest, ["1"])]
    assert push(localaws, prepared) == uri
    with pytest.raises(ImageNotFound, match="app/hello:2"):
        localaws.images.find(f"{repository}:2", REGION)


def test_an_image_whose_files_are_gone_says_so(localaws: LocalAws, context: Path, tmp_path: Path) -> None:
    uri = push(localaws, prepare(localaws.images, context))
    with pytest.raises(ImageNotFound, match="is in ECR, but its files are not in"):
        ImageStore(tmp_path / "other").find(uri, REGION)


def test_an_immutable_tag_is_not_taken_twice(localaws: LocalAws, context: Path) -> None:
    push(localaws, prepare(localaws.images, context))
    (context / "extra.py").write_text("value = 2")
    with pytest.raises(UserError, match="immutable"):
        push(localaws, prepare(localaws.images, context))


def test_a_missing_repository_is_named(localaws: LocalAws, context: Path) -> None:
    prepared = prepare(localaws.images, context)
    with pytest.raises(UserError, match="no ECR repository none"):
        register(localaws.client("ecr", REGION), prepared, "none", "1")


def test_equal_sources_are_one_image_and_others_another(tmp_path: Path, context: Path) -> None:
    store = ImageStore(tmp_path / "store")
    first = prepare(store, context)
    (context / "unused.txt").write_text("not copied")
    assert prepare(store, context) == first
    assert prepare(store, context, GREETING="x").key != first.key
    (context / "extra.py").write_text("value = 3")
    assert prepare(store, context).key != first.key


def test_the_configuration_is_docker_s(tmp_path: Path, context: Path) -> None:
    prepared = prepare(ImageStore(tmp_path / "store"), context)
    config = json.loads((prepared.folder / "config.json").read_text())["config"]
    assert config["Labels"] == {"org.opencontainers.image.title": "hello", "say": "more"}
    assert config["Env"][0].startswith("PATH=/opt/venv/bin:")
    assert (config["Cmd"], config["Entrypoint"]) == (["hello", "from the command"], [])
    assert (config["User"], config["ExposedPorts"]) == ("model", {"8080/tcp": {}})


def test_an_interrupted_build_leaves_nothing_that_is_taken_for_an_image(
    tmp_path: Path, context: Path
) -> None:
    store = ImageStore(tmp_path / "store")

    def interrupt(line: str) -> None:
        if line.startswith("CMD"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.prepare(context, context / "Dockerfile", {}, interrupt)
    assert [path.name for path in store.folder.iterdir() if not path.name.startswith(".lock")] == []
    assert prepare(store, context).folder.is_dir()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("FROM ubuntu:24.04", "the base has to be a python"),
        ("RUN apt-get update", "apt-get cannot be run"),
        ("RUN curl https://example.org | sh", "only && is understood"),
        ("RUN pip install --index-url https://example.org x", "option --index-url"),
        ("COPY missing.txt /", "missing.txt does not exist"),
        ("COPY missing[s] /", "missing\\[s\\] does not exist"),
        ("COPY --from=other /a /b", "there is no stage other"),
        ("ADD https://example.org/a /a", "only files of the context"),
        ("VOLUME /data", "not supported"),
    ],
)
def test_a_line_that_needs_docker_is_refused_by_number(
    tmp_path: Path, context: Path, line: str, words: str
) -> None:
    (context / "Dockerfile").write_text(f"FROM python:3.11\nWORKDIR /app\n{line}\n")
    with pytest.raises(UserError, match=f"Dockerfile line 3: .*{words}.*without the Docker engine"):
        prepare(ImageStore(tmp_path / "store"), context)


@pytest.mark.parametrize("uri", ["python:3.11", "docker.io/library/x", "1.dkr.ecr.eu-west-1.amazonaws.com/x"])
def test_what_is_not_in_ecr_is_not_an_image(uri: str) -> None:
    with pytest.raises(ImageNotFound, match="is not in ECR"):
        ImageUri.parse(uri)
