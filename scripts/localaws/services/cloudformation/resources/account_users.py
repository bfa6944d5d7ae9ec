"""IAM users, groups and instance profiles."""

from __future__ import annotations

from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration


def _policies(kind: str) -> tuple[Aspect, Aspect]:
    """Return the managed and inline policies of a user or group."""
    holder, noun = {f"{kind}Name": "id"}, kind.lower()
    inline = {**holder, "PolicyName": "item.PolicyName"}
    return (
        Aspect(
            ("ManagedPolicyArns",),
            key="@",
            detach=True,
            put=(Call(f"attach_{noun}_policy", {**holder, "PolicyArn": "item"}),),
            remove=(Call(f"detach_{noun}_policy", {**holder, "PolicyArn": "item"}),),
        ),
        Aspect(
            ("Policies",),
            key="PolicyName",
            detach=True,
            put=(Call(f"put_{noun}_policy", {**inline, "PolicyDocument": "item.PolicyDocument"}),),
            remove=(Call(f"delete_{noun}_policy", inline),),
        ),
    )


USER = Declaration(
    type="AWS::IAM::User",
    service="iam",
    name="UserName",
    create=(Call("create_user", spread=True),),
    physical_id="made.User.UserName",
    delete=(Call("delete_user", {"UserName": "id"}),),
    read=Call("get_user", {"UserName": "id"}),
    attributes={"Arn": "read.User.Arn"},
    aspects=(
        *_policies("User"),
        Aspect(
            ("PermissionsBoundary",),
            put=(
                Call(
                    "put_user_permissions_boundary",
                    {"UserName": "id", "PermissionsBoundary": "p.PermissionsBoundary"},
                ),
            ),
            remove=(Call("delete_user_permissions_boundary", {"UserName": "id"}),),
            on_create=False,
        ),
        Aspect(
            ("Groups",),
            key="@",
            detach=True,
            put=(Call("add_user_to_group", {"UserName": "id", "GroupName": "item"}),),
            remove=(Call("remove_user_from_group", {"UserName": "id", "GroupName": "item"}),),
        ),
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(Call("tag_user", {"UserName": "id", "Tags": "p.Tags"}),),
            remove=(Call("untag_user", {"UserName": "id", "TagKeys": "gone"}),),
            on_create=False,
        ),
    ),
)

GROUP = Declaration(
    type="AWS::IAM::Group",
    service="iam",
    name="GroupName",
    name_limit=128,
    create=(Call("create_group", spread=True),),
    physical_id="made.Group.GroupName",
    delete=(Call("delete_group", {"GroupName": "id"}),),
    read=Call("get_group", {"GroupName": "id"}),
    attributes={"Arn": "read.Group.Arn"},
    aspects=_policies("Group"),
)

INSTANCE_PROFILE = Declaration(
    type="AWS::IAM::InstanceProfile",
    service="iam",
    name="InstanceProfileName",
    name_limit=128,
    create=(Call("create_instance_profile", spread=True),),
    physical_id="made.InstanceProfile.InstanceProfileName",
    delete=(Call("delete_instance_profile", {"InstanceProfileName": "id"}),),
    read=Call("get_instance_profile", {"InstanceProfileName": "id"}),
    attributes={"Arn": "read.InstanceProfile.Arn"},
    aspects=(
        Aspect(
            ("Roles",),
            key="@",
            detach=True,
            put=(Call("add_role_to_instance_profile", {"InstanceProfileName": "id", "RoleName": "item"}),),
            remove=(
                Call("remove_role_from_instance_profile", {"InstanceProfileName": "id", "RoleName": "item"}),
            ),
        ),
    ),
)

DECLARATIONS = (USER, GROUP, INSTANCE_PROFILE)
