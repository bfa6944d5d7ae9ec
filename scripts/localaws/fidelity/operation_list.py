"""Which operations a service supports, approximates, leaves to moto or refuses: told by the installed server itself."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from dataclasses import dataclass
from functools import cache

from moto.backends import list_of_moto_modules
from moto.core.responses import BaseResponse
from moto.core.utils import camelcase_to_underscores

from localaws.api_calls import botocore_name, service_model
from localaws.coverage import Coverage, coverage_of


@dataclass(frozen=True)
class ServiceOperations:
    """The operations of one service, each in one of four lists.

    Attributes
    ----------
    supported
        Answered by localaws.
    approximated
        Answered by localaws, and how it differs.
    by_moto
        Answered by moto, which keeps what it is told and runs nothing.
    refused
        Answered with an error that names the operation.
    """

    name: str
    supported: list[str]
    approximated: dict[str, str]
    by_moto: list[str]
    refused: list[str]


def operations_of(service: str) -> ServiceOperations:
    """Return what becomes of each operation in botocore's model of a service."""
    known = coverage_of(service) or Coverage()
    names = sorted(service_model(service).operation_names)
    moto = {name for name in names if _moto_has(service, name)} - known.supported - known.refused
    return ServiceOperations(
        name=service,
        supported=sorted(known.supported - set(known.approximated)),
        approximated=dict(sorted(known.approximated.items())),
        by_moto=sorted(moto),
        refused=sorted(set(names) - known.supported - moto),
    )


def moto_services() -> list[str]:
    """Return the services (botocore's names) of which moto answers something."""
    return sorted(_response_classes())


def _moto_has(service: str, operation: str) -> bool:
    method = camelcase_to_underscores(operation)
    return any(hasattr(response, method) for response in _response_classes().get(service, ()))


@cache
def _response_classes() -> dict[str, list[type[BaseResponse]]]:
    found: dict[str, list[type[BaseResponse]]] = {}
    for module in list_of_moto_modules():
        name = botocore_name(module)
        # Some modules only rename another's.
        if name and importlib.util.find_spec(f"moto.{module}.responses"):
            responses = importlib.import_module(f"moto.{module}.responses")
            classes = [cls for _, cls in inspect.getmembers(responses, _is_response_class)]
            found.setdefault(name, []).extend(classes)
    return found


def _is_response_class(item: object) -> bool:
    return inspect.isclass(item) and issubclass(item, BaseResponse) and item is not BaseResponse
