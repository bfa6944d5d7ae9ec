"""Checks a request against botocore's model as SageMaker's front door does; the operations then trust their input."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from botocore.model import Shape
from moto.core.utils import get_service_model
from moto.sagemaker.exceptions import ValidationError

from localaws.model_constraints import violations
from localaws.operations import Operation, Request
from localaws.services.sagemaker.volume_keys import refuse_keys_of_local_disks


def checked(name: str, operation: Operation) -> Operation:
    """Return ``operation`` preceded by the check of its parameters."""

    @functools.wraps(operation)
    def check_first(request: Request) -> Mapping[str, Any] | None:
        refuse_invalid(get_service_model("sagemaker").operation_model(name).input_shape, request.params)
        refuse_keys_of_local_disks(request.params)
        return operation(request)

    return check_first


def refuse_invalid(shape: Shape | None, params: Mapping[str, Any]) -> None:
    """Raise ValidationException with every constraint of ``shape`` that ``params`` break, in AWS's words."""
    if shape is None:
        return
    found = list(violations(shape, params, ""))
    if found:
        plural = "error" if len(found) == 1 else "errors"
        raise ValidationError(f"{len(found)} validation {plural} detected: {'; '.join(found)}")
