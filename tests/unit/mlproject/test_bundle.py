"""Archives: byte-equal from equal input, laid out by contract, and without what must not travel."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from mlproject.bundle import Archive, function_archive, runner_archive, template_bundle
from mlproject.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = (
    "terraform",
    "seedcode/model-build",
    "seedcode/variants/config-only/model-build",
    "seedcode/model-deploy",
    "seedcode/image",
    "containers/xgboost-daal4py",
    "lambda/inference",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a small checkout with a file in each folder that is bundled."""
    root = tmp_path / "checkout"
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
        (root / folder / "README.md").write_text(folder)
    (root / "cloudformation").mkdir()
    (root / "cloudformation" / "project.yaml").write_text("Description: form\n")
    return root


def names(archive: Archive) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(archive.content)).namelist()


def test_the_bundle_is_laid_out_as_the_contract_says(checkout: Path) -> None:
    assert names(template_bundle(checkout)) == [
        "project.yaml",
        "repositories/modelbuild/container/README.md",
        "repositories/modelbuild/image/README.md",
        "repositories/modeldeploy/README.md",
        "repositories/modeldeploy/image/README.md",
        "repositories/modeldeploy/lambda/README.md",
        "terraform/README.md",
        "variants/churn-xgboost-daal4py/modelbuild/README.md",
        "variants/config-only/modelbuild/README.md",
    ]


def test_only_the_default_variant_gets_the_churn_model(checkout: Path) -> None:
    for name in ("churn/conf/conf.yaml", "mlpipelines/plan.py"):
        (checkout / "seedcode/model-build" / name).parent.mkdir(parents=True)
        (checkout / "seedcode/model-build" / name).write_text("x")
    found = names(template_bundle(checkout))
    assert "variants/churn-xgboost-daal4py/modelbuild/churn/conf/conf.yaml" in found
    assert "repositories/modelbuild/mlpipelines/plan.py" in found


def test_a_variant_s_record_and_stages_are_its_own_where_it_has_them(checkout: Path) -> None:
    for name in ("seedcode/model-deploy/config/prod.yaml", "seedcode/model-deploy/config/staging.yaml"):
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text("usual")
    (checkout / "lambda/inference/inference_api").mkdir()
    (checkout / "lambda/inference/inference_api/record.schema.json").write_text("{}")
    own = checkout / "seedcode/variants/config-only/model-deploy/config/prod.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("own")
    archive = zipfile.ZipFile(io.BytesIO(template_bundle(checkout).content))
    found = {name: archive.read(name) for name in archive.namelist() if "modeldeploy" in name}
    assert found["variants/config-only/modeldeploy/config/prod.yaml"] == b"own"
    assert found["variants/config-only/modeldeploy/config/staging.yaml"] == b"usual"
    assert found["variants/churn-xgboost-daal4py/modeldeploy/config/prod.yaml"] == b"usual"
    record = "modeldeploy/lambda/inference_api/record.schema.json"
    assert f"variants/churn-xgboost-daal4py/{record}" in found
    assert not [name for name in found if name.startswith("repositories/") and "config" in name]


def test_what_text_variants_share_is_given_to_each(checkout: Path) -> None:
    shared = checkout / "seedcode/variants/text-classification/model-build/messages/prepare.py"
    shared.parent.mkdir(parents=True)
    shared.write_text("shared")
    archive = zipfile.ZipFile(io.BytesIO(template_bundle(checkout).content))
    variants = [name for name in archive.namelist() if name.endswith("messages/prepare.py")]
    assert variants == [
        f"variants/{each}/modelbuild/messages/prepare.py" for each in ("huggingface", "tensorflow")
    ]


def test_a_variant_s_file_that_all_have_already_is_refused(checkout: Path) -> None:
    for folder in ("seedcode/model-build", "seedcode/variants/config-only/model-build"):
        (checkout / folder / "pyproject.toml").write_text("")
    with pytest.raises(UserError, match=r"config-only/modelbuild/pyproject\.toml is in every variant's"):
        template_bundle(checkout)


def test_a_variant_s_file_that_belongs_to_no_repository_is_refused(checkout: Path) -> None:
    (checkout / "seedcode/variants/config-only/notes.md").write_text("")
    with pytest.raises(UserError, match=r"notes\.md belongs to no repository"):
        template_bundle(checkout)


