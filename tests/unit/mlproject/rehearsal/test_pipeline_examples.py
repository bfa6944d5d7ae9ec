"""A rehearsal's pipeline is the default one, an example by its pipeline's name, or all examples."""

from __future__ import annotations

import pytest

from mlproject.errors import UserError
from mlproject.rehearsal.pipeline_examples import chosen


@pytest.mark.parametrize("name", ["", "churn"])
def test_the_default_pipeline_needs_no_example(name: str) -> None:
    assert chosen(name) == []


def test_all_examples_are_known_by_their_pipelines() -> None:
    assert chosen("all") == ["batch-transform", "multi-model", "own-image", "tuning", "two-hosts"]
    assert chosen("tuning") == ["tuning"]


def test_an_unknown_pipeline_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="there is no pipeline 'tunin': there is churn, batch-transform"):
        chosen("tunin")
