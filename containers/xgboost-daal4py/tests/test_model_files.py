"""A model is three checked files; anything else, a pickle above all, is refused with the reason."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import tarfile
from pathlib import Path

import pytest

from xgboost_daal4py.errors import UserError
from xgboost_daal4py.model_files import MODEL_FILES, extract_model, load_model, save_model


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained / "model", tmp_path / "model"))


def pack(target: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(target, "w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return target


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in MODEL_FILES}


def test_a_saved_model_is_loaded_as_it_was(folder: Path, tmp_path: Path) -> None:
    model = load_model(folder)
    (tmp_path / "again").mkdir()
    save_model(model, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(folder)


@pytest.mark.parametrize("name", MODEL_FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UserError, match=f"the model has no {name}"):
        load_model(folder)


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the model has no model\.ubj"):
        load_model(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["model.pkl", "model.joblib", "xgboost-model.pickle"])
def test_a_pickle_beside_the_model_is_refused_with_the_reason(folder: Path, name: str) -> None:
    (folder / name).write_bytes(pickle.dumps({}))
    with pytest.raises(UserError, match=f"{name} is a Python pickle: loading one runs any code"):
        load_model(folder)


def test_a_pickle_under_the_booster_s_name_is_refused(folder: Path) -> None:
    (folder / "model.ubj").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(UserError, match=r"model\.ubj is a Python pickle"):
        load_model(folder)


def test_a_damaged_booster_is_refused(folder: Path) -> None:
    (folder / "model.ubj").write_bytes((folder / "model.ubj").read_bytes()[:500])
    with pytest.raises(UserError, match=r"model\.ubj is damaged"):
        load_model(folder)


def test_something_else_under_the_booster_s_name_is_refused(folder: Path) -> None:
    (folder / "model.ubj").write_text("hello")
    with pytest.raises(UserError, match="not an XGBoost model in UBJSON"):
        load_model(folder)


def test_features_of_another_model_are_refused(folder: Path) -> None:
    document = json.loads((folder / "features.json").read_text())
    document["schema"]["excluded"].append("Calls")
    document["features"].remove("Calls")
    (folder / "features.json").write_text(json.dumps(document))
    with pytest.raises(UserError, match=r"takes 6 features, but features\.json makes 5"):
        load_model(folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "must hold a JSON object"),
        ('{"format": 9}', "of another format"),
        ('{"format": 1}', "incomplete"),
        (
            '{"format": 1, "threshold": 2, "positive_label": "", "negative_label": "", "metrics": {}, '
            '"provenance": {}}',
            "not between 0 and 1",
        ),
    ],
)
def test_a_model_json_that_is_wrong_is_refused(folder: Path, text: str, words: str) -> None:
    (folder / "model.json").write_text(text)
    with pytest.raises(UserError, match=words):
        load_model(folder)


def test_an_archive_is_unpacked(folder: Path, tmp_path: Path) -> None:
    archive = pack(
        tmp_path / "model.tar.gz", {f"./{name}": content for name, content in contents(folder).items()}
    )
    (tmp_path / "out").mkdir()
    extract_model(archive, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(folder)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "sub/model.ubj", "model.pkl"])
def test_an_archive_with_anything_odd_is_refused_and_nothing_is_written(
    folder: Path, tmp_path: Path, name: str
) -> None:
    archive = pack(tmp_path / "model.tar.gz", {**contents(folder), name: b"x"})
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError):
        extract_model(archive, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
        member = tarfile.TarInfo("model.ubj")
        member.type = tarfile.SYMTYPE
        member.linkname = "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(UserError, match="only plain files"):
        extract_model(tmp_path / "model.tar.gz", tmp_path)


def test_an_archive_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"not an archive")
    with pytest.raises(UserError, match=r"not a readable tar\.gz"):
        extract_model(tmp_path / "model.tar.gz", tmp_path)


@pytest.mark.parametrize("name", ["xgboost-model", "model.ubj", "model.json"])
@pytest.mark.parametrize("kind", ["json", "ubj"])
def test_a_booster_alone_takes_numbers_under_its_feature_names(
    folder: Path, tmp_path: Path, name: str, kind: str
) -> None:
    booster = load_model(folder).booster
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / name).write_bytes(booster.save_raw(kind))
    model = load_model(tmp_path / "alone")
    assert list(model.transform.names) == booster.feature_names
    assert {column.kind for column in model.transform.schema.columns} == {"number"}


def test_a_booster_without_feature_names_takes_numbered_ones(folder: Path, tmp_path: Path) -> None:
    booster = load_model(folder).booster
    booster.feature_names = None
    (tmp_path / "xgboost-model").write_bytes(booster.save_raw("ubj"))
    assert load_model(tmp_path).transform.names == ("f0", "f1", "f2", "f3", "f4", "f5")


def test_a_pickled_aws_model_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "xgboost-model").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(UserError, match="xgboost-model is a Python pickle"):
        load_model(tmp_path)


def test_rounds_after_the_best_one_are_left_out(folder: Path, tmp_path: Path) -> None:
    booster = load_model(folder).booster
    booster.set_attr(best_iteration="6")
    (tmp_path / "xgboost-model").write_bytes(booster.save_raw("ubj"))
    assert load_model(tmp_path).booster.num_boosted_rounds() == 7
