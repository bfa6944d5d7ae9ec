"""Raw records become the same features in training and in serving, whatever is missing or unknown."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from xgboost_daal4py.errors import UserError
from xgboost_daal4py.features import Cells, Codes, FeatureTransform
from xgboost_daal4py.records import check_records
from xgboost_daal4py.schema import Schema


@pytest.fixture
def transform(schema: Schema, record: dict[str, Any]) -> FeatureTransform:
    table = check_records([record, {**record, "Plan": "no", "Area": "510"}], schema)
    return FeatureTransform.fit(table, schema)


def features_of(transform: FeatureTransform, record: dict[str, Any]) -> dict[str, float]:
    row = transform.transform(check_records([record], transform.schema))[0]
    return dict(zip(transform.names, row.tolist(), strict=True))


def test_a_record_becomes_numbers_indicators_and_derived_features(
    transform: FeatureTransform, record: dict[str, Any]
) -> None:
    assert features_of(transform, record) == {
        "Plan=no": 0,
        "Plan=yes": 1,
        "Minutes": 250,
        "Calls": 10,
        "Minutes per Call": 25,
        "Minutes with Plan": 250,
    }


def test_an_excluded_column_is_not_a_feature(transform: FeatureTransform) -> None:
    assert not [name for name in transform.names if name.startswith("Area")]


def test_a_missing_number_stays_missing_and_so_does_what_is_derived_from_it(
    transform: FeatureTransform, record: dict[str, Any]
) -> None:
    features = features_of(transform, {**record, "Minutes": None})
    assert math.isnan(features["Minutes"])
    assert math.isnan(features["Minutes per Call"])


def test_division_by_zero_is_a_missing_value(transform: FeatureTransform, record: dict[str, Any]) -> None:
    assert math.isnan(features_of(transform, {**record, "Calls": 0})["Minutes per Call"])


@pytest.mark.parametrize("plan", [None, "", "unheard of"])
def test_an_unknown_or_missing_category_is_all_zeros(
    transform: FeatureTransform, record: dict[str, Any], plan: str | None
) -> None:
    features = features_of(transform, {**record, "Plan": plan})
    assert (features["Plan=no"], features["Plan=yes"], features["Minutes with Plan"]) == (0, 0, 0)


def test_a_code_is_the_same_as_number_and_as_text(schema: Schema, record: dict[str, Any]) -> None:
    assert check_records([{**record, "Area": 415}], schema) == check_records(
        [{**record, "Area": "415"}], schema
    )


def test_a_derived_feature_may_use_a_category_that_the_training_data_lacks(
    schema: Schema, record: dict[str, Any]
) -> None:
    transform = FeatureTransform.fit(check_records([{**record, "Plan": "no"}], schema), schema)
    assert "Plan=yes" not in transform.names
    assert features_of(transform, record)["Minutes with Plan"] == 250


def test_a_fitted_transform_survives_json(transform: FeatureTransform, record: dict[str, Any]) -> None:
    copy = FeatureTransform.from_dict(json.loads(json.dumps(transform.to_dict())))
    assert features_of(copy, record) == features_of(transform, record)
    assert copy.names == transform.names


def test_many_records_become_what_each_of_them_becomes(
    transform: FeatureTransform, record: dict[str, Any]
) -> None:
    records = [record, {**record, "Minutes": 3, "Plan": None}]
    together = transform.transform(check_records(records, transform.schema))
    single = [transform.transform(check_records([entry], transform.schema))[0] for entry in records]
    np.testing.assert_array_equal(together, np.vstack(single))


def test_records_alone_in_arrays_and_in_codes_become_the_same_features(
    transform: FeatureTransform, record: dict[str, Any]
) -> None:
    values: list[dict[str, Any]] = [
        {"Plan": plan, "Minutes": minutes, "Calls": calls}
        for plan in ("yes", "no", "unheard of", None)
        for minutes in (0.1, 1 / 3, 3e38, None)
        for calls in (0, 7, -0.3, None)
    ]
    table = check_records([{**record, **change} for change in values], transform.schema)
    alone = [transform.transform({name: [cells[row]] for name, cells in table.items()}) for row in range(64)]
    together = transform.transform(table)
    np.testing.assert_array_equal(together, np.vstack(alone))
    plans = ("unheard of", "no", "yes")
    coded: dict[str, Cells] = {
        "Plan": Codes(np.array([plans.index(x) if x else -1 for x in table["Plan"]], np.int32), plans),
        "Area": Codes(np.full(64, -1, np.int32), ()),
        "Minutes": np.array(table["Minutes"], dtype=np.float64),
        "Calls": np.array(table["Calls"], dtype=np.float64),
    }
    np.testing.assert_array_equal(together, transform.transform(coded))


def test_categories_are_learned_from_codes_that_occur(schema: Schema) -> None:
    codes = Codes(np.array([2, -1, 2], np.int32), ("a", "b", "c"))
    transform = FeatureTransform.fit({"Plan": codes, "Area": Codes(codes.codes[:0], ())}, schema)
    assert transform.categories == {"Plan": ("c",), "Area": ()}


def test_plain_columns_are_their_own_features() -> None:
    transform = FeatureTransform.plain(["f0", "f1"])
    assert transform.names == ("f0", "f1")
    np.testing.assert_array_equal(transform.transform({"f0": [1.0], "f1": [None]}), [[1.0, math.nan]])


def test_features_of_another_format_are_refused(transform: FeatureTransform) -> None:
    with pytest.raises(UserError, match="of format 2"):
        FeatureTransform.from_dict({**transform.to_dict(), "format": 2})


def test_features_that_contradict_their_schema_are_refused(transform: FeatureTransform) -> None:
    with pytest.raises(UserError, match="other features"):
        FeatureTransform.from_dict({**transform.to_dict(), "features": ["Minutes"]})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": [{"name": "A", "kind": "text"}]}, "unknown kind 'text'"),
        ({"columns": [{"name": "A"}]}, "incomplete"),
        ({"columns": [{"name": "A", "kind": "number"}] * 2}, "'A' twice"),
        (
            {"derived": [{"name": "B", "operation": "power", "of": ["Calls", "Calls"]}]},
            "unknown operation 'power'",
        ),
        ({"derived": [{"name": "B", "operation": "ratio", "of": ["Calls"]}]}, "cannot be computed of 1"),
    ],
)
def test_a_schema_that_is_wrong_is_refused_by_name(
    schema: Schema, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        Schema.from_dict({**schema.to_dict(), **change})


def test_a_derived_feature_of_something_unknown_is_refused(schema: Schema) -> None:
    derived = [{"name": "B", "operation": "sum", "of": ["Calls", "Nothing"]}]
    wrong = Schema.from_dict({**schema.to_dict(), "derived": derived})
    with pytest.raises(UserError, match="'B' needs 'Nothing'"):
        FeatureTransform(wrong, {"Plan": ["yes"], "Area": []})
