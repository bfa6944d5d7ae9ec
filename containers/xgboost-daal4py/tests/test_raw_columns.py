"""The quick reader of raw files reads what the careful one reads, and leaves to it what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from training_job import SCHEMA

from xgboost_daal4py import raw_columns
from xgboost_daal4py.errors import UserError
from xgboost_daal4py.features import Codes, FeatureTransform
from xgboost_daal4py.raw_columns import list_values, read_raw_columns, take_rows
from xgboost_daal4py.records import Label, read_table

LABEL = Label("Left", "yes", "no")
HEADER = "Plan,Area,Phone,Minutes,Calls,Left"
ROWS = ["yes,408,1-2,250.5,10,no", "no ,415,,,0,yes", ",,x,nan,-1e-3,no", '"yes", 408,3,7,1e3, yes']


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("header", [HEADER, HEADER.replace("Phone,", ""), "\ufeff" + HEADER])
def test_quick_and_careful_reading_come_to_the_same(tmp_path: Path, ends: str, header: str) -> None:
    rows = [row if "Phone" in header else ",".join(np.delete(row.split(","), 2)) for row in ROWS]
    text = ends.join([header, *rows, ""])
    path = tmp_path / "raw.csv"
    path.write_bytes(text.encode())
    assert raw_columns._read_quickly(path, SCHEMA, LABEL) is not None
    quick, labels = read_raw_columns(path, SCHEMA, LABEL)
    careful, expected = read_table(text.removeprefix("\ufeff").splitlines(), SCHEMA, LABEL)
    assert labels.tolist() == expected
    assert isinstance(quick["Plan"], Codes)
    assert {name: list_values(cells) for name, cells in quick.items()} == {
        name: list_values(cells) for name, cells in careful.items()
    }
    transform = FeatureTransform.fit(careful, SCHEMA)
    assert FeatureTransform.fit(quick, SCHEMA).categories == transform.categories
    np.testing.assert_array_equal(transform.transform(quick), transform.transform(careful))


def test_rows_are_taken_from_every_kind_of_column(tmp_path: Path) -> None:
    path = tmp_path / "raw.csv"
    path.write_text("\n".join([HEADER, *ROWS]))
    quick, _ = read_raw_columns(path, SCHEMA, LABEL)
    careful, _ = read_table(path.read_text().splitlines(), SCHEMA, LABEL)
    rows = np.array([3, 1])
    for table in (quick, dict(careful)):
        taken = take_rows(table, rows)
        assert list_values(taken["Plan"]) == ["yes", "no"]
        assert list_values(taken["Minutes"]) == [7, None]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HEADER}\nyes,408,,x,1,no", "row 2, column 'Minutes': 'x' is not a number"),
        (f"{HEADER}\nyes,408,,1e39,1,no", "row 2, column 'Minutes': '1e39' is too large a number"),
        (f"{HEADER}\nyes,408,,1,1,perhaps", "row 2, column 'Left': 'perhaps' is neither 'yes' nor 'no'"),
        (f"{HEADER}\nyes,408,,1,no", "row 2: has 5 values where the header has 6"),
        (f"{HEADER},More\nyes,408,,1,1,no,1", "row 1: column 'More' is not in the schema"),
        (f"{HEADER},Plan\nyes,408,,1,1,no,1", "row 1: column 'Plan' is there twice"),
        ("Plan,Left\nyes,no", "row 1: column 'Area' is missing"),
        (HEADER, "the data is empty: there is a header but no row"),
        ("", "the data is empty: not even a header was found"),
    ],
)
def test_what_is_wrong_is_named_by_the_careful_reader(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "raw.csv").write_text(text)
    with pytest.raises(UserError) as caught:
        read_raw_columns(tmp_path / "raw.csv", SCHEMA, LABEL)
    assert words in str(caught.value)
