"""A request's body by content type in, scored predictions out; a body that does not fit is refused by status code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from xgboost_daal4py.errors import InvalidRecords, Problem, UserError
from xgboost_daal4py.matrix import parse_matrix
from xgboost_daal4py.predictor import Prediction, Predictor, Scores
from xgboost_daal4py.records import check_records, parse_json

JSON = "application/json"
JSON_LINES = "application/jsonlines"
CSV = "text/csv"
SINGLE_VALUE = "instances"


class RefusedRequest(UserError):
    """A request that is answered with a 4xx status."""

    def __init__(self, status: int, code: str, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.problems = tuple(problems)


def answer(predictor: Predictor, body: bytes, content_type: str, accept: str) -> bytes:
    """Return the JSON document that answers a request.

    Raises
    ------
    RefusedRequest
        400, 406 or 415, whatever is wrong with the request.
    """
    media_type = _media_type(content_type)
    _check_accept(accept)
    try:
        text = body.decode("utf-8")
        predictions = predictor.label(_score(predictor, text, media_type))
    except UnicodeDecodeError as error:
        raise RefusedRequest(400, "invalid_encoding", "the body is not UTF-8 text") from error
    except InvalidRecords as error:
        raise RefusedRequest(400, "invalid_records", _summarise(error.problems), error.problems) from error
    return _format(predictions)


def format_error(error: RefusedRequest) -> bytes:
    """Return the JSON document of a refusal."""
    details = [
        {"record": problem.record, "column": problem.column, "message": problem.message}
        for problem in error.problems
    ]
    return json.dumps({"error": {"code": error.code, "message": str(error), "details": details}}).encode()


def _score(predictor: Predictor, text: str, media_type: str) -> Scores:
    if media_type == CSV:
        return predictor.score_matrix(parse_matrix(text.splitlines(), predictor.transform.names))
    records = _parse_records(text) if media_type == JSON else _parse_lines(text)
    if not records:
        raise RefusedRequest(400, "no_records", "the request holds no record")
    return predictor.score_table(check_records(records, predictor.transform.schema))


def _parse_records(text: str) -> Sequence[Any]:
    try:
        document = parse_json(text)
    except ValueError as error:
        raise RefusedRequest(400, "invalid_json", f"the body is not JSON: {error}") from error
    if isinstance(document, dict) and SINGLE_VALUE in document:
        if len(document) > 1 or not isinstance(document[SINGLE_VALUE], list):
            raise RefusedRequest(
                400, "invalid_json", f'"{SINGLE_VALUE}" must stand alone and be a list of records'
            )
        document = document[SINGLE_VALUE]
    if isinstance(document, dict):
        return [document]
    if isinstance(document, list):
        return document
    raise RefusedRequest(
        400, "invalid_json", "the body must be a record, a list of records or an object of instances"
    )


def _parse_lines(text: str) -> Sequence[Any]:
    records: list[Any] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            records.append(parse_json(line))
        except ValueError as error:
            problem = Problem(len(records), None, f"is not JSON: {error}")
            raise RefusedRequest(400, "invalid_json", "a line of the body is not JSON", [problem]) from error
    return records


def _media_type(content_type: str) -> str:
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [part.partition("=")[2].strip('"') for part in parameters if part.startswith("charset=")]
    if media_type not in (JSON, JSON_LINES, CSV) or any(
        charset not in ("utf-8", "us-ascii") for charset in charsets
    ):
        message = (
            f"content type {content_type!r} is not supported; use {JSON}, {JSON_LINES} or {CSV} in UTF-8"
        )
        raise RefusedRequest(415, "unsupported_media_type", message)
    return media_type


def _check_accept(accept: str) -> None:
    wanted = {part.split(";")[0].strip().lower() for part in accept.split(",")} - {""}
    if wanted and not wanted & {"*/*", "application/*", JSON}:
        raise RefusedRequest(406, "not_acceptable", f"the answer is {JSON}; {accept!r} cannot be produced")


def _summarise(problems: Sequence[Problem]) -> str:
    count = len(problems)
    return "1 problem with the records" if count == 1 else f"{count} problems with the records"


def _format(predictions: Sequence[Prediction]) -> bytes:
    entries = [{"score": prediction.score, "label": prediction.label} for prediction in predictions]
    return json.dumps({"predictions": entries}).encode()
