"""Processing job: the raw customer file in; train, validation and test sets and the fitted transform out."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson

from xgboost_daal4py.disk import writing
from xgboost_daal4py.errors import UserError
from xgboost_daal4py.features import Cells, FeatureTransform
from xgboost_daal4py.labelled_files import Batch, write_labelled_csv
from xgboost_daal4py.model_files import save_transform
from xgboost_daal4py.processing import run_processing_job
from xgboost_daal4py.raw_columns import list_values, read_raw_columns, take_rows
from xgboost_daal4py.records import Label
from xgboost_daal4py.schema import Schema
from xgboost_daal4py.settings import Settings

CONFIGURATION = Path(__file__).with_name("features.toml")
FEWEST_PER_LABEL = 10
"""With fewer customers of a label, no part of the split would have any."""
ROWS_AT_ONCE = 16_384
"""Memory for features is bounded by it."""


@dataclass(frozen=True)
class Configuration:
    """What `features.toml` says."""

    label: Label
    schema: Schema
    seed: int
    validation: float
    test: float

    @classmethod
    def read(cls, path: Path = CONFIGURATION) -> Configuration:
        """Read the file; what is wrong in it is named."""
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
            schema, split, label = document["schema"], document["split"], document["label"]
            configuration = cls(Label(**label), Schema.from_dict(schema), **split)
        except (KeyError, TypeError, tomllib.TOMLDecodeError) as error:
            raise UserError(f"{path.name}: {error}") from error
        if not 0 < configuration.validation + configuration.test < 1:
            raise UserError(f"{path.name}: validation and test must leave something to train on")
        return configuration


@dataclass(frozen=True)
class Split:
    """Row numbers of the three parts, each in the file's order."""

    train: npt.NDArray[np.intp]
    validation: npt.NDArray[np.intp]
    test: npt.NDArray[np.intp]


def main() -> int:
    """Run the job as SageMaker Processing starts it; returns the exit code."""
    root = Settings.from_environment().ml_root
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-sha256", required=True, help="the SHA-256 of the file that is to be read")
    expected = parser.parse_args().data_sha256
    return run_processing_job(
        lambda: preprocess(root / "processing" / "input" / "data", root / "processing" / "output", expected),
        root,
    )


def preprocess(source: Path, target: Path, sha256: str) -> None:
    """Read the one CSV file in ``source`` and write the folders train, validation, test and transform.

    Raises
    ------
    UserError
        When the file is not the one with ``sha256``, or does not fit the schema.
    """
    configuration = Configuration.read()
    file = _find_file(source)
    with file.open("rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != sha256:
            raise UserError(f"{file.name} has changed since this execution was started: start it again")
    table, labels = read_customers(file, configuration)
    split = split_by_label(labels, configuration)
    transform = FeatureTransform.fit(take_rows(table, split.train), configuration.schema)
    for name, rows in (("train", split.train), ("validation", split.validation), ("test", split.test)):
        (target / name).mkdir(parents=True, exist_ok=True)
        batches = (
            Batch(transform.transform(take_rows(table, some)), labels[some]) for some in _split_rows(rows)
        )
        write_labelled_csv(target / name / f"{name}.csv", batches, len(transform.names))
    _write_records(target / "test" / "records.jsonl", table, labels, split.test)
    (target / "transform").mkdir(parents=True, exist_ok=True)
    save_transform(transform, target / "transform" / "features.json")
    report = {
        "event": "data prepared",
        "customers": len(labels),
        "churned": int(labels.sum()),
        "train": len(split.train),
        "validation": len(split.validation),
        "test": len(split.test),
        "features": len(transform.names),
    }
    print(json.dumps(report), flush=True)


def read_customers(
    path: Path, configuration: Configuration
) -> tuple[dict[str, Cells], npt.NDArray[np.float32]]:
    """Read and check the raw file; the labels come back as 1 (churned) and 0.

    Raises
    ------
    UserError
        Naming column and row of what does not fit the schema.
    """
    table, labels = read_raw_columns(path, configuration.schema, configuration.label)
    return table, labels.astype(np.float32)


def split_by_label(labels: npt.NDArray[np.float32], configuration: Configuration) -> Split:
    """Split at random, with equal shares of both labels in every part; the same seed gives the same split."""
    generator = np.random.default_rng(configuration.seed)
    parts: list[list[npt.NDArray[np.intp]]] = []
    for value, name in ((1.0, configuration.label.positive), (0.0, configuration.label.negative)):
        rows = generator.permutation(np.flatnonzero(labels == value))
        if len(rows) < FEWEST_PER_LABEL:
            column = configuration.label.column
            raise UserError(
                f"column {column!r}: only {len(rows)} rows say {name!r}, at least {FEWEST_PER_LABEL} must"
            )
        ends = np.round(len(rows) * np.cumsum([configuration.test, configuration.validation])).astype(int)
        parts.append(np.split(rows, ends))
    test, validation, train = (np.sort(np.concatenate(part)) for part in zip(*parts, strict=True))
    return Split(train, validation, test)


def _find_file(folder: Path) -> Path:
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    if len(files) != 1:
        names = ", ".join(path.name for path in files[:5]) or "none"
        raise UserError(f"the data location must name one file; found: {names}")
    return files[0]


def _write_records(
    path: Path, table: Mapping[str, Cells], labels: npt.NDArray[np.float32], rows: npt.NDArray[np.intp]
) -> None:
    with writing(path), path.open("wb") as file:
        for some in _split_rows(rows):
            columns = map(list_values, take_rows(table, some).values())
            for label, *values in zip(labels[some].astype(int).tolist(), *columns, strict=True):
                record = dict(zip(table, values, strict=True))
                file.write(orjson.dumps({"record": record, "label": label}, option=orjson.OPT_APPEND_NEWLINE))


def _split_rows(rows: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    return [rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE)]


if __name__ == "__main__":
    sys.exit(main())
