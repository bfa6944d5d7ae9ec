"""The example, as its training job would run it."""

from __future__ import annotations

import csv
import json
import statistics
from pathlib import Path

import numpy as np
import xgboost
import yaml
from examples.first_pipeline.make_houses import make_houses

from xgboost_daal4py.settings import Settings
from xgboost_daal4py.training import train

EXAMPLE = Path(__file__).parents[2] / "examples" / "first_pipeline" / "conf"


def test_the_same_houses_are_made_each_time() -> None:
    assert make_houses(20) == make_houses(20)


def test_the_model_tells_a_house_s_price_better_than_the_mean_does(tmp_path: Path) -> None:
    houses = make_houses()
    (tmp_path / "input" / "data" / "train").mkdir(parents=True)
    (tmp_path / "input" / "data" / "train" / "houses.csv").write_text(houses)
    (tmp_path / "input" / "config").mkdir()
    # Once it is switched on, the example is called conf.yaml.
    (written,) = EXAMPLE.glob("*.yaml")
    block = yaml.safe_load(written.read_text())["models"]["prices"]["train"]
    texts = {name: str(value) for name, value in block["hyperparameters"].items()}
    (tmp_path / "input" / "config" / "hyperparameters.json").write_text(json.dumps(texts))

    train(Settings(ml_root=tmp_path, port=0, workers=1, max_payload_bytes=1, training_job_name="job-1"))

    model = xgboost.Booster(model_file=tmp_path / "model" / "model.ubj")
    rows = np.array([[float(cell) for cell in row] for row in csv.reader(houses.splitlines())])
    errors = np.abs(model.inplace_predict(rows[:, 1:]) - rows[:, 0])
    assert errors.mean() < statistics.stdev(rows[:, 0]) / 4
