"""The errors of the CodeCommit API: a name of AWS's comes in, the exception that moto serialises goes out."""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class CodeCommitError(ServiceException):
    """An error answer of the CodeCommit API (moto 5.2.5 cannot serialise an instance of the base class)."""


def fault(name: str, message: str) -> CodeCommitError:
    """Return the error ``<name>Exception`` of the CodeCommit API."""
    return CodeCommitError(f"{name}Exception", message)
