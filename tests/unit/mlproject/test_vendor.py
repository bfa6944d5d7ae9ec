"""A vendor folder is complete when it has, byte for byte, what the checkout's locks name for builds."""

from __future__ import annotations

import hashlib
import venv
from collections.abc import Sequence
from pathlib import Path

import pytest

from mlproject import vendor
from mlproject.errors import PlatformError, UserError
from terraform_runner.terraform_install import ARCHIVE

TERRAFORM = b"terraform"
PROVIDERS = """
provider "registry.terraform.io/hashicorp/aws" {
  version     = "5.100.0"
  constraints = ">= 5.100.0"
}
"""


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a checkout that needs one provider and two packages, one of them on Windows only, and uv."""
    monkeypatch.setattr(vendor, "SHA256", digest(TERRAFORM))
    # pip is never run here, and an environment with it takes seconds to make.
    monkeypatch.setattr(venv, "create", lambda *_, **__: None)
    made = tmp_path / "checkout"
    for folder in ("terraform", "scripts/terraform_runner", "requirements"):
        (made / folder).mkdir(parents=True)
    (made / "terraform/.terraform.lock.hcl").write_text(PROVIDERS)
    (made / "scripts/terraform_runner/requirements.txt").write_text(
        f"demo==1.0 \\\n    --hash=sha256:{digest(b'demo')} \\\n    --hash=sha256:{digest(b'other')}\n    # via a\n"
        f"winonly==2 ; sys_platform == 'win32' \\\n    --hash=sha256:{digest(b'win')}\n"
    )
    for folder in ("seedcode", "containers", "lambda", "seedcode/.venv"):
        (made / folder).mkdir()
    (made / "seedcode/requirements.txt").write_text(f"seed==3 \\\n    --hash=sha256:{digest(b'seed')}\n")
    (made / "seedcode/.venv/lock.txt").write_text(f"not-ours==1 --hash=sha256:{digest(b'not ours')}\n")
    (made / "lambda/words.txt").write_text("instance types\n")
    (made / "requirements/uv.txt").write_text(f"uv==0.1 \\\n    --hash=sha256:{digest(b'uv')}\n")
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a complete folder."""
    made = tmp_path / "vendor"
    fill(made)
    return made


def fill(folder: Path) -> None:
    provider = folder / "providers/registry.terraform.io/hashicorp/aws"
    provider.mkdir(parents=True, exist_ok=True)
    (provider / "terraform-provider-aws_5.100.0_linux_amd64.zip").write_bytes(b"provider")
    (folder / ARCHIVE).write_bytes(TERRAFORM)
    (folder / "wheels").mkdir(exist_ok=True)
    for name, content in (
        ("demo-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", b"demo"),
        ("uv-0.1-py3-none-any.whl", b"uv"),
        ("Seed-3.tar.gz", b"seed"),
        ("setuptools-80.0-py3-none-any.whl", b"setuptools"),
    ):
        (folder / "wheels" / name).write_bytes(content)


def test_a_complete_folder_is_taken(folder: Path, root: Path) -> None:
    vendor.check(folder, root)


def test_an_unpacked_provider_mirror_is_taken(folder: Path, root: Path) -> None:
    provider = folder / "providers/registry.terraform.io/hashicorp/aws"
    next(provider.iterdir()).unlink()
    (provider / "5.100.0/linux_amd64").mkdir(parents=True)
    vendor.check(folder, root)


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path, root: Path) -> None:
    with pytest.raises(UserError) as refused:
        vendor.check(tmp_path / "nothing", root)
    for named in (
        f"{ARCHIVE} is missing",
        "provider registry.terraform.io/hashicorp/aws 5.100.0 for linux_amd64 is missing",
        "demo ==1.0 of scripts/terraform_runner/requirements.txt is missing",
        "uv ==0.1 of requirements/uv.txt is missing",
        "seed ==3 of seedcode/requirements.txt is missing",
        "setuptools is missing",
    ):
        assert named in str(refused.value)
    assert "winonly" not in str(refused.value)


