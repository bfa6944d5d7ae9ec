"""Golden records: where they are found, and how an answer is held against them."""

from __future__ import annotations

import pytest

from deployment.golden_records import GoldenRecord, golden_difference

GOLDEN = [GoldenRecord({"a": 1}, 0.5), GoldenRecord({"a": 2}, 0.25, "True")]


def test_the_largest_difference_counts() -> None:
    answered = [{"score": 0.5, "label": "x"}, {"score": 0.5, "label": "True"}]
    assert golden_difference(answered, GOLDEN) == 0.25


def test_of_large_scores_the_share_counts() -> None:
    assert golden_difference([{"score": 200_100}], [GoldenRecord({}, 200_000)]) == 0.0005


@pytest.mark.parametrize(
    ("last", "words"),
    [({"label": "True"}, "without a score"), ({"score": 0.25, "label": "False"}, "noted the label 'True'")],
)
def test_a_prediction_without_a_score_or_with_another_label_is_wrong(
    last: dict[str, object], words: str
) -> None:
    with pytest.raises(AssertionError, match=words):
        golden_difference([{"score": 0.5}, last], GOLDEN)


def test_an_answer_of_another_length_is_wrong() -> None:
    with pytest.raises(ValueError, match="longer"):
        golden_difference([{"score": 0.5}], GOLDEN)
