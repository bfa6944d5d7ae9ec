"""The example, as its jobs would run it."""

from __future__ import annotations

import json
import statistics
import tarfile
from pathlib import Path

import yaml
from examples.first_pipeline.judge_prices import judge
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

    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(tmp_path / "model", ".")
    judge(archive, tmp_path / "input" / "data" / "train", tmp_path / "evaluation")

    prices = [float(line.partition(",")[0]) for line in houses.splitlines()]
    report = json.loads((tmp_path / "evaluation" / "evaluation.json").read_text())
    assert report["regression_metrics"]["mae"]["value"] < statistics.stdev(prices) / 4
    golden = [
        json.loads(line) for line in (tmp_path / "evaluation" / "golden.jsonl").read_text().splitlines()
    ]
    assert len(golden) == 20
    assert list(golden[0]["record"]) == ["f0", "f1", "f2"]
