"""npy, libsvm or Parquet bodies in, features or raw records out; nothing in a body can run or grow without bound."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from xgboost_daal4py.errors import InvalidRecords, Problem
from xgboost_daal4py.features import Matrix
from xgboost_daal4py.records import LARGEST, MOST_PROBLEMS
from xgboost_daal4py.refusals import RefusedRequest

MOST_CELLS = 50_000_000
"""Rows times columns of a request: 200 MB as 32-bit numbers. A few bytes of these formats may claim any size."""
MOST_RAW_CELLS = 5_000_000
"""The same for raw records, which are Python objects on their way."""
LONGEST_HEADER = 10_000


def read_npy(body: bytes, names: Sequence[str]) -> Matrix:
    """Read an array of numbers, one row a record; an array of one dimension is one record."""
    try:
        array = _read_array(body)
    except (
        ValueError,
        TypeError,
        SyntaxError,
        EOFError,
        MemoryError,
        RecursionError,
        OverflowError,
    ) as error:
        raise RefusedRequest(
            400, "invalid_npy", f"the body is not an npy array: {str(error)[:200]}"
        ) from error
    matrix = array.reshape(1, -1) if array.ndim == 1 else array
    if matrix.ndim != 2 or matrix.shape[1] != len(names):
        shape = "x".join(str(length) for length in array.shape)
        raise RefusedRequest(
            400, "invalid_npy", f"the array is {shape}, the model takes rows of {len(names)}"
        )
    return check_numbers(matrix, names)


def _read_array(body: bytes) -> np.ndarray[Any, Any]:
    file = io.BytesIO(body)
    version = np.lib.format.read_magic(file)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise ValueError(f"its format version is {version}")
    shape, fortran, dtype = read_header(file, max_header_size=LONGEST_HEADER)
    if dtype.kind not in "fiub" or dtype.itemsize > 8:
        raise ValueError(f"its values are of type {dtype}, not numbers")
    array = np.frombuffer(body, dtype, offset=file.tell())
    return array.reshape(shape, order="F" if fortran else "C")


def check_numbers(matrix: np.ndarray[Any, Any], names: Sequence[str]) -> Matrix:
    """Return numbers as 32-bit ones; an infinite one is named by row and feature."""
    if not matrix.size:
        raise RefusedRequest(400, "no_records", "the request holds no record")
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(matrix, dtype=np.float32)
    infinite = np.isinf(numbers)
    if infinite.any():
        places = np.argwhere(infinite)[:MOST_PROBLEMS].tolist()
        raise InvalidRecords([Problem(row, names[column], "is too large a number") for row, column in places])
    return numbers


def read_libsvm(body: bytes, names: Sequence[str]) -> Matrix:
    """Read lines of ``[label] index:value ...``: indices count from 0, what is left out is missing."""
    lines = [line for line in body.decode("utf-8").splitlines() if line.strip()]
    if len(lines) * len(names) > MOST_CELLS:
        raise RefusedRequest(413, "payload_too_large", f"{len(lines)} rows are more than fit a request")
    matrix = np.full((len(lines), len(names)), np.nan, dtype=np.float32)
    problems: list[Problem] = []
    for record, line in enumerate(lines):
        for position, token in enumerate(line.split()):
            if (position == 0 and ":" not in token) or token.startswith("qid:"):
                continue
            problem = _place(matrix, record, token, names)
            if problem:
                problems.append(problem)
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise InvalidRecords(problems[:MOST_PROBLEMS])
    return check_numbers(matrix, names)


def _place(matrix: Matrix, record: int, token: str, names: Sequence[str]) -> Problem | None:
    index, colon, value = token.partition(":")
    if not colon or not index.isdecimal() or len(index) > 9:
        return Problem(record, None, f"{token[:40]!r} is not index:value")
    place = int(index)
    if place >= len(names):
        return Problem(record, None, f"has index {place}, the model takes 0 to {len(names) - 1}")
    try:
        number = float(value)
    except ValueError:
        return Problem(record, names[place], f"{value[:40]!r} is not a number")
    if not abs(number) <= LARGEST and number == number:
        return Problem(record, names[place], "is too large a number")
    matrix[record, place] = number
    return None


def read_parquet(body: bytes, names: Sequence[str]) -> Matrix | list[dict[str, Any]]:
    """Read a Parquet file: features when its columns are the features', else raw records for the schema to check."""
    try:
        file = pq.ParquetFile(pa.BufferReader(body))
        rows, columns = file.metadata.num_rows, file.schema_arrow.names
        processed = set(columns) == set(names) and len(columns) == len(names)
        if rows * len(columns) > (MOST_CELLS if processed else MOST_RAW_CELLS):
            raise RefusedRequest(413, "payload_too_large", f"{rows} rows of {len(columns)} are more than fit")
        table = file.read(use_threads=False)
        if not processed:
            return [_without_nan(record) for record in table.to_pylist()]
        matrix = np.empty((table.num_rows, len(names)), dtype=np.float32)
        for place, name in enumerate(names):
            matrix[:, place] = table.column(name).cast(pa.float32(), safe=False).to_numpy()
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError, MemoryError, KeyError) as error:
        # Arrow's own words hold addresses and lines of its source: the first of them is enough.
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise RefusedRequest(
            400, "invalid_parquet", f"the body is not a readable Parquet file: {reason}"
        ) from error
    return check_numbers(matrix, names)


def _without_nan(record: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and value != value else value for name, value in record.items()
    }