def test_terraform_that_is_not_the_pinned_one_is_refused(folder: Path, root: Path) -> None:
    (folder / ARCHIVE).write_bytes(b"another")
    with pytest.raises(UserError, match=f"has SHA-256 {digest(b'another')} instead of {digest(TERRAFORM)}"):
        vendor.check(folder, root)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("demo-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", b"tampered"),
        ("demo-1.0-cp311-cp311-win_amd64.whl", b"other"),
    ],
)
def test_a_package_that_the_runner_would_refuse_is_missing(
    folder: Path, root: Path, name: str, content: bytes
) -> None:
    next((folder / "wheels").glob("demo-*")).unlink()
    (folder / "wheels" / name).write_bytes(content)
    with pytest.raises(
        UserError, match=r"demo ==1\.0 of scripts/terraform_runner/requirements\.txt is missing"
    ):
        vendor.check(folder, root)


def test_preparing_downloads_what_is_missing_and_checks_it(tmp_path: Path, root: Path) -> None:
    folder, ran = tmp_path / "made", []

    def run(command: Sequence[str]) -> None:
        ran.append(" ".join(command))
        if command[-1] == "setuptools":
            fill(folder)

    vendor.prepare(folder, root, lambda _: None, fetch=lambda _: TERRAFORM, run=run)
    assert ran[0].startswith("terraform -chdir=")
    assert f"providers mirror -platform=linux_amd64 {folder}/providers" in ran[0]
    assert [line.rpartition(" ")[2] for line in ran[1:]] == [
        f"{root}/scripts/terraform_runner/requirements.txt",
        f"{root}/requirements/uv.txt",
        f"{root}/seedcode/requirements.txt",
        "setuptools",
    ]
    vendor.prepare(folder, root, lambda _: None, fetch=lambda _: TERRAFORM, run=run)
    assert [line.split()[0] for line in ran[5:]] == ["terraform"]


def test_a_download_that_is_not_the_pinned_one_is_not_kept(tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "made"
    with pytest.raises(PlatformError, match="it was not kept"):
        vendor.prepare(folder, root, lambda _: None, fetch=lambda _: b"<html>", run=lambda _: None)
    assert not (folder / ARCHIVE).exists()


def test_a_program_that_fails_is_told_with_its_last_line(tmp_path: Path, root: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / ARCHIVE).write_bytes(TERRAFORM)
    (root / "terraform/.terraform.lock.hcl").unlink()
    (root / "terraform").rmdir()
    with pytest.raises(PlatformError, match=r"terraform -chdir=.* failed: .+"):
        vendor.prepare(tmp_path / "made", root, lambda _: None)


def test_a_program_that_is_not_there_is_named(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="terraform is not on PATH: install it"):
        vendor.prepare(tmp_path / "made", root, lambda _: None, fetch=lambda _: TERRAFORM)


def test_a_file_is_not_filled(root: Path) -> None:
    with pytest.raises(UserError, match="is a file: name a folder"):
        vendor.prepare(root / "requirements/uv.txt", root, lambda _: None)


def test_packages_go_below_their_own_names_and_all_else_where_it_is(folder: Path) -> None:
    assert {vendor.key(folder, path) for path in vendor.files(folder)} == {
        f"vendor/{ARCHIVE}",
        "vendor/packages/demo/demo-1.0-cp311-cp311-manylinux_2_17_x86_64.whl",
        "vendor/packages/seed/Seed-3.tar.gz",
        "vendor/packages/setuptools/setuptools-80.0-py3-none-any.whl",
        "vendor/packages/uv/uv-0.1-py3-none-any.whl",
        "vendor/providers/registry.terraform.io/hashicorp/aws/terraform-provider-aws_5.100.0_linux_amd64.zip",
    }
