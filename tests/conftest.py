"""Every test runs with localaws in strict mode, and fails for an answer that botocore's model does not allow.

Sessions of boto3 share what they read of botocore's models: most tests make one, and reading takes a tenth of a second.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator

import botocore.session
import pytest

from localaws import strict


def pytest_configure() -> None:
    """Switch strict mode on, for servers of this process and of programs that it starts, and share the models."""
    os.environ["LOCALAWS_STRICT"] = "1"
    botocore.session.create_loader = functools.cache(botocore.session.create_loader)


def pytest_unconfigure() -> None:
    """Close the socket that moto's X-Ray library opens when it is imported, and leaves to the end of Python."""
    if xray := sys.modules.get("aws_xray_sdk.core"):
        xray.xray_recorder.emitter._socket.close()


@pytest.fixture(autouse=True)
def every_answer_is_allowed() -> Iterator[None]:
    """Fail the test that caused a violation, even where its caller swallowed the error."""
    strict.violations.clear()
    yield
    assert strict.violations == []
