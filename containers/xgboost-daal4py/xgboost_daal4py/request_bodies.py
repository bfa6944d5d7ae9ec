"""A request's body and content type in, rows of features out; a body that is not what it claims is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from xgboost_daal4py.array_bodies import read_libsvm, read_npy, read_parquet
from xgboost_daal4py.errors import InvalidRecords, Problem, UserError
from xgboost_daal4py.features import FeatureTransform, Matrix
from xgboost_daal4py.matrix import parse_csv, parse_matrix
from xgboost_daal4py.media_types import CSV, JSON, JSON_LINES, LIBSVM, NPY, PARQUET, ContentType
from xgboost_daal4py.records import check_records, read_records
from xgboost_daal4py.refusals import RefusedRequest, refuse_records

INSTANCES = "instances"


def read_features(transform: FeatureTransform, body: bytes, content_type: ContentType) -> Matrix:
    """Return the features of every record of a request.

    Raises
    ------
    RefusedRequest
        400 or 413, whatever is wrong with the body.
    """
    try:
        if content_type.has_header and content_type.media_type == CSV:
            return _read_headed_csv(transform, body)
        return _READERS[content_type.media_type](transform, body)
    except UnicodeDecodeError as error:
        raise RefusedRequest(400, "invalid_encoding", "the body is not UTF-8 text") from error
    except InvalidRecords as error:
        raise refuse_records(error) from error


def _read_csv(transform: FeatureTransform, body: bytes) -> Matrix:
    return parse_csv(body, transform.names)


def _read_headed_csv(transform: FeatureTransform, body: bytes) -> Matrix:
    text = body.decode("utf-8")
    try:
        header = next(csv.reader(io.StringIO(text)), [])
        if tuple(name.strip() for name in header) == transform.names:
            return parse_matrix(io.StringIO(text.partition("\n")[2]), transform.names)
        return transform.transform(read_records(io.StringIO(text, newline=""), transform.schema))
    except InvalidRecords:
        raise
    except (UserError, csv.Error) as error:
        raise RefusedRequest(400, "invalid_csv", str(error)) from error


def _read_json(transform: FeatureTransform, body: bytes) -> Matrix:
    document = _parse(body)
    if isinstance(document, dict):
        document = document if INSTANCES not in document else _instances(document)
    if isinstance(document, dict):
        return _from_records(transform, [document])
    if isinstance(document, list):
        return _from_records(transform, document)
    message = "the body must be a record, a list of records or an object of instances"
    raise RefusedRequest(400, "invalid_json", message)


def _instances(document: Mapping[str, Any]) -> list[Any]:
    instances = document[INSTANCES]
    if len(document) > 1 or not isinstance(instances, list):
        message = f'"{INSTANCES}" must stand alone and be a list of records'
        raise RefusedRequest(400, "invalid_json", message)
    return instances


def _read_json_lines(transform: FeatureTransform, body: bytes) -> Matrix:
    records: list[Any] = []
    for line in io.BytesIO(body):
        if line.strip():
            try:
                records.append(orjson.loads(line))
            except ValueError as error:
                line.decode("utf-8")
                problem = Problem(len(records), None, f"is not JSON: {error}")
                message = "a line of the body is not JSON"
                raise RefusedRequest(400, "invalid_json", message, [problem]) from error
    return _from_records(transform, records)


def _read_parquet(transform: FeatureTransform, body: bytes) -> Matrix:
    content = read_parquet(body, transform.names)
    return _from_records(transform, content) if isinstance(content, list) else content


def _read_npy(transform: FeatureTransform, body: bytes) -> Matrix:
    return read_npy(body, transform.names)


def _read_libsvm(transform: FeatureTransform, body: bytes) -> Matrix:
    return read_libsvm(body, transform.names)


def _from_records(transform: FeatureTransform, records: Sequence[Any]) -> Matrix:
    if not records:
        raise RefusedRequest(400, "no_records", "the request holds no record")
    return transform.transform(check_records(records, transform.schema))


def _parse(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError as error:
        body.decode("utf-8")
        raise RefusedRequest(400, "invalid_json", f"the body is not JSON: {error}") from error


_READERS: Mapping[str, Callable[[FeatureTransform, bytes], Matrix]] = {
    JSON: _read_json,
    JSON_LINES: _read_json_lines,
    CSV: _read_csv,
    NPY: _read_npy,
    LIBSVM: _read_libsvm,
    PARQUET: _read_parquet,
}
