"""The model registry: groups, versions, approval; each change is an event, which starts whoever deploys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from moto.sagemaker.exceptions import ConflictException, ValidationError

from localaws.accounts import owner
from localaws.operations import Operation, Request
from localaws.runtime import runtime
from localaws.services.sagemaker import notices
from localaws.services.sagemaker.container_images import image_digest
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.resources import LOCK, Region, Resource, now, tag_map
from localaws.services.sagemaker.storage import Bucket, StorageError

EVENT_FIELDS = (
    "ModelPackageGroupName", "ModelPackageName", "ModelPackageVersion", "ModelPackageArn",
    "ModelPackageDescription", "CreationTime", "InferenceSpecification", "SourceAlgorithmSpecification",
    "ModelPackageStatus", "ModelPackageStatusDetails", "CertifyForMarketplace", "ModelApprovalStatus",
    "ApprovalDescription", "MetadataProperties", "ModelMetrics", "DriftCheckBaselines",
    "CustomerMetadataProperties", "SourceUri", "LastModifiedTime",
)  # fmt: skip
NOT_DESCRIBED = ("Tags", "ClientToken")


@dataclass(eq=False)
class Group(Resource):
    """A model package group.

    Attributes
    ----------
    last_version
        The highest version number ever given; a deleted one is not given again.
    policy
        The resource policy, empty for none.
    """

    last_version: int = 0
    policy: str = ""


def create_model_package_group(request: Request) -> dict[str, Any]:
    """Make an empty group."""
    region, name = _region(request), request.params["ModelPackageGroupName"]
    group = Group(
        region.arn("model-package-group", name),
        name,
        {
            "ModelPackageGroupName": name,
            "ModelPackageGroupArn": region.arn("model-package-group", name),
            "ModelPackageGroupDescription": request.params.get("ModelPackageGroupDescription"),
            "CreationTime": now(),
            "CreatedBy": {},
            "ModelPackageGroupStatus": "Completed",
        },
        request.params.get("Tags", []),
    )
    with LOCK:
        if name in region.table("model_package_groups"):
            raise ValidationError(f"Model Package Group already exists: {group.arn}")
        region.table("model_package_groups")[name] = group
    return {"ModelPackageGroupArn": group.arn}


def describe_model_package_group(request: Request) -> dict[str, Any]:
    """Return a group."""
    return dict(_group(request).detail)


def list_model_package_groups(request: Request) -> dict[str, Any]:
    """Return a page of groups."""
    groups = _region(request).table("model_package_groups").values()
    return listed(request.params, groups, "ModelPackageGroupSummaryList", _group_summary)


def _group_summary(group: Resource) -> dict[str, Any]:
    return {name: value for name, value in group.detail.items() if name != "CreatedBy"}


def delete_model_package_group(request: Request) -> None:
    """Delete an empty group."""
    region, group = _region(request), _group(request)
    with LOCK:
        if any(p.detail.get("ModelPackageGroupName") == group.name for p in _packages(region)):
            raise ConflictException(
                f"Model Package Group {group.arn} cannot be deleted: it still contains model packages."
            )
        region.table("model_package_groups").pop(group.name, None)


def put_model_package_group_policy(request: Request) -> dict[str, Any]:
    """Attach a resource policy to a group."""
    group = _group(request)
    group.policy = request.params["ResourcePolicy"]
    return {"ModelPackageGroupArn": group.arn}


def get_model_package_group_policy(request: Request) -> dict[str, Any]:
    """Return a group's resource policy."""
    group = _group(request)
    if not group.policy:
        raise ValidationError(f"Cannot find resource policy for Model Package Group {group.arn}.")
    return {"ResourcePolicy": group.policy}


def delete_model_package_group_policy(request: Request) -> None:
    """Remove a group's resource policy."""
    _group(request).policy = ""


def create_model_package(request: Request) -> dict[str, Any]:
    """Register a model: a new version of a group, or a package with a name of its own."""
    region, params = _region(request), dict(request.params)
    known = _by_token(region, params.get("ClientToken", ""))
    if known is not None:
        return {"ModelPackageArn": known.arn}
    detail = {key: value for key, value in params.items() if key not in NOT_DESCRIBED}
    if "InferenceSpecification" in params:
        detail["InferenceSpecification"] = _checked_specification(region, params["InferenceSpecification"])
    moment = now()
    detail |= {
        "CreationTime": moment,
        "LastModifiedTime": moment,
        "CreatedBy": {},
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": params.get("CertifyForMarketplace", False),
    }
    with LOCK:
        package = _named(region, params, detail)
        region.table("model_packages")[package.arn] = package
        region.backend.model_package_name_mapping[params.get("ClientToken", package.arn)] = package.arn
    _announce(region, package)
    return {"ModelPackageArn": package.arn}


