"""What is wrong with a request in, its 4xx answer out; raised by every reader of requests, caught by `serving`."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from xgboost_daal4py.errors import InvalidRecords, Problem, UserError


class RefusedRequest(UserError):
    """A request that is answered with a 4xx status (or 507, SageMaker's word for a model that does not fit)."""

    def __init__(self, status: int, code: str, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.problems = tuple(problems)


def refuse_records(error: InvalidRecords) -> RefusedRequest:
    """Return the refusal of records that do not fit."""
    count = len(error.problems)
    message = "1 problem with the records" if count == 1 else f"{count} problems with the records"
    return RefusedRequest(400, "invalid_records", message, error.problems)


def format_error(error: RefusedRequest) -> bytes:
    """Return the JSON document of a refusal."""
    details = [
        {"record": problem.record, "column": problem.column, "message": problem.message}
        for problem in error.problems
    ]
    document: bytes = orjson.dumps({"error": {"code": error.code, "message": str(error), "details": details}})
    return document
