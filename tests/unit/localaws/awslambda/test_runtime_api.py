"""What Lambda's runtime API says when a runtime is cut off."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import pytest

from localaws.services.awslambda.lambda_runtime_api import RuntimeApi


@pytest.mark.parametrize(
    ("error", "told"), [(ConnectionResetError("gone"), ""), (ValueError("ours"), "ValueError: ours")]
)
def test_a_runtime_that_was_killed_leaves_no_traceback_and_a_defect_does(
    error: Exception, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with RuntimeApi(("127.0.0.1", 0), BaseHTTPRequestHandler) as api:
        try:
            raise error
        except Exception:
            api.handle_error(None, ("127.0.0.1", 1))
    said = capsys.readouterr().err
    assert said == "" if not told else told in said
