"""How the records of a file become requests, and answers the lines of its output."""

from __future__ import annotations

from pathlib import Path

import pytest

from localaws.services.sagemaker.data_processing import DataProcessing, RecordError
from localaws.services.sagemaker.transform_records import MEGABYTE, Answer, Assembly, Batching, Request

AS_IT_IS = DataProcessing.of({}, "text/csv", "")
JOINED = DataProcessing.of({"JoinSource": "Input"}, "text/csv", "")


def bodies(batching: Batching, *records: bytes) -> list[bytes]:
    return [request.body for request in batching.requests(records, AS_IT_IS)]


def test_requests_are_as_large_as_the_payload_allows() -> None:
    half = b"x" * (MEGABYTE // 2 - 1)
    found = bodies(Batching(by_line=True, multi_record=True, max_payload_mb=1), half, half, b"y")
    assert found == [half + b"\n" + half, b"y"]
    assert all(len(body) <= MEGABYTE for body in found)


def test_single_records_travel_alone() -> None:
    assert bodies(Batching(True, multi_record=False, max_payload_mb=0), b"1", b"2") == [b"1", b"2"]


def test_a_record_above_the_payload_is_an_error() -> None:
    with pytest.raises(RecordError, match="Too much data for max payload size"):
        bodies(Batching(True, True, max_payload_mb=1), b"x" * (MEGABYTE + 1))


def test_a_file_that_is_not_split_is_one_record(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"1\n2\n")
    assert list(Batching(False, True, 6).records(file, compressed=False)) == [b"1\n2\n"]


@pytest.mark.parametrize(("by_line", "output"), [(True, b"a\nb\n"), (False, b"a\nb")])
def test_an_answer_ends_its_line_only_where_lines_are_assembled(by_line: bool, output: bytes) -> None:
    answer = Answer(Request([b"1", b"2"], b"1\n2"), b"a\nb", "text/csv")
    assert Assembly(by_line, AS_IT_IS).output(answer) == output


def test_predictions_that_are_not_one_for_each_record_cannot_be_joined() -> None:
    answer = Answer(Request([b"1", b"2"], b"1\n2"), b"a", "text/csv")
    with pytest.raises(RecordError, match="mismatched line count"):
        Assembly(True, JOINED).output(answer)
