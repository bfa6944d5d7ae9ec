"""The page of operations is what the installed services tell of themselves, and stands in docs/ as it is generated."""

from __future__ import annotations

from pathlib import Path

import pytest

from localaws import coverage
from localaws.api_calls import service_model
from localaws.fidelity.markdown_page import written_page
from localaws.fidelity.operation_list import operations_of
from localaws.server import application

PAGE = Path(__file__).parents[4] / "docs/fidelity.md"


@pytest.fixture(autouse=True)
def installed() -> None:
    application()


def test_the_page_in_docs_is_the_generated_one() -> None:
    assert written_page() == PAGE.read_text(), "stale: run `make fidelity`"


@pytest.mark.parametrize("service", ["codecommit", "events", "sagemaker", "sts"])
def test_every_operation_of_a_service_is_in_one_list(service: str) -> None:
    found = operations_of(service)
    listed = [*found.supported, *found.approximated, *found.by_moto, *found.refused]
    assert sorted(listed) == sorted(service_model(service).operation_names)


def test_an_operation_is_listed_by_who_answers_it() -> None:
    found = operations_of("codecommit")
    assert "CreateCommit" in found.supported
    assert "triggers are kept" in found.approximated["PutRepositoryTriggers"]
    assert "CreatePullRequest" in found.refused
    assert "GetCallerIdentity" in operations_of("sts").by_moto


def test_words_for_an_operation_that_nobody_answers_are_an_error() -> None:
    with pytest.raises(LookupError, match="not answered: DoNothing"):
        coverage.answers("codecommit", (), {"DoNothing": "in part"})
