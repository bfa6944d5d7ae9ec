"""A wrong environment or configuration is refused by name before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from churn.errors import UserError
from churn.settings import MODEL_FILE, ModelConfiguration, read_build_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IMAGE_URI", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/model:latest"),
        ("COMMIT_ID", ""),
        ("KMS_KEY_ARN", "alias/key"),
        ("DATA_LOCATION", "churn.csv"),
        ("DATA_LOCATION", "s3://bucket"),
        ("DATA_LOCATION", "s3://bucket/a*b"),
        ("DATA_LOCATION", "s3://bucket/" + "k" * 256),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=f"environment is incomplete: {name}"):
        read_build_settings()


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROJECT_BUCKET")
    with pytest.raises(UserError, match="PROJECT_BUCKET: Field required"):
        read_build_settings()


@pytest.mark.parametrize("location", ["", "s3://bucket/churn.csv", "s3://bucket/some folder/churn-2026.csv"])
def test_a_data_location_is_an_object_or_nothing(monkeypatch: pytest.MonkeyPatch, location: str) -> None:
    monkeypatch.setenv("DATA_LOCATION", location)
    assert read_build_settings().data_location == location


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("auc_threshold = 0", "auc_threshold = 90", "auc_threshold"),
        ("auc_threshold", "auc_treshold", "auc_treshold"),
        ("[labels]", "[label]", "labels"),
        ("eta = ", "eta == ", "model.toml"),
    ],
)
def test_a_wrong_configuration_is_refused_by_name(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = MODEL_FILE.read_text()
    assert old in text
    (tmp_path / "model.toml").write_text(text.replace(old, new))
    with pytest.raises(UserError, match=words):
        ModelConfiguration.read(tmp_path / "model.toml")