def describe_model_package(request: Request) -> dict[str, Any]:
    """Return a package, by ARN or name."""
    return dict(find_package(_region(request), request.params["ModelPackageName"]).detail)


def batch_describe_model_package(request: Request) -> dict[str, Any]:
    """Return several packages, and an error for each that does not exist."""
    found, errors = {}, {}
    for arn in request.params["ModelPackageArnList"]:
        try:
            detail = find_package(_region(request), arn).detail
        except ValidationError as error:
            errors[arn] = {"ErrorCode": "ValidationException", "ErrorResponse": str(error)}
            continue
        found[arn] = dict(detail)
    return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": errors}


def update_model_package(request: Request) -> dict[str, Any]:
    """Approve, reject or annotate a package."""
    region, params = _region(request), request.params
    package = find_package(region, params["ModelPackageArn"])
    changes = {
        key: params[key]
        for key in ("ModelApprovalStatus", "ApprovalDescription", "SourceUri", "ModelLifeCycle")
        if key in params
    }
    if changes.get("ModelApprovalStatus") and "ModelPackageGroupName" not in package.detail:
        raise ValidationError("ModelApprovalStatus can be set on a versioned model package only.")
    with LOCK:
        properties = {
            **package.detail.get("CustomerMetadataProperties", {}),
            **params.get("CustomerMetadataProperties", {}),
        }
        for key in params.get("CustomerMetadataPropertiesToRemove", ()):
            properties.pop(key, None)
        if properties != package.detail.get("CustomerMetadataProperties", {}):
            changes["CustomerMetadataProperties"] = properties
        added = params.get("AdditionalInferenceSpecificationsToAdd", [])
        if added:
            present = package.detail.get("AdditionalInferenceSpecifications", [])
            changes["AdditionalInferenceSpecifications"] = [*present, *added]
        package.change(**changes, LastModifiedBy={})
    _announce(region, package, sorted(changes))
    return {"ModelPackageArn": package.arn}


def list_model_packages(request: Request) -> dict[str, Any]:
    """Return a page of packages: those of a group, or by type (named packages where nothing is asked for)."""
    params = request.params
    group = _group_name(params.get("ModelPackageGroupName", ""))
    kind = "Versioned" if group else params.get("ModelPackageType", "Unversioned")
    approval = params.get("ModelApprovalStatus")

    def wanted(package: Resource) -> bool:
        detail = package.detail
        versioned = "ModelPackageVersion" in detail
        return (
            (kind == "Both" or versioned == (kind == "Versioned"))
            and group in ("", detail.get("ModelPackageGroupName"))
            and approval in (None, detail.get("ModelApprovalStatus"))
        )

    region = _region(request)
    if group:
        _find_group(region, group)
    with LOCK:
        packages = [package for package in _packages(region) if wanted(package)]
    return listed(params, packages, "ModelPackageSummaryList", _summary)


def delete_model_package(request: Request) -> None:
    """Delete a package."""
    region = _region(request)
    package = find_package(region, request.params["ModelPackageName"])
    with LOCK:
        region.table("model_packages").pop(package.arn, None)


def find_package(region: Region, name: str) -> Resource:
    """Return the package of this ARN or name."""
    arn = name if name.startswith("arn:") else region.arn("model-package", name)
    # A version may be another account's, whose registry shares it.
    registry = Region(owner(arn), arn.split(":")[3])
    package: Resource | None = registry.table("model_packages").get(arn)
    if package is None:
        raise ValidationError(f"ModelPackage {arn} does not exist.")
    return package


def _named(region: Region, params: dict[str, Any], detail: dict[str, Any]) -> Resource:
    named, grouped = "ModelPackageName" in params, "ModelPackageGroupName" in params
    if named and grouped:
        raise ValidationError(
            "Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot determine "
            "which one to use."
        )
    if grouped:
        return _next_version(region, params, detail)
    if not named:
        raise ValidationError("Either ModelPackageName or ModelPackageGroupName must be provided.")
    name = params["ModelPackageName"]
    arn = region.arn("model-package", name)
    if arn in region.table("model_packages"):
        raise ConflictException(f"Model package already exists: {arn}")
    return Resource(arn, name, {**detail, "ModelPackageArn": arn}, params.get("Tags", []))


