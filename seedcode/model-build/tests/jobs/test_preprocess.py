"""Preprocessing splits fairly, fits on the training part alone, and names what is wrong with the data."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from churn import preprocess as job
from churn.preprocess import Configuration, preprocess, read_customers, split_by_label
from xgboost_daal4py.errors import UserError
from xgboost_daal4py.matrix import parse_matrix
from xgboost_daal4py.model_files import load_transform
from xgboost_daal4py.records import check_records


def run(root: Path, text: str, monkeypatch: pytest.MonkeyPatch, sha256: str = "") -> tuple[int, str]:
    """Run the job on a file's text; returns the exit code and the message that SageMaker shows."""
    folder = root / "processing" / "input" / "data"
    folder.mkdir(parents=True)
    (folder / "churn.csv").write_bytes(text.encode())
    monkeypatch.setenv("ML_ROOT", str(root))
    sha256 = sha256 or hashlib.sha256(text.encode()).hexdigest()
    monkeypatch.setattr(sys, "argv", ["preprocess", "--data-sha256", sha256])
    code = job.main()
    message = root / "output" / "message"
    return code, message.read_text() if message.exists() else ""


def rows(prepared: Path, name: str) -> np.ndarray:
    transform = load_transform(prepared / "transform" / "features.json")
    lines = (prepared / name / f"{name}.csv").read_text().splitlines()
    return parse_matrix(lines, ("label", *transform.names))


def test_every_customer_is_in_exactly_one_part(prepared: Path) -> None:
    assert [len(rows(prepared, name)) for name in ("train", "validation", "test")] == [1050, 225, 225]


def test_every_part_has_the_same_share_of_churn(prepared: Path) -> None:
    shares = [rows(prepared, name)[:, 0].mean() for name in ("train", "validation", "test")]
    assert max(shares) - min(shares) < 0.01


def test_equal_data_is_split_and_written_equally(prepared: Path, tmp_path: Path, customers: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "another-name.csv").write_text(customers)
    preprocess(tmp_path / "data", tmp_path / "output", hashlib.sha256(customers.encode()).hexdigest())
    for file in prepared.rglob("*.*"):
        assert (tmp_path / "output" / file.relative_to(prepared)).read_bytes() == file.read_bytes()


def test_another_seed_gives_another_split() -> None:
    labels = np.array([0, 1] * 100, dtype=np.float32)
    configuration = Configuration.read()
    first = split_by_label(labels, configuration)
    other = split_by_label(labels, replace(configuration, seed=configuration.seed + 1))
    assert first.test.tolist() != other.test.tolist()


def test_raw_test_records_lead_to_the_processed_test_rows(prepared: Path) -> None:
    transform = load_transform(prepared / "transform" / "features.json")
    lines = [json.loads(line) for line in (prepared / "test" / "records.jsonl").read_text().splitlines()]
    features = transform.transform(check_records([line["record"] for line in lines], transform.schema))
    expected = rows(prepared, "test")
    np.testing.assert_array_equal(features, expected[:, 1:])
    assert [line["label"] for line in lines] == expected[:, 0].tolist()


def test_the_phone_number_goes_nowhere(prepared: Path) -> None:
    assert (
        "Phone" not in json.loads((prepared / "test" / "records.jsonl").read_text().splitlines()[0])["record"]
    )


def test_missing_values_and_rare_categories_are_no_obstacle(
    tmp_path: Path, customers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    header, first, *others = customers.splitlines()
    values = first.split(",")
    values[0], values[7] = "a state of mind", ""
    code, message = run(tmp_path, "\n".join([header, ",".join(values), *others]), monkeypatch)
    assert (code, message) == (0, "")


def test_a_file_from_a_spreadsheet_is_read(
    tmp_path: Path, customers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, message = run(tmp_path, "\ufeff" + customers.replace("\n", "\r\n"), monkeypatch)
    assert (code, message) == (0, "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Day Mins,", "", "row 1: column 'Day Mins' is missing"),
        ("Day Mins,", "Day Minutes,", "row 1: column 'Day Mins' is missing"),
        ("True.", "yes", "column 'Churn?': 'yes' is neither 'True.' nor 'False.'"),
    ],
)
def test_data_that_does_not_fit_fails_the_job_by_column(
    tmp_path: Path, customers: str, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    code, told = run(tmp_path, customers.replace(old, new), monkeypatch)
    assert code == 1
    assert message in told


def test_a_wrong_type_fails_the_job_by_row_and_column(
    tmp_path: Path, customers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = customers.splitlines()
    values = lines[41].split(",")
    values[7] = "long"
    lines[41] = ",".join(values)
    code, message = run(tmp_path, "\n".join(lines), monkeypatch)
    assert (code, message) == (1, "row 42, column 'Day Mins': 'long' is not a number")


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_file_fails_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    code, message = run(tmp_path, text, monkeypatch)
    assert (code, message) == (1, "the data is empty: not even a header was found")


def test_too_few_customers_of_a_label_fail_the_job(
    tmp_path: Path, customers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    header, *lines = customers.splitlines()
    stayed = [line for line in lines if line.endswith("False.")]
    code, message = run(tmp_path, "\n".join([header, *stayed]), monkeypatch)
    assert (code, message) == (1, "column 'Churn?': only 0 rows say 'True.', at least 10 must")


def test_data_that_changed_on_the_way_fails_the_job(
    tmp_path: Path, customers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, message = run(tmp_path, customers, monkeypatch, sha256="0" * 64)
    assert code == 1
    assert "churn.csv has changed since this execution was started" in message


def test_several_files_are_refused_by_name(tmp_path: Path) -> None:
    for name in ("churn.csv", "extra.csv"):
        (tmp_path / name).touch()
    with pytest.raises(UserError, match=r"must name one file; found: churn\.csv, extra\.csv"):
        preprocess(tmp_path, tmp_path / "output", "")


def test_a_configuration_that_leaves_nothing_to_train_on_is_refused(tmp_path: Path) -> None:
    text = job.CONFIGURATION.read_text()
    (tmp_path / "features.toml").write_text(text.replace("validation = 0.15", "validation = 0.9"))
    with pytest.raises(UserError, match="must leave something to train on"):
        Configuration.read(tmp_path / "features.toml")


def test_made_up_customers_have_the_columns_of_the_configuration(tmp_path: Path, customers: str) -> None:
    (tmp_path / "churn.csv").write_text(customers)
    table, labels = read_customers(tmp_path / "churn.csv", Configuration.read())
    assert len(table["State"]) == len(labels) == 1500
