"""How the search reads tables, and what it makes of their columns."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from localaws import automl_image
from localaws.automl_image.automl_worker.tables import Encoding, Table, TableError, read_table


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def test_files_of_a_channel_are_one_table_of_trimmed_cells(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, a="age, plan\n40, yes\n\n", b="age, plan\n50, no\n"))
    assert table == Table(["age", "plan"], [["40", "yes"], ["50", "no"]])
    assert table.without("age") == Table(["plan"], [["yes"], ["no"]])


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a": "age\n1\n", "b": "plan\n1\n"}, "another header"),
        ({"a": "age,plan\n1\n"}, "line 2 has 1 cells, but the header 2"),
    ],
)
def test_tables_that_do_not_fit_are_refused(tmp_path: Path, files: dict[str, str], words: str) -> None:
    with pytest.raises(TableError, match=words):
        read_table(write(tmp_path, **files))


def test_numbers_are_scaled_and_words_get_a_column_each() -> None:
    table = Table(["age", "plan"], [["10", "yes"], ["30", "no"], ["", "yes"]])
    encoding = Encoding.fit(table)
    expected = [[-1, 0, 1], [1, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(encoding.matrix(table.rows), expected)
    unknown = encoding.matrix([["20", "perhaps"]])
    np.testing.assert_allclose(unknown, [[0, 0, 0]])


def test_an_encoding_outlives_its_search_as_json() -> None:
    encoding = Encoding.fit(Table(["age", "plan"], [["10", "yes"], ["30", "no"]]))
    assert Encoding.from_document(json.loads(json.dumps(encoding.document()))) == encoding


def test_rows_of_another_length_are_refused_by_their_place() -> None:
    encoding = Encoding.fit(Table(["age", "plan"], [["10", "yes"]]))
    with pytest.raises(TableError, match="row 2 has 1 cells, but the model 2 columns"):
        encoding.matrix([["10", "no"], ["10"]])


def test_the_image_has_a_name_in_every_region_and_no_other_is_taken_for_it() -> None:
    assert automl_image.is_meant(automl_image.uri("eu-west-1"))
    assert automl_image.is_meant(automl_image.uri("cn-north-1"))
    assert not automl_image.is_meant(
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-sklearn-automl:localaws"
    )
