"""Feature groups by API: definitions and stores come in, groups that take records go out (to `feature_records`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.sagemaker.exceptions import ResourceInUseException, ResourceNotFound, ValidationError

from localaws.operations import Operation, Request
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.resources import LOCK, Region, Resource, now
from localaws.services.sagemaker.roles import require_role

DATABASE = {"Catalog": "AwsDataCatalog", "Database": "sagemaker_featurestore"}


@dataclass(frozen=True)
class StoredRecord:
    """What a record's latest event says; without features when it was deleted."""

    event_time: float
    features: Mapping[str, str]


@dataclass(eq=False)
class FeatureGroup(Resource):
    """A feature group and its online store: records by the value of their identifier."""

    records: dict[str, StoredRecord] = field(default_factory=dict)

    @property
    def types(self) -> dict[str, str]:
        """Each feature's type."""
        return {each["FeatureName"]: each["FeatureType"] for each in self.detail["FeatureDefinitions"]}

    @property
    def is_online(self) -> bool:
        """It has an online store."""
        return bool(self.detail.get("OnlineStoreConfig", {}).get("EnableOnlineStore"))

    @property
    def offline(self) -> Mapping[str, Any]:
        """Where its offline store is, empty without one."""
        found: Mapping[str, Any] = self.detail.get("OfflineStoreConfig", {}).get("S3StorageConfig", {})
        return found


def create_feature_group(request: Request) -> dict[str, Any]:
    """CreateFeatureGroup."""
    region, params = Region(request.account, request.region), dict(request.params)
    name = params["FeatureGroupName"]
    _refuse_unsupported(params)
    _check_definitions(params)
    offline = params.get("OfflineStoreConfig")
    if offline:
        require_role(region, params.get("RoleArn", ""))
        params["OfflineStoreConfig"] = _resolved(region, name, offline)
    arn = region.arn("feature-group", name.lower())
    detail = {key: value for key, value in params.items() if key != "Tags"} | {
        "FeatureGroupArn": arn,
        "FeatureGroupStatus": "Created",
        "CreationTime": now(),
    }
    if offline:
        detail["OfflineStoreStatus"] = {"Status": "Active"}
    with LOCK:
        if arn in region.table("feature_groups"):
            raise ResourceInUseException(
                f"Resource Already Exists: FeatureGroup with name {name} already exists."
            )
        region.table("feature_groups")[arn] = FeatureGroup(arn, name, detail, list(params.get("Tags") or []))
    return {"FeatureGroupArn": arn}


def describe_feature_group(request: Request) -> dict[str, Any]:
    """DescribeFeatureGroup."""
    return {**_named(request).detail, "NextToken": ""}


def delete_feature_group(request: Request) -> None:
    """DeleteFeatureGroup; what is in the offline store stays."""
    group = _named(request)
    with LOCK:
        del Region(request.account, request.region).table("feature_groups")[group.arn]


def list_feature_groups(request: Request) -> dict[str, Any]:
    """ListFeatureGroups."""
    params = dict(request.params)
    if "FeatureGroupStatusEquals" in params:
        params["StatusEquals"] = params.pop("FeatureGroupStatusEquals")
    groups = Region(request.account, request.region).table("feature_groups").values()
    return listed(
        params, groups, "FeatureGroupSummaries", _summary, lambda each: each.detail["FeatureGroupStatus"]
    )


def find_group(region: Region, name: str) -> FeatureGroup | None:
    """Return the group of a name or ARN, None when there is none."""
    arn = name if name.startswith("arn:") else region.arn("feature-group", name.lower())
    group: FeatureGroup | None = region.table("feature_groups").get(arn)
    return group


def _named(request: Request) -> FeatureGroup:
    name = request.params["FeatureGroupName"]
    group = find_group(Region(request.account, request.region), name)
    if group is None:
        raise ResourceNotFound(
            f"Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name {name}"
        )
    return group


def _summary(group: FeatureGroup) -> dict[str, Any]:
    names = (
        "FeatureGroupName",
        "FeatureGroupArn",
        "CreationTime",
        "FeatureGroupStatus",
        "OfflineStoreStatus",
    )
    return {name: group.detail[name] for name in names if name in group.detail}


def _refuse_unsupported(params: Mapping[str, Any]) -> None:
    online, offline = params.get("OnlineStoreConfig", {}), params.get("OfflineStoreConfig", {})
    if any("CollectionType" in each for each in params["FeatureDefinitions"]):
        raise ValidationError("localaws does not support CollectionType of features.")
    if online.get("TtlDuration"):
        raise ValidationError("localaws does not support TtlDuration of an online store.")
    if offline.get("TableFormat", "Glue") != "Glue":
        raise ValidationError(f"localaws does not support TableFormat {offline['TableFormat']}.")


def _check_definitions(params: Mapping[str, Any]) -> None:
    names = [each["FeatureName"] for each in params["FeatureDefinitions"]]
    if len({*names}) != len(names):
        raise ValidationError("Validation Error: FeatureDefinitions have a name twice.")
    for key in ("RecordIdentifierFeatureName", "EventTimeFeatureName"):
        if params[key] not in names:
            raise ValidationError(
                f"Validation Error: {key} {params[key]} is not among the FeatureDefinitions."
            )
    if not params.get("OnlineStoreConfig", {}).get("EnableOnlineStore") and not params.get(
        "OfflineStoreConfig"
    ):
        raise ValidationError(
            "Validation Error: Either OnlineStoreConfig with EnableOnlineStore or OfflineStoreConfig must be there."
        )


def _resolved(region: Region, name: str, offline: Mapping[str, Any]) -> dict[str, Any]:
    """Return where the offline store is, as AWS finds places and names."""
    moment = int(now().timestamp())
    storage = offline["S3StorageConfig"]
    below = f"{region.account}/sagemaker/{region.name}/offline-store/{name}-{moment}/data"
    resolved: dict[str, Any] = {
        **offline,
        "S3StorageConfig": {**storage, "ResolvedOutputS3Uri": f"{storage['S3Uri'].rstrip('/')}/{below}"},
    }
    if not offline.get("DisableGlueTableCreation"):
        table = f"{name.replace('-', '_').lower()}_{moment}"
        resolved.setdefault("DataCatalogConfig", {"TableName": table, **DATABASE})
    return resolved


OPERATIONS: dict[str, Operation] = {
    "CreateFeatureGroup": create_feature_group,
    "DescribeFeatureGroup": describe_feature_group,
    "DeleteFeatureGroup": delete_feature_group,
    "ListFeatureGroups": list_feature_groups,
}
