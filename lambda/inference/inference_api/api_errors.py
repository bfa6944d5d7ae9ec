"""What can go wrong with a prediction, each with its HTTP status; the handler turns them into answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class Detail(TypedDict, total=False):
    """Where in the request something is wrong: index of the record, name of the column, and what; or what there is."""

    record: int
    column: str
    message: str
    model: str


class ApiError(Exception):
    """An error with the status, code and message that the caller is told.

    Parameters
    ----------
    status
        HTTP status code.
    code
        One word for programs.
    message
        One sentence for people.
    details
        What is wrong where, for errors in the request.
    """

    def __init__(self, status: int, code: str, message: str, details: Sequence[Detail] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = list(details)


class UserError(ApiError):
    """The caller must change the request."""


class PlatformError(ApiError):
    """The endpoint or the platform failed; the same request may work later."""
