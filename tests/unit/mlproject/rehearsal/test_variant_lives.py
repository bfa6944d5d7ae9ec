"""Which variants a rehearsal knows, what it finds of their models, and what it refuses."""

from __future__ import annotations

import pytest

from mlproject.errors import UserError
from mlproject.rehearsal.life import measured
from mlproject.rehearsal.variants import DEFAULT, FIRST_MODELS, checked


def test_without_a_name_the_default_variant_is_meant() -> None:
    assert checked("") == DEFAULT


@pytest.mark.parametrize("variant", FIRST_MODELS)
def test_every_variant_comes_to_a_first_model(variant: str) -> None:
    assert checked(variant) == variant


def test_an_unknown_variant_is_told_the_known_ones() -> None:
    with pytest.raises(UserError, match=f"no variant 'speech': there is {DEFAULT}, .*config-only"):
        checked("speech")


def test_the_numbers_of_a_report_are_found_whatever_they_measure() -> None:
    report = {
        "classification_metrics": {"weighted_f1": {"value": 0.8}, "confusion_matrix": [[1, 0], [0, 1]]},
        "labels": ["a", "b"],
        "regression_metrics": {"mae": {"value": 3, "standard_deviation": "NaN"}},
    }
    assert measured(report) == {"weighted_f1": 0.8, "mae": 3}