def test_equal_input_gives_equal_bytes(checkout: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(checkout, other)
    for path in other.rglob("*"):
        os.utime(path, (0, 0))
        if path.is_file():
            path.chmod(0o600)
    assert template_bundle(other) == template_bundle(checkout)


def test_the_version_is_the_beginning_of_the_digest_and_changes_with_any_byte(checkout: Path) -> None:
    before = template_bundle(checkout)
    (checkout / "seedcode/image/README.md").write_text("changed")
    after = template_bundle(checkout)
    assert before.version == before.sha256[:16]
    assert before.version != after.version


def test_a_changed_form_is_a_new_version(checkout: Path) -> None:
    before = template_bundle(checkout)
    (checkout / "cloudformation/project.yaml").write_text("Description: other form\n")
    assert template_bundle(checkout).version != before.version


def test_an_executable_stays_one(checkout: Path) -> None:
    program = checkout / "seedcode/model-build/run.sh"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    archive = zipfile.ZipFile(io.BytesIO(template_bundle(checkout).content))
    modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
    assert modes["repositories/modelbuild/run.sh"] == 0o755
    assert modes["repositories/modeldeploy/README.md"] == 0o644


@pytest.mark.parametrize(
    "path",
    [
        "terraform/.terraform/providers/aws",
        "terraform/tests/plan.tftest.hcl",
        "terraform/mine.tfvars",
        "terraform/mine.auto.tfvars.json",
        "terraform/terraform.tfstate.backup",
        "seedcode/model-build/__pycache__/x.pyc",
        "seedcode/model-build/.pytest_cache/README.md",
        "containers/xgboost-daal4py/xgboost.egg-info/PKG-INFO",
        "lambda/inference/.venv/bin/python",
    ],
)
def test_what_work_leaves_behind_does_not_travel(checkout: Path, path: str) -> None:
    before = template_bundle(checkout)
    (checkout / path).parent.mkdir(parents=True, exist_ok=True)
    (checkout / path).write_text("left behind")
    assert template_bundle(checkout) == before


def test_the_lock_of_the_providers_and_the_tests_of_the_seeds_travel(checkout: Path) -> None:
    (checkout / "terraform/.terraform.lock.hcl").write_text("# lock")
    (checkout / "seedcode/model-build/tests").mkdir()
    (checkout / "seedcode/model-build/tests/test_it.py").write_text("# test")
    found = names(template_bundle(checkout))
    assert "terraform/.terraform.lock.hcl" in found
    assert "repositories/modelbuild/tests/test_it.py" in found


@pytest.mark.parametrize("name", [".env", "key.pem", "id_rsa", "credentials"])
def test_what_nobody_meant_to_publish_is_refused(checkout: Path, name: str) -> None:
    (checkout / "seedcode/model-build" / name).write_text("secret")
    with pytest.raises(UserError, match="must not be published"):
        template_bundle(checkout)


def test_a_link_is_refused(checkout: Path) -> None:
    (checkout / "terraform/link.tf").symlink_to(checkout / "terraform/README.md")
    with pytest.raises(UserError, match="neither a file nor a folder"):
        template_bundle(checkout)


def test_a_file_that_codecommit_cannot_take_is_refused(checkout: Path) -> None:
    (checkout / "seedcode/model-build/data.bin").write_bytes(b"x" * 6_000_001)
    with pytest.raises(UserError, match=r"data\.bin is larger"):
        template_bundle(checkout)


def test_a_missing_folder_is_named(checkout: Path) -> None:
    shutil.rmtree(checkout / "seedcode/image")
    with pytest.raises(UserError, match="seedcode/image is missing"):
        template_bundle(checkout)


def test_two_sources_of_one_file_are_refused(checkout: Path) -> None:
    (checkout / "seedcode/model-build/image").mkdir()
    (checkout / "seedcode/model-build/image/README.md").write_text("mine")
    with pytest.raises(UserError, match="would take the place"):
        template_bundle(checkout)


def test_the_runner_travels_with_its_locks_and_its_buildspec() -> None:
    found = names(runner_archive(ROOT))
    assert {"buildspec.yml", "requirements.txt", "requirements-uv.txt"} < set(found)
    assert "terraform_runner/__main__.py" in found
    assert "terraform_runner/requirements.in" not in found


def test_the_function_is_where_its_handler_is_looked_for() -> None:
    found = names(function_archive(ROOT))
    handler = "terraform_runner_provider.provider_handler.lambda_handler"
    assert f"Handler: {handler}" in (ROOT / "cloudformation/platform.yaml").read_text()
    assert handler.rpartition(".")[0].replace(".", "/") + ".py" in found
