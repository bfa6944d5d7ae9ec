"""Repairs of moto's core that every service needs; what one service needs is repaired in its own module."""

from __future__ import annotations

from typing import Any

import moto.core.errors
from moto.core.config import default_user_config
from moto.core.model import ServiceModel

_service_model_of = moto.core.errors.get_exception_service_model


def _service_model(exception: Exception) -> ServiceModel | None:
    return None if exception.__module__.startswith("moto.core.") else _service_model_of(exception)


def _accept(*_: Any, **__: Any) -> None:
    """Accept error codes that a service's model does not list: refusals of ours and AWS's common errors."""


def install() -> None:
    """Repair moto 5.2.5.

    Serialising a plain ``moto.core.exceptions.ServiceException`` fails: its module is taken for the service ``core``.
    An error code outside of a service's model is warned about. IAM knows AWS's managed policies only when told to.
    """
    default_user_config.setdefault("iam", {})["load_aws_managed_policies"] = True
    for name, repair in (("get_exception_service_model", _service_model), ("warn", _accept)):
        setattr(moto.core.errors, name, repair)
