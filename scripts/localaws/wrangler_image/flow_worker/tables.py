"""CSV files in, a table out as Spark reads it, without types; and a table in, a CSV file out as Spark writes it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from .flow_errors import FlowError

TEXT = "string"
"""The type of a column of texts; those of numbers are pandas' types that have missing values, too."""


def read_csv(folder: Path, context: Mapping[str, Any]) -> pd.DataFrame:
    """Read all files of a folder.

    Parameters
    ----------
    folder
        What the job was given of a data set.
    context
        The data set's s3ExecutionContext.
    """
    delimiter = context.get("s3FieldDelimiter") or ","
    header = bool(context.get("s3HasHeader"))
    names: list[str] = []
    rows: list[list[str | None]] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open(newline="", encoding="utf-8") as file:
            lines = [line for line in csv.reader(file, delimiter=delimiter) if line]
        if lines and not names:
            names = lines[0] if header else [f"_c{place}" for place in range(len(lines[0]))]
        rows += [_cells(line, len(names)) for line in (lines[1:] if header else lines)]
    if not names:
        raise FlowError("there are no rows in the data")
    return pd.DataFrame(rows, columns=names, dtype=TEXT)


def _cells(line: list[str], width: int) -> list[str | None]:
    """Return a line's cells as Spark's mode PERMISSIVE has them: an empty one is missing, one too many is left out."""
    padded: list[str | None] = [cell or None for cell in line[:width]]
    return padded + [None] * (width - len(padded))


def write_csv(table: pd.DataFrame, file: Path, delimiter: str) -> None:
    """Write a table with its header."""
    shown = table.copy()
    for name in shown.columns[shown.dtypes == "boolean"]:
        shown[name] = shown[name].map({True: "true", False: "false"})
    file.parent.mkdir(parents=True, exist_ok=True)
    shown.to_csv(file, sep=delimiter, index=False, lineterminator="\n")
