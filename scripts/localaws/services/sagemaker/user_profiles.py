"""User profiles of Studio domains, which moto 5.2.5 lacks: kept, listed and tagged; no Studio opens for them."""

from __future__ import annotations

from typing import Any

from moto.sagemaker.exceptions import AWSValidationException, ResourceInUseException, ResourceNotFound
from moto.sagemaker.models import SageMakerModelBackend

from localaws.operations import Operation, Request
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.resources import LOCK, Region, Resource, now

_FIRST_USER = 200000
_init = SageMakerModelBackend.__init__


def _init_with_profiles(self: SageMakerModelBackend, *args: Any, **values: Any) -> None:
    _init(self, *args, **values)
    self.user_profiles = {}  # type: ignore[attr-defined]


def install() -> None:
    """Give moto's backend a table of user profiles."""
    SageMakerModelBackend.__init__ = _init_with_profiles  # type: ignore[method-assign]


def create_user_profile(request: Request) -> dict[str, Any]:
    """CreateUserProfile."""
    params, region = request.params, Region(request.account, request.region)
    domain, name = params["DomainId"], params["UserProfileName"]
    if domain not in region.table("domains"):
        raise AWSValidationException(f"Domain {domain} does not exist.")
    arn, profiles = region.arn("user-profile", f"{domain}/{name}"), region.table("user_profiles")
    with LOCK:
        if arn in profiles:
            raise ResourceInUseException(f"UserProfile {name} already exists.")
        detail = {key: value for key, value in params.items() if key != "Tags"} | {
            "UserProfileArn": arn,
            "HomeEfsFileSystemUid": str(_FIRST_USER + len(profiles)),
            "Status": "InService",
            "CreationTime": now(),
            "LastModifiedTime": now(),
        }
        profiles[arn] = Resource(arn, name, detail, list(params.get("Tags") or []))
    return {"UserProfileArn": arn}


def describe_user_profile(request: Request) -> dict[str, Any]:
    """DescribeUserProfile."""
    return dict(_found(request).detail)


def list_user_profiles(request: Request) -> dict[str, Any]:
    """ListUserProfiles."""
    params = dict(request.params)
    params["NameContains"] = params.pop("UserProfileNameContains", "")
    wanted = params.get("DomainIdEquals")
    profiles = Region(request.account, request.region).table("user_profiles").values()
    shown = ("DomainId", "UserProfileName", "Status", "CreationTime", "LastModifiedTime")
    return listed(
        params,
        [item for item in profiles if wanted in (None, item.detail["DomainId"])],
        "UserProfiles",
        lambda item: {name: item.detail[name] for name in shown},
    )


def update_user_profile(request: Request) -> dict[str, Any]:
    """UpdateUserProfile."""
    profile = _found(request)
    profile.change(UserSettings=request.params.get("UserSettings") or {})
    return {"UserProfileArn": profile.arn}


def delete_user_profile(request: Request) -> dict[str, Any]:
    """DeleteUserProfile."""
    profile = _found(request)
    with LOCK:
        del Region(request.account, request.region).table("user_profiles")[profile.arn]
    return {}


def _found(request: Request) -> Resource:
    params, region = request.params, Region(request.account, request.region)
    arn = region.arn("user-profile", f"{params['DomainId']}/{params['UserProfileName']}")
    profile: Resource | None = region.table("user_profiles").get(arn)
    if profile is None:
        raise ResourceNotFound(f"UserProfile {params['UserProfileName']} does not exist.")
    return profile


OPERATIONS: dict[str, Operation] = {
    "CreateUserProfile": create_user_profile,
    "DeleteUserProfile": delete_user_profile,
    "DescribeUserProfile": describe_user_profile,
    "ListUserProfiles": list_user_profiles,
    "UpdateUserProfile": update_user_profile,
}
