"""Keeps the permissions boundaries of IAM users, which moto 5.2.5 overlooks; the guard holds users to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.iam.models import IAMBackend, User, iam_backends
from moto.iam.responses import IamResponse

from localaws.operations import Operation, Request, graft

_create_user = IamResponse.create_user


def create_user(self: IamResponse) -> ActionResult:
    """Answer CreateUser."""
    boundary = self._get_param("PermissionsBoundary")
    if boundary:
        _check(self.backend, boundary)
    answer: Any = _create_user(self)
    _bound(answer.result["User"], boundary)
    return answer  # type: ignore[no-any-return]


def put_user_permissions_boundary(request: Request) -> None:
    """Bound a user by a managed policy."""
    backend = iam_backends[request.account][request.partition]
    _check(backend, request.params["PermissionsBoundary"])
    _bound(backend.get_user(request.params["UserName"]), request.params["PermissionsBoundary"])


def delete_user_permissions_boundary(request: Request) -> None:
    """Free a user of its boundary."""
    backend = iam_backends[request.account][request.partition]
    _bound(backend.get_user(request.params["UserName"]), "")


def _bound(user: User, policy_arn: str) -> None:
    bounds = user.__dict__
    bounds["permissions_boundary_arn"] = policy_arn or ""
    bounds["permissions_boundary"] = (
        {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": policy_arn}
        if policy_arn
        else None
    )


def _check(backend: IAMBackend, policy_arn: str) -> None:
    if policy_arn not in backend.managed_policies:
        raise ServiceException(
            "NoSuchEntity", f"Scope ARN: {policy_arn} does not exist or is not attachable."
        )


OPERATIONS: Mapping[str, Operation] = {
    "DeleteUserPermissionsBoundary": delete_user_permissions_boundary,
    "PutUserPermissionsBoundary": put_user_permissions_boundary,
}


def install() -> None:
    """Put the operations into moto's IAM."""
    IamResponse.create_user = create_user  # type: ignore[method-assign]
    graft(IamResponse, "iam", OPERATIONS)
