"""Every test runs with localaws in strict mode, and fails for an answer that botocore's model does not allow."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from localaws import strict


def pytest_configure() -> None:
    """Switch strict mode on, for servers of this process and of programs that it starts."""
    os.environ["LOCALAWS_STRICT"] = "1"


@pytest.fixture(autouse=True)
def every_answer_is_allowed() -> Iterator[None]:
    """Fail the test that caused a violation, even where its caller swallowed the error."""
    strict.violations.clear()
    yield
    assert strict.violations == []
