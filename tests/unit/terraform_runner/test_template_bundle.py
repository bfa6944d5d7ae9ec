"""Bundles: only the published bytes are unpacked, with their modes, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from terraform_runner.project_request import TemplateReference
from terraform_runner.runner_errors import UserError
from terraform_runner.template_bundle import SeedFile, TemplateBundle, fetch_bundle

from .conftest import ARTIFACTS, published, zipped


def fetched(session: boto3.Session, properties: dict[str, str], to: Path) -> TemplateBundle:
    return fetch_bundle(session.client("s3"), ARTIFACTS, TemplateReference.model_validate(properties), to)


def test_a_published_bundle_is_unpacked_with_its_modes(session: boto3.Session, tmp_path: Path) -> None:
    archive = zipped(
        {"terraform/main.tf": b"# stack", "repositories/modelbuild/run.sh": b"#!/bin/sh"},
        executable=("repositories/modelbuild/run.sh",),
    )
    bundle = fetched(session, published(session, archive), tmp_path)
    assert (bundle.terraform_dir / "main.tf").read_bytes() == b"# stack"
    assert bundle.seed("modelbuild", "churn-xgboost-daal4py") == {"run.sh": SeedFile(b"#!/bin/sh", True)}


def test_a_repository_is_what_all_variants_have_and_the_variant_s_own(
    session: boto3.Session, tmp_path: Path
) -> None:
    archive = zipped(
        {
            "repositories/modelbuild/all.py": b"1",
            "variants/one/modelbuild/own.py": b"2",
            "variants/two/modelbuild/other.py": b"3",
        }
    )
    bundle = fetched(session, published(session, archive), tmp_path)
    assert set(bundle.seed("modelbuild", "one")) == {"all.py", "own.py"}
    assert bundle.seed("modeldeploy", "one") == {}
    bundle.check_variant("two")
    with pytest.raises(UserError, match="no project variant 'three': choose one of one, two"):
        bundle.check_variant("three")


def test_a_bundle_from_before_there_was_a_choice_has_the_churn_model_only(tmp_path: Path) -> None:
    bundle = TemplateBundle(tmp_path, "a1b2c3d4e5f60718")
    bundle.check_variant("churn-xgboost-daal4py")
    with pytest.raises(UserError, match="choose one of churn-xgboost-daal4py"):
        bundle.check_variant("config-only")


def test_a_changed_bundle_is_refused(session: boto3.Session, tmp_path: Path) -> None:
    properties = published(session, zipped({"terraform/main.tf": b"# stack"}))
    session.client("s3").put_object(
        Bucket=ARTIFACTS, Key=f"bundles/{properties['TemplateVersion']}.zip", Body=zipped({"evil": b""})
    )
    with pytest.raises(UserError, match="changed or damaged"):
        fetched(session, properties, tmp_path)
    assert not (tmp_path / properties["TemplateVersion"]).exists()


def test_a_digest_that_is_not_the_versions_is_refused(session: boto3.Session, tmp_path: Path) -> None:
    good = published(session, zipped({"terraform/main.tf": b"# stack"}))
    session.client("s3").copy_object(
        Bucket=ARTIFACTS,
        Key=f"bundles/{'f' * 16}.zip",
        CopySource={"Bucket": ARTIFACTS, "Key": f"bundles/{good['TemplateVersion']}.zip"},
    )
    with pytest.raises(UserError, match="SHA-256"):
        fetched(session, {**good, "TemplateVersion": "f" * 16}, tmp_path)


def test_a_version_that_was_never_published_is_named(session: boto3.Session, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="1234567890abcdef"):
        fetched(session, {"TemplateVersion": "1234567890abcdef", "TemplateSha256": "1" * 64}, tmp_path)


def test_an_entry_cannot_leave_its_folder(session: boto3.Session, tmp_path: Path) -> None:
    properties = published(session, zipped({"../../outside": b"x"}))
    bundle = fetched(session, properties, tmp_path / "in" / "side")
    assert not (tmp_path / "outside").exists()
    assert (bundle.root / "outside").exists()
