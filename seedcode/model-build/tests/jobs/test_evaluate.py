"""The evaluation measures what the endpoint will answer, and refuses a model that cannot serve."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from churn import evaluate as job
from churn.evaluate import evaluate
from churn.metrics import measure
from xgboost_daal4py.errors import PlatformError
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.records import check_records


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory, archive: Path, prepared: Path) -> Path:
    """Return the evaluate job's output folder; do not change it."""
    target = tmp_path_factory.mktemp("evaluate") / "evaluation"
    evaluate(archive, prepared / "test", target)
    return target


@pytest.fixture(scope="session")
def document(evaluated: Path) -> Any:
    return json.loads((evaluated / "evaluation.json").read_text())


def test_the_model_is_good_on_customers_that_it_has_not_seen(document: Any) -> None:
    assert document["binary_classification_metrics"]["auc"]["value"] > 0.85


def test_metrics_are_in_sagemaker_s_model_quality_format(document: Any) -> None:
    metrics = document["binary_classification_metrics"]
    for name in ("auc", "accuracy", "precision", "recall", "f1", "average_precision", "log_loss"):
        assert metrics[name].keys() == {"value", "standard_deviation"}
    assert (
        sum(sum(row.values()) for row in metrics["confusion_matrix"].values()) == document["customers"]["all"]
    )
    curve = metrics["receiver_operating_characteristic_curve"]
    assert len(curve["false_positive_rates"]) == len(curve["true_positive_rates"])


def test_the_threshold_is_the_model_s_and_a_string_as_metadata_must_be(document: Any, archive: Path) -> None:
    with tarfile.open(archive) as tar:
        member = tar.extractfile("model.json")
        assert member is not None
        threshold = json.loads(member.read())["threshold"]
    assert document["threshold"] == str(threshold)


def test_golden_records_are_answered_by_the_serving_path_with_their_scores(
    evaluated: Path, archive: Path
) -> None:
    golden = [json.loads(line) for line in (evaluated / "golden.jsonl").read_text().splitlines()]
    folder = evaluated.parent / "model"
    shutil.unpack_archive(archive, folder)
    predictor = Predictor.load(folder)
    records = check_records([line["record"] for line in golden], predictor.transform.schema)
    assert predictor.score_table(records).tolist() == pytest.approx(
        [line["score"] for line in golden], abs=1e-6
    )


def test_golden_records_cover_both_answers(evaluated: Path, document: Any) -> None:
    golden = [json.loads(line)["score"] for line in (evaluated / "golden.jsonl").read_text().splitlines()]
    assert len(golden) == 20
    assert min(golden) < float(document["threshold"]) < max(golden)


def test_the_report_stands_alone_and_has_four_charts(evaluated: Path) -> None:
    page = (evaluated / "report.html").read_text()
    assert page.count("<svg") == 4
    for words in (
        "AUC",
        "Confusion matrix",
        "ROC",
        "Precision and recall",
        "Calibration",
        "Feature importance",
    ):
        assert words in page
    assert "<script src" not in page
    assert "<link" not in page


def test_a_model_that_scores_raw_and_processed_input_differently_is_refused(
    archive: Path, prepared: Path, tmp_path: Path
) -> None:
    shutil.copytree(prepared / "test", tmp_path / "test")
    lines = (
        (tmp_path / "test" / "records.jsonl").read_text().replace('"Int\'l Plan":"no"', '"Int\'l Plan":"yes"')
    )
    (tmp_path / "test" / "records.jsonl").write_text(lines)
    with pytest.raises(PlatformError, match="score differently"):
        evaluate(archive, tmp_path / "test", tmp_path / "evaluation")


def test_a_missing_model_fails_the_job_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ML_ROOT", str(tmp_path))
    assert job.main() == 1
    assert (tmp_path / "output" / "message").read_text() == "there is no model archive model.tar.gz"


def test_metrics_of_known_scores_are_known() -> None:
    document = measure(np.array([0.0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9]), threshold=0.5)
    metrics = document["binary_classification_metrics"]
    assert metrics["auc"]["value"] == 0.75
    assert metrics["f1"]["value"] == 0.5
    assert metrics["confusion_matrix"] == {"0": {"0": 1, "1": 1}, "1": {"0": 1, "1": 1}}
    assert document["calibration"][0] == {"customers": 1, "predicted": 0.1, "observed": 0.0}


def test_curves_of_many_customers_are_thinned_to_their_ends() -> None:
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 2, 5000).astype(float)
    document = measure(labels, generator.random(5000), threshold=0.5)
    rates = document["binary_classification_metrics"]["receiver_operating_characteristic_curve"][
        "true_positive_rates"
    ]
    assert len(rates) == 200
    assert (rates[0], rates[-1]) == (0, 1)
