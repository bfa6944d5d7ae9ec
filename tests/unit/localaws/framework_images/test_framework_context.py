"""The folder that a stand-in is built from: a lock for processors alone where PyTorch's build for them is to be had."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from localaws.framework_images import FOLDER
from localaws.framework_images import context as module
from localaws.framework_images.context import CPU_BUILD, CPU_REQUIREMENT, context, cpu_build, for_processors

LOCK = """\
cuda-bindings==13.5.0 ; sys_platform == 'linux' \\
    --hash=sha256:aa
filelock==4.2.11 \\
    --hash=sha256:bb
nvidia-cublas==13.1.1.3 ; sys_platform == 'linux' \\
    --hash=sha256:cc
torch==2.13.0 \\
    --hash=sha256:dd
triton==3.7.1 ; sys_platform == 'linux' \\
    --hash=sha256:ee
"""


@pytest.fixture
def wheel(own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of pip's with the CPU build."""
    path = tmp_path / "wheels" / CPU_BUILD
    path.parent.mkdir()
    path.write_bytes(b"wheel")
    monkeypatch.setattr(module, "CPU_SHA256", hashlib.sha256(b"wheel").hexdigest())
    return path


def test_the_cpu_build_takes_the_place_of_pytorch_and_of_all_that_cuda_needs() -> None:
    assert for_processors(LOCK) == f"filelock==4.2.11 \\\n    --hash=sha256:bb\n{CPU_REQUIREMENT}\n"


def test_the_lock_of_this_repository_names_the_version_of_the_cpu_build() -> None:
    lock = for_processors((FOLDER / "requirements-huggingface.txt").read_text())
    assert CPU_REQUIREMENT in lock
    assert "nvidia" not in lock
    assert "\ntransformers==" in lock


def test_the_cpu_build_is_taken_where_pip_is_told_of_it_as_it_was_published(wheel: Path) -> None:
    assert cpu_build(f"/nowhere file://{wheel.parent}") == wheel
    assert cpu_build("") is None
    wheel.write_bytes(b"another")
    assert cpu_build(str(wheel.parent)) is None


def test_the_folder_holds_what_the_dockerfile_copies(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    made = context("huggingface")
    assert (made / "wheels" / CPU_BUILD).read_bytes() == b"wheel"
    assert CPU_REQUIREMENT in (made / "requirements.txt").read_text()
    assert (made / "framework_worker" / "training_toolkit.py").is_file()
    assert (made / "Dockerfile").read_text() == (FOLDER / "Dockerfile").read_text()


def test_without_it_the_folder_has_the_lock_as_it_is(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    made = context("huggingface")
    assert [path.name for path in (made / "wheels").iterdir()] == ["README"]
    lock = (FOLDER / "requirements-huggingface.txt").read_text()
    assert (made / "requirements.txt").read_text() == lock
