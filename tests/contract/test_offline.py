"""What `publish --vendor` puts into the account is what builds without internet ask for."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

from mlproject import base_images, vendor
from terraform_runner.runner_settings import PACKAGES

ROOT = Path(__file__).resolve().parents[2]


def test_a_copy_s_tag_is_the_same_to_who_makes_it_and_to_who_looks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "seedcode/image"))
    before = set(sys.modules)
    copy_tag = runpy.run_path(str(ROOT / "seedcode/image/offline.py"))["copy_tag"]
    for name in set(sys.modules) - before:
        monkeypatch.delitem(sys.modules, name)
    images = [*base_images.of_template(ROOT), "debian", "localhost:5000/a//b@sha256:0", "x/" * 90 + "y"]
    assert [copy_tag(image) for image in images] == [base_images.tag(image) for image in images]


@pytest.mark.parametrize("lock", vendor.locks(ROOT), ids=lambda lock: str(lock.relative_to(ROOT)))
def test_the_shell_reads_the_packages_of_every_lock(lock: Path) -> None:
    pinned = {requirement.name for requirement, _ in vendor._pins(lock)}
    shell = re.compile(r"^([a-z0-9._-]*)(\[[^]]*\])?==", re.MULTILINE)
    assert pinned <= {found[0] for found in shell.findall(lock.read_text())}


def test_every_build_asks_for_packages_by_the_same_words() -> None:
    pattern = r"s/^\([a-z0-9._-]*\)\(\[[^]]*\]\)\{0,1\}==.*/\1/p"
    runner = (ROOT / "scripts/terraform_runner/buildspec.yml").read_text()
    assert f"/{PACKAGES}/" in runner
    assert pattern in runner
    for kind in ("model-build", "model-deploy"):
        assert pattern in (ROOT / f"seedcode/{kind}/buildspec/environment.sh").read_text()


def test_every_image_takes_packages_where_there_is_no_internet() -> None:
    for folder in ("seedcode", "containers", "lambda"):
        for dockerfile in (ROOT / folder).rglob("Dockerfile"):
            text = dockerfile.read_text()
            assert "pip install" not in text or "ARG PIP_FIND_LINKS" in text, dockerfile
