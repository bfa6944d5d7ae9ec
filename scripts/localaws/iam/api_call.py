"""Reads what a request asks of AWS: a WSGI environment comes in; service, operation and parameters go out."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.utilities.utils import get_partition
from werkzeug.exceptions import NotFound

from localaws.accounts import account_of
from localaws.iam.reference import mapping

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_CREDENTIAL = re.compile(
    r"(?P<key>[A-Z0-9]{16,128})/\d{8}/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request"
)
# Objects may be large, and nothing in their bytes says who may do what.
_WITHOUT_BODY = frozenset({"PutObject", "UploadPart"})
# Services that sign as another does, by the paths that are theirs.
_RUNTIMES = {
    "sagemaker": (
        ("sagemaker-runtime", re.compile(r"/endpoints/[^/]+/(async-)?invocations")),
        ("sagemaker-featurestore-runtime", re.compile(r"/(FeatureGroup/|Batch(Get|Write)Record$)")),
    )
}


class UnknownCall(Exception):
    """A signed request whose service or operation cannot be told."""


@dataclass(frozen=True)
class ApiCall:
    """A request to an AWS service.

    Attributes
    ----------
    service
        botocore's name of it.
    access_key
        The signer's; empty for an unsigned request.
    """

    service: str
    operation: str
    params: Mapping[str, Any]
    region: str
    access_key: str
    method: str = ""
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The account whose resources are meant."""
        return account_of(self.access_key)

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn`` ..."""
        return str(get_partition(self.region))


def read(environ: WSGIEnvironment) -> ApiCall | None:
    """Return the AWS API call of a request, None when it carries no signature of AWS's.

    The body is read and put back.
    """
    signed = _credential(environ)
    # Requests to REST APIs are verified and decided on where those are served.
    if signed is None or signed["service"] == "execute-api":
        return None
    name = mapping()["services"].get(signed["service"], signed["service"])
    path = environ.get("PATH_INFO", "")
    name = next((runtime for runtime, paths in _RUNTIMES.get(name, ()) if paths.match(path)), name)
    # S3's operations show in path and headers; those of other services may be in the body.
    body = b"" if name == "s3" else _body(environ)
    request = Request(environ | {"wsgi.input": io.BytesIO(body)})
    try:
        model = get_service_model(name)
        operation, found = get_service_router(name).match(request)
        protocol = determine_request_protocol(model, request.content_type)
    except (NotFound, NotImplementedError, UnknownServiceError) as error:
        raise UnknownCall(f"{name}: {environ['REQUEST_METHOD']} {path}") from error
    if name == "s3" and operation.name not in _WITHOUT_BODY:
        body = _body(environ)
    return ApiCall(
        service=name,
        operation=operation.name,
        params=_parameters(request, body, operation, found, protocol),
        region=signed["region"],
        access_key=signed["key"],
        method=request.method,
        path=request.raw_path,
        headers={key.lower(): value for key, value in request.headers.items()},
    )


def _credential(environ: WSGIEnvironment) -> re.Match[str] | None:
    header = environ.get("HTTP_AUTHORIZATION", "")
    if header.startswith("AWS4-"):
        return _CREDENTIAL.search(header)
    query = parse_qs(environ.get("QUERY_STRING", ""))
    return _CREDENTIAL.fullmatch(query.get("X-Amz-Credential", [""])[0])


def _parameters(
    request: Request, body: bytes, operation: OperationModel, found: Mapping[str, Any], protocol: str
) -> Mapping[str, Any]:
    parser = PROTOCOL_PARSERS[protocol](operation)
    parsed: Mapping[str, Any] = parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": body,
            "url_path": request.path,
            "url_params": dict(found),
        }
    )
    return parsed


def _body(environ: WSGIEnvironment) -> bytes:
    """Return the request's body and leave it to be read again."""
    length = environ.get("CONTENT_LENGTH") or ""
    stream = environ["wsgi.input"]
    # Without a length the server marks the end of a chunked body; a request with neither has none.
    chunked = environ.get("wsgi.input_terminated")
    body: bytes = stream.read(int(length)) if length.isdigit() else stream.read() if chunked else b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body
