"""Files of processed, labelled rows in, batches of arrays out (to `channels`): CSV, Parquet and libsvm.

Every file is read from front to back, a batch at a time, so that memory does not grow with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from xgboost_daal4py.disk import writing
from xgboost_daal4py.errors import InvalidRecords, UserError
from xgboost_daal4py.matrix import parse_matrix

Format: TypeAlias = Literal["csv", "parquet", "libsvm"]
LABEL = "label"
GROUP = "qid"
"""A Parquet column, or the key in libsvm, by which rows that are ranked together are numbered."""
CSV_BLOCK = 2**20
PARQUET_ROWS = 16_384
PARQUET_BUFFER = 2**18
"""Read of a column at a time: pyarrow would else hold a whole row group, which may be a whole file."""
SLOW_LINES = 20_000


@dataclass(frozen=True)
class Batch:
    """Some rows: their features (an array, or a sparse one of scipy), labels and, for ranking, groups."""

    features: Any
    labels: npt.NDArray[np.float32]
    groups: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: slice | npt.NDArray[np.intp]) -> Batch:
        """Return the given rows."""
        groups = None if self.groups is None else self.groups[rows]
        return Batch(self.features[rows], self.labels[rows], groups)


def count_features(path: Path) -> int:
    """Return how many features a libsvm file names."""
    return max(int(batch.features.shape[1]) for batch in _read_libsvm(path, None))


def name_features(path: Path, form: Literal["csv", "parquet"]) -> tuple[str, ...]:
    """Return the features' names: those of the columns, or ``f0``, ``f1`` ... where a file has none."""
    if form == "parquet":
        names = _open_parquet(path).schema_arrow.names
        return tuple(name for name in names if name not in (_label_column(names), GROUP))
    with path.open(encoding="utf-8", errors="replace") as lines:
        first = next((line for line in lines if line.strip()), "")
    return tuple(f"f{number}" for number in range(first.count(",")))


def estimate_bytes(path: Path, form: Format, features: int) -> int:
    """Return about how much memory the file's features take."""
    size = path.stat().st_size
    if form == "parquet":
        return int(_open_parquet(path).metadata.num_rows) * features * 4
    if form == "libsvm":
        return size
    with path.open("rb") as file:
        start = file.read(CSV_BLOCK)
    values = start.count(b",") + start.count(b"\n")
    return int(size * 4 * values / max(1, len(start)))


def read_batches(path: Path, form: Format, names: Sequence[str]) -> Iterator[Batch]:
    """Read a file's rows.

    Raises
    ------
    UserError
        Naming row and column of what is wrong; `InvalidRecords` where there may be more than one thing.
    """
    if form == "csv":
        yield from _read_csv(path, names)
    elif form == "parquet":
        yield from _read_parquet(path, names)
    else:
        yield from _read_libsvm(path, len(names))


def write_labelled_csv(path: Path, batches: Iterable[Batch], features: int) -> None:
    """Write rows that `read_batches` reads back to the same numbers."""
    import pyarrow.csv

    schema = pyarrow.schema([(str(number), pyarrow.float32()) for number in range(features + 1)])
    options = pyarrow.csv.WriteOptions(include_header=False)
    with writing(path), pyarrow.csv.CSVWriter(path, schema, write_options=options) as writer:
        for batch in batches:
            columns = [batch.labels, *batch.features.T]
            # Not a number becomes null, and null an empty value.
            arrays = [pyarrow.array(np.ascontiguousarray(column), from_pandas=True) for column in columns]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))


def _read_csv(path: Path, names: Sequence[str]) -> Iterator[Batch]:
    """Read quickly; where the quick reader gives up, read on with the one that knows what is wrong."""
    done = 0
    try:
        for matrix in _parse_quickly(path, len(names) + 1):
            if np.isinf(matrix).any():
                break
            yield _part(matrix)
            done += len(matrix)
        else:
            return
    except _pyarrow().lib.ArrowInvalid:
        pass
    with path.open(encoding="utf-8") as lines:
        try:
            for matrix in _parse_slowly(lines, (LABEL, *names)):
                if done < len(matrix):
                    yield _part(matrix[done:])
                done = max(0, done - len(matrix))
        except UnicodeDecodeError as error:
            raise UserError("the file is not UTF-8 text") from error


