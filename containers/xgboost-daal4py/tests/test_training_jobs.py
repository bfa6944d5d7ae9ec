"""Jobs of every kind leave a model that the serving side loads: other formats, objectives, folds and interruptions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from training_job import make_settings, write_job

from xgboost_daal4py.checkpoints import FILE
from xgboost_daal4py.errors import UserError
from xgboost_daal4py.model_files import Model, load_model
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.training import train

GENERATOR = np.random.default_rng(4)
FEATURES = GENERATOR.normal(size=(300, 3)).astype(np.float32)
CLASSES = np.digitize(FEATURES[:, 0] + FEATURES[:, 1], [-0.5, 0.5]).astype(np.float32)
GROUPS = np.repeat(np.arange(30), 10)


def write_config(
    root: Path, hyperparameters: Mapping[str, str], inputs: Mapping[str, Any] | None = None
) -> None:
    config = root / "input" / "config"
    config.mkdir(parents=True)
    (config / "hyperparameters.json").write_text(json.dumps({"num_round": "10", **hyperparameters}))
    (config / "inputdataconfig.json").write_text(json.dumps(inputs or {}))


def open_channel(root: Path, name: str) -> Path:
    folder = root / "input" / "data" / name
    folder.mkdir(parents=True)
    return folder


def train_model(root: Path) -> Model:
    train(make_settings(root))
    return load_model(root / "model")


def test_parquet_without_a_transform_gives_a_model_of_its_columns(tmp_path: Path) -> None:
    write_config(tmp_path, {"objective": "reg:squarederror"})
    columns = {"price": CLASSES, "size": FEATURES[:, 0], "age": FEATURES[:, 1]}
    pyarrow.parquet.write_table(pyarrow.table(columns), open_channel(tmp_path, "train") / "part-0.parquet")
    model = train_model(tmp_path)
    assert model.transform.names == ("size", "age")
    assert model.booster.feature_names == ["size", "age"]
    assert set(model.info.metrics) == {"train_rmse"}
    scores = Predictor(model).score_table({"size": [1.0, -1.0], "age": [1.0, -1.0]})
    assert np.all(np.asarray(scores).ravel()[0] > np.asarray(scores).ravel()[1])


def test_a_multiclass_job_names_its_classes(tmp_path: Path) -> None:
    labels = '["low", "middle", "high"]'
    write_config(tmp_path, {"objective": "multi:softprob", "num_class": "3", "class_labels": labels})
    for name in ("train", "validation"):
        rows = np.column_stack([CLASSES, FEATURES])
        np.savetxt(open_channel(tmp_path, name) / "rows.csv", rows, delimiter=",")
    model = train_model(tmp_path)
    assert model.info.labels == ["low", "middle", "high"]
    assert set(model.info.metrics) == {"validation_mlogloss"}
    Predictor(model).check()


def test_a_class_beyond_num_class_is_refused_with_its_row(tmp_path: Path) -> None:
    write_config(tmp_path, {"objective": "multi:softprob", "num_class": "2"})
    (open_channel(tmp_path, "train") / "rows.csv").write_text("0,1\n1,1\n2,1\n")
    with pytest.raises(UserError, match="label, 0 or 1, not 2 as in row 3"):
        train(make_settings(tmp_path))


def test_ranking_learns_from_groups_and_refuses_rows_without(tmp_path: Path) -> None:
    lines = [
        f"{label:g} qid:{group} " + " ".join(f"{place}:{value}" for place, value in enumerate(row))
        for label, group, row in zip(CLASSES, GROUPS, FEATURES, strict=True)
    ]
    write_config(tmp_path, {"objective": "rank:ndcg"}, {"train": {"ContentType": "text/libsvm"}})
    file = open_channel(tmp_path, "train") / "rows"
    file.write_text("\n".join(lines))
    assert train_model(tmp_path).info.metrics["train_ndcg@32"] > 0.7
    file.write_text("1 0:1\n0 0:2\n")
    with pytest.raises(UserError, match="ranking needs groups, as 'qid' of libsvm or Parquet"):
        train(make_settings(tmp_path))


def test_folds_measure_and_choose_the_threshold_where_nothing_else_is_held_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_job(tmp_path, {"num_round": "50", "max_depth": "3", "k_fold": "3", "early_stopping_rounds": "3"})
    shutil.rmtree(tmp_path / "input" / "data" / "validation")
    info = train_model(tmp_path).info
    assert info.metrics["cross_validation_auc_mean"] > 0.9
    assert info.threshold != 0.5
    assert info.provenance["rounds"] < 50
    assert info.provenance["hyperparameters"]["k_fold"] == 3
    assert "[folds]\tcross-validation-logloss-mean:" in capsys.readouterr().out


def test_a_stopped_job_leaves_its_model_and_the_next_one_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_job(tmp_path, {"num_round": "12", "max_depth": "2"})
    (tmp_path / "checkpoints").mkdir()
    train(make_settings(tmp_path), is_stopped=lambda: True)
    assert load_model(tmp_path / "model").booster.num_boosted_rounds() == 1
    assert (tmp_path / "checkpoints" / FILE).exists()
    train(make_settings(tmp_path))
    assert '{"event": "training resumed", "rounds": 1}' in capsys.readouterr().out
    assert load_model(tmp_path / "model").booster.num_boosted_rounds() == 12


def test_a_validation_channel_in_parquet_serves_a_train_channel_in_csv(tmp_path: Path) -> None:
    write_job(tmp_path, {"num_round": "5"})
    folder = tmp_path / "input" / "data" / "validation"
    rows = np.genfromtxt(folder / "validation.csv", delimiter=",", dtype=np.float32)
    names = json.loads((tmp_path / "input" / "data" / "transform" / "features.json").read_text())["features"]
    columns = dict(zip(["label", *names], rows.T.copy(), strict=True))
    (folder / "validation.csv").unlink()
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "validation.parquet")
    assert train_model(tmp_path).info.metrics["validation_auc"] > 0.9
