"""What a model is sent and what it answers, as JSON and as CSV; nonsense is the model's failure, told as such."""

from __future__ import annotations

import json

import pytest

from inference_api.api_errors import PlatformError
from inference_api.model_formats import CsvFormat, JsonFormat, ModelFormat, choose_format

COLUMNS = ["age", "job", "member"]
CSV = CsvFormat(COLUMNS, ["label", "score", "-"])


def test_json_is_a_list_of_the_records_as_they_are() -> None:
    assert json.loads(JsonFormat().encode([{"text": "Hi"}])) == [{"text": "Hi"}]


def test_csv_has_the_columns_in_the_model_s_order_and_empty_cells_for_what_is_missing() -> None:
    records: list[dict[str, object]] = [
        {"job": 'a "b", c', "age": 39, "member": True},
        {"age": None, "job": "d"},
    ]
    assert CSV.encode(records) == b'39,"a ""b"", c",true\n,d,\n'


@pytest.mark.parametrize(
    ("item", "prediction"),
    [
        ('{"score": 0.5, "label": "x", "more": 1}', {"score": 0.5, "label": "x"}),
        ('{"score": 3, "label": null}', {"score": 3.0}),
        ('{"label": "x"}', {"label": "x"}),
    ],
)
def test_json_predictions_have_a_score_or_a_label_or_both(item: str, prediction: object) -> None:
    assert JsonFormat().decode(f'{{"predictions": [{item}]}}'.encode(), 1) == [prediction]


def test_csv_predictions_have_what_the_columns_say() -> None:
    assert CSV.decode(b'>50K, 0.9,"[0.1, 0.9]"\n<=50K,0.6,x\n\n', 2) == [
        {"label": ">50K", "score": 0.9},
        {"label": "<=50K", "score": 0.6},
    ]
    assert CsvFormat(COLUMNS, ["score"]).decode(b"0.25", 1) == [{"score": 0.25}]


@pytest.mark.parametrize(
    ("spoken", "content"),
    [
        (JsonFormat(), b"oops"),
        (JsonFormat(), b"[]"),
        (JsonFormat(), b"{}"),
        (JsonFormat(), b'{"predictions": [0.5]}'),
        (JsonFormat(), b'{"predictions": [{}]}'),
        (JsonFormat(), b'{"predictions": [{"score": "high", "label": "x"}]}'),
        (JsonFormat(), b'{"predictions": [{"score": NaN}]}'),
        (JsonFormat(), b'{"predictions": []}'),
        (CSV, b"\xff,0.5,x"),
        (CSV, b"x,high,x"),
        (CSV, b"x,0.5"),
        (CSV, b"x,nan,x"),
        (CSV, b""),
    ],
)
def test_an_answer_that_cannot_be_read_is_a_failure_of_the_model(spoken: ModelFormat, content: bytes) -> None:
    with pytest.raises(PlatformError) as caught:
        spoken.decode(content, 1)
    assert (caught.value.status, caught.value.code) == (502, "model_failed")


def test_the_media_type_chooses_the_format() -> None:
    assert choose_format("application/json", [], ["score"]).media_type == "application/json"
    assert choose_format("text/csv", ["a"], ["score"]).encode([{"a": 1}]) == b"1\n"
    with pytest.raises(ValueError, match="there is no format 'text/plain'"):
        choose_format("text/plain", [], [])
