"""CSV, Parquet and libsvm become the same rows, however many files and hosts; a fault is named by its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from xgboost_daal4py import channels, labelled_files
from xgboost_daal4py.channels import Channel, Share, find_files, read_channel
from xgboost_daal4py.errors import UserError
from xgboost_daal4py.labelled_files import name_features

NAMES = ("a", "b", "c")
ROWS = np.array([[1, 0.5, 2, np.nan], [0, np.nan, 1e-7, 3], [1, 7, 8, 9]], dtype=np.float32)
CSV = "1,0.5,2,\n\n0,nan,1e-07,3\n1, 7 ,8,9\n"


def read(folder: Path, share: Share | None = None, external: str = "never", kind: str = "") -> Channel:
    return read_channel(find_files(folder, kind), NAMES, share or Share(), external)


def rows_of(channel: Channel) -> np.ndarray:
    batch = channel.together()
    features = batch.features if isinstance(batch.features, np.ndarray) else batch.features.toarray()
    return np.column_stack([batch.labels, features])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "train"
    made.mkdir()
    return made


def write_parquet(path: Path, columns: Mapping[str, Sequence[object]]) -> None:
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


def test_csv_is_read_with_its_missing_values_and_blanks(folder: Path) -> None:
    (folder / "rows").write_text(CSV)
    np.testing.assert_array_equal(rows_of(read(folder)), ROWS)


def test_files_are_read_in_the_order_of_their_names(folder: Path) -> None:
    lines = [line + "\n" for line in CSV.splitlines() if line]
    (folder / "part-2.csv").write_text(lines[2])
    (folder / "part-1.csv").write_text("".join(lines[:2]))
    (folder / "_SUCCESS").touch()
    np.testing.assert_array_equal(rows_of(read(folder)), ROWS)


def test_parquet_columns_are_found_by_name_and_the_label_too(folder: Path) -> None:
    columns: dict[str, Sequence[object]] = {
        "c": [None, 3, 9],
        "b": [2.0, 1e-7, 8.0],
        "a": [0.5, None, 7.0],
        "label": [True, False, True],
    }
    write_parquet(folder / "rows.parquet", columns)
    np.testing.assert_array_equal(rows_of(read(folder)), ROWS)
    assert name_features(folder / "rows.parquet", "parquet") == ("c", "b", "a")


def test_the_first_parquet_column_is_the_label_when_none_is_called_so(folder: Path) -> None:
    write_parquet(folder / "rows.parquet", {"churn": [1, 0], "a": [1, 2], "b": [1, 2], "c": [3, 4]})
    np.testing.assert_array_equal(rows_of(read(folder)), [[1, 1, 1, 3], [0, 2, 2, 4]])


def test_libsvm_counts_from_0_and_leaves_out_what_is_missing(folder: Path) -> None:
    (folder / "rows.libsvm").write_text("1 0:0.5 2:2\n0 1:3\n")
    np.testing.assert_array_equal(rows_of(read(folder)), [[1, 0.5, 0, 2], [0, 0, 3, 0]])


def test_groups_for_ranking_come_from_libsvm_and_parquet(folder: Path) -> None:
    (folder / "rows").write_text("1 qid:1 0:1\n0 qid:1 0:2\n1 qid:2 0:1\n")
    libsvm = read(folder, kind="text/libsvm").together().groups
    write_parquet(
        folder / "rows", {"label": [1, 0, 1], "qid": [1, 1, 2], "a": [1] * 3, "b": [1] * 3, "c": [1] * 3}
    )
    parquet = read(folder, kind="application/x-parquet").together().groups
    assert libsvm is not None
    assert parquet is not None
    assert libsvm.tolist() == parquet.tolist() == [1, 1, 2]


def test_hosts_share_replicated_rows_without_a_gap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled_files, "CSV_BLOCK", 64)
    for name in ("1.csv", "2.csv"):
        (folder / name).write_text("".join(f"{row % 2},{row},0,0\n" for row in range(101)))
    shares = [rows_of(read(folder, Share(place, 3)))[:, 1] for place in range(3)]
    expected = np.concatenate([np.arange(101), np.arange(101)])
    for place, share in enumerate(shares):
        np.testing.assert_array_equal(share, expected[place::3])


def test_rows_left_in_their_files_are_the_same(folder: Path) -> None:
    (folder / "rows.csv").write_text(CSV)
    channel = read(folder, external="always")
    assert channel.external
    for _ in range(2):
        np.testing.assert_array_equal(rows_of(channel), ROWS)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_data_beyond_its_share_of_the_memory_is_left_in_its_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    if form == "csv":
        (folder / "rows.csv").write_text("1,0.25,0.25,0.25\n" * 1000)
    else:
        write_parquet(folder / "rows.parquet", {name: [0.25] * 1000 for name in ("label", *NAMES)})
    for memory, external in ((100_000, False), (20_000, True)):
        monkeypatch.setattr(channels, "usable_memory", lambda memory=memory: memory)
        assert read(folder, external="auto").external is external


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("rows.csv", "1,2,3\n", "channel 'train': row 1, width: has 3 values, the model takes 4"),
        ("rows.csv", "1,1,1,1\n" * 30_000 + "1,1,x,1\n", "row 30001, b: value 3, 'x', is not a number"),
        ("rows.csv", "1,1,1,1\n1,1e39,1,1\n", "channel 'train': row 2, a: is too large a number"),
        (
            "rows.csv",
            "label,a,b,c\n1,1,1,1\n",
            "channel 'train': row 1, label: value 1, 'label', is not a number",
        ),
        ("rows.csv", "\n", "channel 'train': there is no row"),
        ("rows.csv", b"1,1,1,\xff\n", "channel 'train': the file is not UTF-8 text"),
        ("rows.libsvm", "1 0:a\n", "channel 'train': rows.libsvm is not libsvm"),
        ("rows.libsvm", "1 3:1\n", "names feature 3, the model takes 3, from 0 on"),
        ("rows.parquet", "hello", "channel 'train': rows.parquet is not a Parquet file"),
        ("rows.pickle", "", "channel 'train' is '.pickle'; give it one of the content types text/csv,"),
    ],
)
def test_a_fault_is_named_with_its_place(folder: Path, name: str, content: str | bytes, words: str) -> None:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UserError) as caught:
        read(folder)
    assert words in str(caught.value)


def test_a_fault_in_one_of_several_files_names_the_file(folder: Path) -> None:
    (folder / "1.csv").write_text(CSV)
    (folder / "2.csv").write_text("1,2,x,3\n")
    with pytest.raises(UserError, match=r"channel 'train', file '2\.csv': row 1, b: value 3, 'x'"):
        read(folder)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"label": [1], "a": [1], "b": [1]}, "has no column 'c'"),
        ({"label": [1], "a": [1], "b": ["x"], "c": [1]}, "column 'b' holds no numbers but string"),
        ({"label": [1], "a": [1], "b": [1e300], "c": [1]}, "column 'b' holds a number too large"),
    ],
)
def test_a_parquet_column_that_does_not_fit_is_named(
    folder: Path, columns: dict[str, list[object]], words: str
) -> None:
    write_parquet(folder / "rows.parquet", columns)
    with pytest.raises(UserError, match=words):
        read(folder)


def test_pipe_mode_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "train_0").touch()
    with pytest.raises(UserError, match="comes in Pipe mode; set its input mode to File or FastFile"):
        find_files(tmp_path / "train")
