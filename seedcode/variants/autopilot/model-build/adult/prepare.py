"""Processing job: the flow's table in; tables for the search, records to test with and the truth about them out."""

from __future__ import annotations

import csv
import json
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from adult.columns import COLUMNS, LABELS, NUMBERS, TARGET
from xgboost_daal4py.errors import UserError
from xgboost_daal4py.processing import run_processing_job
from xgboost_daal4py.settings import Settings

SHARES = (("train", 0.7), ("validation", 0.15), ("test", 0.15))
FEWEST = 500
"""An AutoML job takes no fewer rows to learn from."""
SEED = 1

Row = list[str]


def main() -> int:
    """Run the job as SageMaker Processing starts it; returns the exit code."""
    root = Settings.from_environment().ml_root
    processing = root / "processing"
    return run_processing_job(lambda: prepare(processing / "input" / "people", processing / "output"), root)


def prepare(source: Path, target: Path) -> None:
    """Check the records, split them at random and write each part."""
    rows = [row for path in sorted(source.rglob("*.csv")) for row in read_people(path)]
    most = round(SHARES[0][1] * len(rows))
    if most < FEWEST:
        raise UserError(
            f"of {len(rows)} people in the flow's table {most} are to learn from, and AutoML needs at least {FEWEST}"
        )
    random.Random(SEED).shuffle(rows)  # noqa: S311 - a split that can be repeated
    start = 0.0
    for name, share in SHARES:
        part = rows[round(start * len(rows)) : round((start + share) * len(rows))]
        start += share
        if name == "test":
            # The model gets records without a header and without what it shall tell.
            _write(target / name / "records.csv", (row[:-1] for row in part))
            _write(target / "truth" / "people.csv", part)
        else:
            _write(target / name / f"{name}.csv", [COLUMNS, *part])
    print(json.dumps({"event": "data prepared", "people": len(rows)}), flush=True)


def read_people(path: Path) -> list[Row]:
    """Read a table of the flow.

    Raises
    ------
    UserError
        Naming the person who does not fit: the line of the data, as far as none before it is empty.
    """
    with path.open(newline="", encoding="utf-8") as file:
        header, *found = [*csv.reader(file)] or [[]]
    if tuple(header) != COLUMNS:
        raise UserError(f"the flow's table has the columns {', '.join(header)}, not {', '.join(COLUMNS)}")
    for number, row in enumerate(found, start=1):
        _check(row, f"person {number}")
    return found


def _check(row: Row, place: str) -> None:
    if row[-1] not in LABELS:
        raise UserError(f"{place}: {TARGET} is {row[-1]!r}, not {' or '.join(LABELS)}")
    for name in NUMBERS:
        if not row[COLUMNS.index(name)]:
            raise UserError(f"{place}: {name} is missing, or not a whole number")


def _write(path: Path, rows: Iterable[Sequence[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