def _next_version(region: Region, params: dict[str, Any], detail: dict[str, Any]) -> Resource:
    group = _find_group(region, _group_name(params["ModelPackageGroupName"]))
    if params.get("Tags"):
        raise ValidationError(
            "Tags are not allowed on a model version: they belong to its model package group."
        )
    group.last_version += 1
    name = f"{group.name}/{group.last_version}"
    arn = region.arn("model-package", name)
    return Resource(
        arn,
        name,
        {
            **detail,
            "ModelPackageName": name,
            "ModelPackageArn": arn,
            "ModelPackageGroupName": group.name,
            "ModelPackageVersion": group.last_version,
            "ModelApprovalStatus": params.get("ModelApprovalStatus", "PendingManualApproval"),
        },
    )


def _checked_specification(region: Region, specification: dict[str, Any]) -> dict[str, Any]:
    bucket = Bucket(runtime().client("s3", region.name, account=region.account))
    containers = [_checked_container(region, bucket, item) for item in specification["Containers"]]
    return {**specification, "Containers": containers}


def _checked_container(region: Region, bucket: Bucket, container: dict[str, Any]) -> dict[str, Any]:
    checked = dict(container)
    if digest := image_digest(region, container.get("Image", "")):
        checked["ImageDigest"] = digest
    if "ModelDataUrl" in container:
        try:
            checked["ModelDataETag"] = bucket.etag(container["ModelDataUrl"])
        except StorageError as error:
            raise ValidationError(f"Could not find model data at {container['ModelDataUrl']}.") from error
    return checked


def _announce(region: Region, package: Resource, updated: list[str] | None = None) -> None:
    detail = {name: package.detail[name] for name in EVENT_FIELDS if name in package.detail}
    if updated is not None:
        detail["UpdatedModelPackageFields"] = updated
    detail["Tags"] = tag_map(package.tags)
    notices.send(region, "SageMaker Model Package State Change", [package.arn], detail, notices.iso)


def _by_token(region: Region, token: str) -> Resource | None:
    arn = region.backend.model_package_name_mapping.get(token, "")
    package: Resource | None = region.table("model_packages").get(arn)
    return package


def _packages(region: Region) -> list[Resource]:
    return list(region.table("model_packages").values())


def _group(request: Request) -> Group:
    return _find_group(_region(request), _group_name(request.params["ModelPackageGroupName"]))


def _find_group(region: Region, name: str) -> Group:
    group: Group | None = region.table("model_package_groups").get(name)
    if group is None:
        raise ValidationError(f"ModelPackageGroup {region.arn('model-package-group', name)} does not exist.")
    return group


def _group_name(name_or_arn: str) -> str:
    return re.sub(r"^arn:.*:model-package-group/", "", name_or_arn)


def _summary(package: Resource) -> dict[str, Any]:
    names = (
        "ModelPackageName", "ModelPackageGroupName", "ModelPackageVersion", "ModelPackageArn",
        "ModelPackageDescription", "CreationTime", "ModelPackageStatus", "ModelApprovalStatus",
    )  # fmt: skip
    return {name: package.detail[name] for name in names if name in package.detail}


def _region(request: Request) -> Region:
    return Region(request.account, request.region)


OPERATIONS: dict[str, Operation] = {
    "CreateModelPackageGroup": create_model_package_group,
    "DescribeModelPackageGroup": describe_model_package_group,
    "ListModelPackageGroups": list_model_package_groups,
    "DeleteModelPackageGroup": delete_model_package_group,
    "PutModelPackageGroupPolicy": put_model_package_group_policy,
    "GetModelPackageGroupPolicy": get_model_package_group_policy,
    "DeleteModelPackageGroupPolicy": delete_model_package_group_policy,
    "CreateModelPackage": create_model_package,
    "DescribeModelPackage": describe_model_package,
    "BatchDescribeModelPackage": batch_describe_model_package,
    "UpdateModelPackage": update_model_package,
    "ListModelPackages": list_model_packages,
    "DeleteModelPackage": delete_model_package,
}
