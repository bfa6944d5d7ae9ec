"""Strict mode: every answer is held against botocore's model, and one that breaks it becomes a failure of ours.

An answer that the model does not allow (an unknown or missing member, a wrong type, a value outside of its pattern or
enum, an error code that the operation does not have) is replaced by ``InternalFailure`` with what is wrong in it, and
kept in ``violations`` for the test that caused it.
"""

from __future__ import annotations

from localaws.strict.answers import checked
from localaws.strict.results import check_result
from localaws.strict.violations import ModelViolation, violations

__all__ = ["ModelViolation", "check_result", "checked", "violations"]
