"""Completes STS: a session keeps the tags and managed policies that it was assumed with, which moto 5.2.5 overlooks."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.sts.responses import TokenResponse

_assume_role = TokenResponse.assume_role


def install() -> None:
    """Put the completion in place; who a session's policies and tags are for reads them off the session."""
    TokenResponse.assume_role = assume_role  # type: ignore[method-assign]


def assume_role(self: TokenResponse) -> ActionResult:
    """Answer AssumeRole."""
    answer: Any = _assume_role(self)
    session = answer.result["Credentials"]
    session.tags = {each["Key"]: each["Value"] for each in self._get_param("Tags", [])}
    session.policy_arns = [each["arn"] for each in self._get_param("PolicyArns", [])]
    return answer  # type: ignore[no-any-return]