def _parse_quickly(path: Path, columns: int) -> Iterator[npt.NDArray[np.float32]]:
    import pyarrow.csv

    names = [str(number) for number in range(columns)]
    number = pyarrow.float32()
    reader = pyarrow.csv.open_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=CSV_BLOCK),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, number), null_values=["", "nan", "NaN"]
        ),
    )
    for batch in reader:
        matrix = np.empty((batch.num_rows, columns), dtype=np.float32)
        for place, column in enumerate(batch.columns):
            matrix[:, place] = column.to_numpy(zero_copy_only=False)
        yield matrix


def _parse_slowly(lines: Iterable[str], names: Sequence[str]) -> Iterator[npt.NDArray[np.float32]]:
    rows = 0
    filled = (line for line in lines if line.strip())
    while chunk := list(itertools.islice(filled, SLOW_LINES)):
        try:
            matrix = parse_matrix(chunk, names)
        except InvalidRecords as error:
            raise InvalidRecords(
                [
                    replace(problem, record=None if problem.record is None else problem.record + rows)
                    for problem in error.problems
                ]
            ) from error
        rows += len(matrix)
        yield matrix


def _part(matrix: npt.NDArray[np.float32]) -> Batch:
    return Batch(np.ascontiguousarray(matrix[:, 1:]), matrix[:, 0].copy())


def _read_parquet(path: Path, names: Sequence[str]) -> Iterator[Batch]:
    file = _open_parquet(path)
    present = file.schema_arrow.names
    missing = [name for name in names if name not in present]
    if missing:
        raise UserError(f"{path.name} has no column {missing[0]!r}")
    label, grouped = _label_column(present), GROUP in present
    columns = [label, *names, *([GROUP] if grouped else [])]
    for batch in file.iter_batches(batch_size=PARQUET_ROWS, columns=columns):
        matrix = np.empty((batch.num_rows, len(names)), dtype=np.float32)
        for place, name in enumerate(names):
            matrix[:, place] = _numbers(batch.column(name), name)
        groups = _numbers(batch.column(GROUP), GROUP).astype(np.int64) if grouped else None
        yield Batch(matrix, _numbers(batch.column(label), label), groups)
    # The pool keeps what it has got for the next reader; XGBoost, which is next, has a pool of its own.
    _pyarrow().default_memory_pool().release_unused()


def _open_parquet(path: Path) -> Any:
    import pyarrow.parquet

    try:
        return pyarrow.parquet.ParquetFile(path, pre_buffer=False, buffer_size=PARQUET_BUFFER)
    except (pyarrow.lib.ArrowInvalid, OSError) as error:
        raise UserError(f"{path.name} is not a Parquet file: {error}") from error


def _label_column(names: Sequence[str]) -> str:
    return LABEL if LABEL in names or not names else names[0]


def _numbers(column: Any, name: str) -> npt.NDArray[np.float32]:
    pyarrow = _pyarrow()
    wanted = pyarrow.float64() if name == GROUP else pyarrow.float32()
    try:
        values: npt.NDArray[np.float32] = column.cast(wanted, safe=False).to_numpy(zero_copy_only=False)
    except (pyarrow.lib.ArrowInvalid, pyarrow.lib.ArrowNotImplementedError) as error:
        raise UserError(f"column {name!r} holds no numbers but {column.type}") from error
    if np.isinf(values).any():
        raise UserError(f"column {name!r} holds a number too large for 32 bits")
    return values


def _read_libsvm(path: Path, features: int | None) -> Iterator[Batch]:
    from sklearn.datasets import load_svmlight_file

    try:
        matrix, labels, groups = load_svmlight_file(path, dtype=np.float32, zero_based=True, query_id=True)
    except (ValueError, OverflowError) as error:
        raise UserError(f"{path.name} is not libsvm: {error}") from error
    if features is not None:
        if matrix.shape[1] > features:
            raise UserError(
                f"{path.name} names feature {matrix.shape[1] - 1}, the model takes {features}, from 0 on"
            )
        matrix.resize((matrix.shape[0], features))
    yield Batch(matrix, labels.astype(np.float32), groups if groups.any() else None)


def _pyarrow() -> Any:
    import pyarrow

    return pyarrow
