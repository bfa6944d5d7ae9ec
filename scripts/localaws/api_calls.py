"""Which operation a request asks for: its WSGI environment comes in, botocore's model of the operation goes out."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING

import botocore.loaders
from botocore.model import OperationModel, ServiceModel
from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import NotFound

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_LOADER = botocore.loaders.create_loader()
# moto's module names that are not botocore's without hyphens.
_NAMES = {"awslambda": "lambda", "s3bucket_path": "s3"}


def identify(environ: WSGIEnvironment, backend: str) -> OperationModel | None:
    """Return the operation that a request asks of a service, None when the model has none for it.

    Parameters
    ----------
    environ
        The request; a form in its body is read and put back.
    backend
        The service as moto calls it (``Application.get_application(environ).service``).
    """
    name = botocore_name(backend)
    if not name:
        return None
    readable = dict(environ)
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"], readable["wsgi.input"] = io.BytesIO(form), io.BytesIO(form)
    try:
        matched, _ = get_service_router(name).match(Request(readable))
    except (NotFound, NotImplementedError):
        return None
    # moto knows some that are no operation of the model: S3's upload by a form.
    model = service_model(name)
    return model.operation_model(matched.name) if matched.name in model.operation_names else None


@functools.cache
def service_model(name: str) -> ServiceModel:
    """Return botocore's model of a service, without moto's additions."""
    return ServiceModel(_LOADER.load_service_model(name, "service-2"), name)


@functools.cache
def botocore_name(backend: str) -> str:
    """Return the name of moto's service in botocore, empty when it has none."""
    names = {name.replace("-", ""): name for name in _LOADER.list_available_services("service-2")}
    return _NAMES.get(backend) or names.get(backend.replace("-", ""), "")
