"""Tells whether SageMaker may act as a role: it must exist and trust sagemaker.amazonaws.com."""

from __future__ import annotations

import json
from typing import Any

from moto.iam.models import iam_backends
from moto.sagemaker.exceptions import ValidationError
from moto.utilities.utils import get_partition

from localaws.services.sagemaker.resources import Region

PRINCIPAL = "sagemaker.amazonaws.com"


def require_role(region: Region, arn: str) -> None:
    """Raise ValidationException when SageMaker cannot assume the role ``arn``."""
    roles = iam_backends[region.account][get_partition(region.name)].roles.values()
    trusted = any(role.arn == arn and _trusts(role.assume_role_policy_document) for role in roles)
    if not trusted:
        raise ValidationError(
            f"Could not assume role {arn}. Please ensure that the role exists and allows principal "
            f"'{PRINCIPAL}' to assume the role."
        )


def _trusts(document: str) -> bool:
    statements = json.loads(document).get("Statement", [])
    return any(_allows(statement) for statement in _as_list(statements))


def _allows(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    services = _as_list(principal.get("Service", [])) if isinstance(principal, dict) else [principal]
    return statement.get("Effect") == "Allow" and (PRINCIPAL in services or "*" in services)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
