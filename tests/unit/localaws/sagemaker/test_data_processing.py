"""Filters and joins of a transform job, record by record."""

from __future__ import annotations

import pytest
from moto.sagemaker.exceptions import ValidationError

from localaws.services.sagemaker.data_processing import DataProcessing, RecordError

CSV = "text/csv"
LINES = "application/jsonlines"


def processing(content_type: str, **given: str) -> DataProcessing:
    return DataProcessing.of(given, content_type, "")


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("$", b'7,"a, b",3'),
        ("$[1:]", b'"a, b",3'),
        ("$[0,2]", b"7,3"),
        ("$[-1]", b"3"),
        ("$[:-1]", b'7,"a, b"'),
    ],
)
def test_a_row_is_filtered_by_place(path: str, kept: bytes) -> None:
    assert processing(CSV, InputFilter=path).for_model(b'7,"a, b",3') == kept


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("$.features", b"[1,2]"),
        ("$.features[1:]", b"[2]"),
        ("$['id','features']", b'{"id":7,"features":[1,2]}'),
        ("$['id']", b"7"),
    ],
)
def test_an_object_is_filtered_by_name(path: str, kept: bytes) -> None:
    assert processing(LINES, InputFilter=path).for_model(b'{"id": 7, "features": [1, 2]}') == kept


def test_a_prediction_is_joined_to_the_end_of_its_row() -> None:
    assert processing(CSV, JoinSource="Input").for_output(b"7,x", b"0.25", CSV) == b"7,x,0.25"


def test_a_prediction_is_joined_to_its_object_by_name() -> None:
    joined = processing(LINES, JoinSource="Input").for_output(b'{"id": 7}', b'{"score": 0.25}', LINES)
    assert joined == b'{"id":7,"SageMakerOutput":{"score":0.25}}'


def test_what_is_no_object_becomes_one_when_it_is_joined() -> None:
    joined = processing(LINES, JoinSource="Input").for_output(b"[1]", b"0.25", LINES)
    assert joined == b'{"SageMakerInput":[1],"SageMakerOutput":0.25}'


def test_the_output_filter_sees_what_was_joined() -> None:
    both = processing(LINES, JoinSource="Input", OutputFilter="$['id','SageMakerOutput']")
    assert both.for_output(b'{"id": 7, "x": 1}', b"0.25", LINES) == b'{"id":7,"SageMakerOutput":0.25}'


@pytest.mark.parametrize("path", ["$[5]", "$[0,5]"])
def test_a_place_that_is_not_in_the_row_is_an_error(path: str) -> None:
    with pytest.raises(RecordError, match="is not in the record"):
        processing(CSV, OutputFilter=path).for_output(b"7", b"0.25", CSV)


def test_a_record_of_another_type_is_an_error() -> None:
    with pytest.raises(RecordError, match="Unable to parse data as application/jsonlines"):
        processing(LINES, InputFilter="$.a").for_model(b"1,2")


@pytest.mark.parametrize(
    ("content_type", "accept", "given", "words"),
    [
        (CSV, "", {"InputFilter": "$["}, "InputFilter .* is not a JSONPath"),
        (CSV, "", {"OutputFilter": "$..a"}, "deep scan"),
        ("image/png", "", {"InputFilter": "$[0]"}, "needs a ContentType"),
        (CSV, LINES, {"JoinSource": "Input"}, "needs an Accept like the ContentType"),
    ],
)
def test_what_cannot_be_done_is_refused(
    content_type: str, accept: str, given: dict[str, str], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        DataProcessing.of(given, content_type, accept)
