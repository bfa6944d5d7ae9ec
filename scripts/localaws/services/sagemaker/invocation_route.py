"""InvokeEndpoint at its real host name: a request comes in and goes to the endpoint without moto's way, which takes
longer than most models."""

from __future__ import annotations

import functools
import json
import re
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from moto.core.common_types import TYPE_RESPONSE
from moto.iam.models import get_account_id_from
from werkzeug import Request, Response

from localaws import routes, strict
from localaws.api_calls import service_model
from localaws.services.sagemaker.invocations import Invocation, InvocationError, invoke
from localaws.services.sagemaker.resources import Region
from localaws.settings import HostSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SERVICE = "sagemaker-runtime"
HOST = r"runtime\.sagemaker\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?"
PATH = r"/endpoints/[^/]+/invocations$"
_ACCESS_KEY = re.compile(r"Credential=([A-Z0-9]+)/")
_OWN_MEMBERS = ("OriginalStatusCode", "OriginalMessage", "LogStreamArn")


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer InvokeEndpoint; in strict mode the answer is held against its model."""
    return _checked()(environ, start_response)


def install() -> None:
    """Take the requests to the runtime's host; those to a plain endpoint are told by moto."""
    routes.add(application, host=HOST, path=PATH)


@functools.cache
def _checked() -> WSGIApplication:
    return strict.checked(_answer, lambda _: SERVICE) if HostSettings().strict else _answer


def _answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    request = Request(environ)
    key = _ACCESS_KEY.search(request.headers.get("Authorization", ""))
    account = get_account_id_from(key[1] if key else "")
    region = request.host.removeprefix("runtime.sagemaker.").partition(".")[0]
    body = request.get_data()
    call = Invocation(Region(account, region), request.path.split("/")[2], body, request.headers)
    try:
        status, headers, content = invoke(call)
    except InvocationError as error:
        status, headers, content = _refusal(error)
    answer = Response(content, status, {name: value for name, value in headers.items() if name != "status"})
    answer.headers["x-amzn-RequestId"] = str(uuid.uuid4())
    return answer(environ, start_response)


def _refusal(error: InvocationError) -> TYPE_RESPONSE:
    shape = service_model(SERVICE).shape_for(error.code)
    own = {name: getattr(error, name) for name in _OWN_MEMBERS if hasattr(error, name)}
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error.code}
    return (
        int(shape.metadata["error"]["httpStatusCode"]),
        headers,
        json.dumps({"Message": error.message, **own}),
    )
