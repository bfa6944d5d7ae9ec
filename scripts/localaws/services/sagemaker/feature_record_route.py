"""The Feature Store's runtime API, which moto lacks: HTTP requests in, records to and from their stores out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from moto.iam.models import get_account_id_from
from werkzeug import Request, Response

from localaws import coverage, routes, strict
from localaws.api_calls import service_model
from localaws.services.sagemaker.feature_records import (
    RecordError,
    delete_record,
    get_record,
    group_of,
    put_record,
)
from localaws.services.sagemaker.resources import Region
from localaws.settings import HostSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SERVICE = "sagemaker-featurestore-runtime"
PATH = r"/(FeatureGroup/[^/]+(/ListRecords|/Record)?|BatchGetRecord|BatchWriteRecord)$"
CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,]+)/\d+/(?P<region>[a-z0-9-]+)/")
APPROXIMATED = {
    "PutRecord": "the offline store has it at once, a file for each; times to live are refused",
    "DeleteRecord": "a hard deletion keeps nothing of the record's event time",
}
Answer = Mapping[str, Any] | None


def install() -> None:
    """Take the API's requests, at its real host as at a plain endpoint."""
    coverage.answers(SERVICE, OPERATIONS, APPROXIMATED)
    coverage.refuses(SERVICE, {*service_model(SERVICE).operation_names} - {*OPERATIONS})
    routes.add(application, path=PATH)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request; in strict mode the answer is held against its model."""
    answering = strict.checked(_answer, lambda _: SERVICE) if HostSettings().strict else _answer
    return answering(environ, start_response)


def _answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    request = Request(environ)
    try:
        operation = _operation(request)
        content = OPERATIONS[operation](_region(request), request)
        answer = Response(json.dumps(content) if content is not None else "", content_type="application/json")
    except RecordError as error:
        shape = service_model(SERVICE).shape_for(error.code)
        answer = Response(
            json.dumps({"Message": str(error)}),
            int(shape.metadata["error"]["httpStatusCode"]),
            {"x-amzn-ErrorType": error.code},
            content_type="application/json",
        )
    return answer(environ, start_response)


def _operation(request: Request) -> str:
    called = {
        name: service_model(SERVICE).operation_model(name).http
        for name in service_model(SERVICE).operation_names
    }
    for name, http in called.items():
        path = re.sub(r"\{\w+\}", "[^/]+", http["requestUri"])
        if request.method == http["method"] and re.fullmatch(path, request.path):
            if name in OPERATIONS:
                return name
            raise RecordError(f"localaws does not support {name}.")
    raise RecordError(f"{request.method} {request.path} is no operation of the Feature Store.")


def _region(request: Request) -> Region:
    match = CREDENTIAL.search(request.headers.get("Authorization", ""))
    if match is None:
        raise RecordError("The request is not signed.", "AccessForbidden")
    return Region(get_account_id_from(match["key"]), match["region"])


def _group_name(request: Request) -> str:
    return unquote(request.path.split("/", 2)[2])


def _put(region: Region, request: Request) -> Answer:
    given = json.loads(request.get_data() or b"{}")
    if given.get("TtlDuration"):
        raise RecordError("localaws does not support TtlDuration.")
    group = group_of(region, _group_name(request))
    put_record(region, group, given.get("Record", []), given.get("TargetStores", []))
    return None


def _get(region: Region, request: Request) -> Answer:
    try:
        group = group_of(region, _group_name(request))
    except RecordError as error:
        raise RecordError(str(error), "ResourceNotFound") from error
    identifier = request.args.get("RecordIdentifierValueAsString", "")
    found = get_record(group, identifier, request.args.getlist("FeatureName"))
    return {"Record": found} if found is not None else {}


def _delete(region: Region, request: Request) -> Answer:
    group = group_of(region, _group_name(request))
    identifier = request.args.get("RecordIdentifierValueAsString", "")
    stores = request.args.getlist("TargetStores")
    delete_record(region, group, identifier, request.args.get("EventTime", ""), stores)
    if request.args.get("DeletionMode") == "HardDelete":
        group.records.pop(identifier, None)
    return None


def _batch_get(region: Region, request: Request) -> Answer:
    records, errors = [], []
    for asked in json.loads(request.get_data() or b"{}").get("Identifiers", []):
        name = asked["FeatureGroupName"]
        for identifier in asked["RecordIdentifiersValueAsString"]:
            place = {"FeatureGroupName": name, "RecordIdentifierValueAsString": identifier}
            try:
                found = get_record(group_of(region, name), identifier, asked.get("FeatureNames", []))
            except RecordError as error:
                errors.append({**place, "ErrorCode": error.code, "ErrorMessage": str(error)})
                continue
            if found is not None:
                records.append({**place, "Record": found})
    return {"Records": records, "Errors": errors, "UnprocessedIdentifiers": []}


OPERATIONS: Mapping[str, Callable[[Region, Request], Answer]] = {
    "PutRecord": _put,
    "GetRecord": _get,
    "DeleteRecord": _delete,
    "BatchGetRecord": _batch_get,
}
