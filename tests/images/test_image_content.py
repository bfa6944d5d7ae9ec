"""What the built image holds, and what it must not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest
from docker_command import docker
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.docker

BASE = "public.ecr.aws/docker/library/python:3.11-slim-bookworm"
OFFICIAL_BASE_MB = 150
"""The official base takes about 130 MB; what stands in for it where no registry can be asked may be larger."""


def megabytes(image: str) -> float:
    return int(docker("image", "inspect", "--format", "{{.Size}}", image)) / 1e6


def identify(packages: Sequence[Mapping[str, str]]) -> set[tuple[str, str]]:
    return {(canonicalize_name(item["name"]), item["version"]) for item in packages}


def test_it_takes_at_most_700_mb_with_its_base(image: str) -> None:
    assert megabytes(image) - megabytes(BASE) + OFFICIAL_BASE_MB <= 700


def test_it_has_no_compiler(image: str) -> None:
    names = "cc gcc g++ c++ clang tcc as ld make cmake cargo"
    assert (
        docker("run", "--rm", image, "sh", "-c", f"for name in {names}; do command -v $name; done; true")
        == ""
    )


def test_it_has_no_aws_sdk(image: str) -> None:
    names = ("*boto*", "*aws-sdk*", "*awscrt*", "libaws*", "*_s3fs*", "libarrow_s3*")
    wanted = " -o ".join(f"-iname '{name}'" for name in names)
    found = docker(
        "run", "--rm", image, "sh", "-c", f"find / -xdev -path /proc -prune -o \\( {wanted} \\) -print"
    )
    assert found == ""


def test_its_labels_say_what_sagemaker_may_expect(image: str) -> None:
    labels = json.loads(docker("image", "inspect", "--format", "{{json .Config.Labels}}", image))
    assert labels["org.opencontainers.image.title"] == "xgboost-daal4py"
    assert labels["com.amazonaws.sagemaker.capabilities.accept-bind-to-port"] == "true"
    assert labels["com.amazonaws.sagemaker.capabilities.multi-models"] == "true"


def test_the_base_s_pip_installs_for_the_commands(image: str) -> None:
    assert "xgboost-cpu" in docker("run", "--rm", image, "pip", "list", "--disable-pip-version-check")


def test_its_bill_of_materials_lists_what_is_installed(image: str) -> None:
    sbom = json.loads(docker("run", "--rm", image, "cat", "/opt/venv/share/sbom.cdx.json"))
    installed = json.loads(docker("run", "--rm", image, "pip", "list", "--format", "json"))
    packages = [item for item in installed if item["name"] != "xgboost-daal4py"]
    assert identify(sbom["components"]) == identify(packages)
