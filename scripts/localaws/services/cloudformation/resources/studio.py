"""Studio domains and user profiles, which moto keeps: no Studio opens."""

from __future__ import annotations

from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration, Wait


def _tags(arn: str) -> Aspect:
    return Aspect(
        ("Tags",),
        key="Key",
        whole=True,
        put=(Call("add_tags", {"ResourceArn": arn, "Tags": "p.Tags"}),),
        remove=(Call("delete_tags", {"ResourceArn": arn, "TagKeys": "gone"}),),
        on_create=False,
    )


DOMAIN = Declaration(
    type="AWS::SageMaker::Domain",
    service="sagemaker",
    create=(Call("create_domain", spread=True),),
    physical_id="made.DomainId",
    delete=(Call("delete_domain", {"DomainId": "id"}),),
    read=Call("describe_domain", {"DomainId": "id"}),
    attributes={
        "DomainArn": "read.DomainArn",
        "DomainId": "id",
        "HomeEfsFileSystemId": "read.HomeEfsFileSystemId",
        "Url": "read.Url",
    },
    wait=Wait("read.Status", ("InService",), ("Failed",), "read.FailureReason"),
    aspects=(_tags("attributes.DomainArn"),),
)

_PROFILE = {"DomainId": "p.DomainId", "UserProfileName": "p.UserProfileName"}

USER_PROFILE = Declaration(
    type="AWS::SageMaker::UserProfile",
    service="sagemaker",
    create=(Call("create_user_profile", spread=True),),
    physical_id="made.UserProfileArn",
    delete=(Call("delete_user_profile", _PROFILE),),
    read=Call("describe_user_profile", _PROFILE),
    attributes={"UserProfileArn": "id"},
    wait=Wait("read.Status", ("InService",), ("Failed",), "read.FailureReason"),
    aspects=(_tags("id"),),
)

DECLARATIONS = (DOMAIN, USER_PROFILE)
