"""IAM roles and policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration


def _role(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Path": "/", **properties}


ROLE = Declaration(
    type="AWS::IAM::Role",
    service="iam",
    name="RoleName",
    prepare=_role,
    create=(Call("create_role", spread=True),),
    physical_id="made.Role.RoleName",
    update=(
        Call(
            "update_role",
            {"RoleName": "id", "Description": "p.Description", "MaxSessionDuration": "p.MaxSessionDuration"},
        ),
        Call("update_assume_role_policy", {"RoleName": "id", "PolicyDocument": "p.AssumeRolePolicyDocument"}),
    ),
    delete=(Call("delete_role", {"RoleName": "id"}),),
    read=Call("get_role", {"RoleName": "id"}),
    attributes={"Arn": "read.Role.Arn", "RoleId": "read.Role.RoleId"},
    aspects=(
        Aspect(
            ("ManagedPolicyArns",),
            key="@",
            detach=True,
            put=(Call("attach_role_policy", {"RoleName": "id", "PolicyArn": "item"}),),
            remove=(Call("detach_role_policy", {"RoleName": "id", "PolicyArn": "item"}),),
        ),
        Aspect(
            ("Policies",),
            key="PolicyName",
            detach=True,
            put=(
                Call(
                    "put_role_policy",
                    {
                        "RoleName": "id",
                        "PolicyName": "item.PolicyName",
                        "PolicyDocument": "item.PolicyDocument",
                    },
                ),
            ),
            remove=(Call("delete_role_policy", {"RoleName": "id", "PolicyName": "item.PolicyName"}),),
        ),
        Aspect(
            ("PermissionsBoundary",),
            put=(
                Call(
                    "put_role_permissions_boundary",
                    {"RoleName": "id", "PermissionsBoundary": "p.PermissionsBoundary"},
                ),
            ),
            remove=(Call("delete_role_permissions_boundary", {"RoleName": "id"}),),
            on_create=False,
        ),
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(Call("tag_role", {"RoleName": "id", "Tags": "p.Tags"}),),
            remove=(Call("untag_role", {"RoleName": "id", "TagKeys": "gone"}),),
            on_create=False,
        ),
    ),
)


def _attachments(
    attach: str, detach: str, extra: Mapping[str, str], gone: Mapping[str, str]
) -> tuple[Aspect, ...]:
    return tuple(
        Aspect(
            (f"{kind}s",),
            key="@",
            detach=True,
            put=(Call(attach.format(kind.lower()), {f"{kind}Name": "item", **extra}),),
            remove=(Call(detach.format(kind.lower()), {f"{kind}Name": "item", **gone}),),
        )
        for kind in ("Role", "Group", "User")
    )


MANAGED_POLICY = Declaration(
    type="AWS::IAM::ManagedPolicy",
    service="iam",
    name="ManagedPolicyName",
    name_limit=128,
    create=(
        Call(
            "create_policy",
            {
                "PolicyName": "p.ManagedPolicyName",
                "PolicyDocument": "p.PolicyDocument",
                "Description": "p.Description",
                "Path": "p.Path",
            },
        ),
    ),
    physical_id="made.Policy.Arn",
    update=(
        Call("list_policy_versions", {"PolicyArn": "id"}, into="versions"),
        Call(
            "delete_policy_version",
            {"PolicyArn": "id", "VersionId": "item.VersionId"},
            each="versions.Versions[?!IsDefaultVersion]",
        ),
        Call(
            "create_policy_version",
            {"PolicyArn": "id", "PolicyDocument": "p.PolicyDocument", "SetAsDefault": "`true`"},
        ),
    ),
    delete=(
        Call("list_policy_versions", {"PolicyArn": "id"}, into="versions"),
        Call(
            "delete_policy_version",
            {"PolicyArn": "id", "VersionId": "item.VersionId"},
            each="versions.Versions[?!IsDefaultVersion]",
        ),
        Call("delete_policy", {"PolicyArn": "id"}),
    ),
    read=Call("get_policy", {"PolicyArn": "id"}),
    attributes={
        "PolicyArn": "id",
        "PolicyId": "read.Policy.PolicyId",
        "DefaultVersionId": "read.Policy.DefaultVersionId",
    },
    aspects=_attachments("attach_{}_policy", "detach_{}_policy", {"PolicyArn": "id"}, {"PolicyArn": "id"}),
)


def _inline_calls(operation: str, source: str, extra: Mapping[str, str]) -> tuple[Call, ...]:
    """Return the calls that put or delete an inline policy for every role, group and user of ``source``."""
    return tuple(
        Call(
            operation.format(kind.lower()),
            {f"{kind}Name": "item", "PolicyName": f"{source}.PolicyName", **extra},
            each=f"{source}.{kind}s",
        )
        for kind in ("Role", "Group", "User")
    )


_PUT = _inline_calls("put_{}_policy", "p", {"PolicyDocument": "p.PolicyDocument"})

INLINE_POLICY = Declaration(
    type="AWS::IAM::Policy",
    service="iam",
    create=_PUT,
    physical_id="unique",
    # Everything anew: name, document and holders may all have changed.
    update=(*_inline_calls("delete_{}_policy", "old", {}), *_PUT),
    delete=_inline_calls("delete_{}_policy", "p", {}),
    attributes={"Id": "id"},
)

DECLARATIONS = (ROLE, MANAGED_POLICY, INLINE_POLICY)
