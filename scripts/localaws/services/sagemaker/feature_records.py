"""Records of feature groups in: the online store keeps each one's latest event, the offline store all, in S3."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from localaws.runtime import runtime
from localaws.services.sagemaker.feature_groups import FeatureGroup, StoredRecord, find_group
from localaws.services.sagemaker.resources import LOCK, Region, suffix
from localaws.services.sagemaker.storage import Bucket, StorageError

NUMBERS: Mapping[str, Callable[[str], float]] = {"Integral": int, "Fractional": float}
COLUMN_TYPES = {"Integral": pa.int64(), "Fractional": pa.float64(), "String": pa.string()}
ONLINE, OFFLINE = "OnlineStore", "OfflineStore"

Features = Sequence[Mapping[str, str]]


class RecordError(Exception):
    """A request that AWS refuses; ``code`` is the name of its error."""

    def __init__(self, message: str, code: str = "ValidationError") -> None:
        super().__init__(message)
        self.code = code


def group_of(region: Region, name: str) -> FeatureGroup:
    """Return the group of a name; the operations that have no ResourceNotFound say the same as ValidationError."""
    group = find_group(region, name)
    if group is None:
        raise RecordError(f"Feature Group with name: {name} does not exist in region {region.name}")
    return group


def put_record(region: Region, group: FeatureGroup, record: Features, stores: Collection[str]) -> None:
    """Keep an event of a record."""
    values = {each["FeatureName"]: each["ValueAsString"] for each in record}
    _check(group, values)
    _store(region, group, values, stores, deleted=False)


def delete_record(
    region: Region, group: FeatureGroup, identifier: str, event_time: str, stores: Collection[str]
) -> None:
    """Let a record be gone from an event on; the offline store notes it."""
    values = {
        group.detail["RecordIdentifierFeatureName"]: identifier,
        group.detail["EventTimeFeatureName"]: event_time,
    }
    _check(group, values)
    _store(region, group, values, stores, deleted=True)


def get_record(group: FeatureGroup, identifier: str, names: Collection[str]) -> list[dict[str, str]] | None:
    """Return a record's features, all or those of ``names``; None when there is no such record."""
    if not group.is_online:
        raise RecordError(f"Feature Group {group.name} has no online store.")
    if unknown := sorted({*names} - {*group.types}):
        raise RecordError(f"Feature Group {group.name} has no feature {', '.join(unknown)}.")
    found = group.records.get(identifier)
    if found is None or not found.features:
        return None
    return [
        {"FeatureName": name, "ValueAsString": value}
        for name, value in found.features.items()
        if not names or name in names
    ]


def _check(group: FeatureGroup, values: Mapping[str, str]) -> None:
    types = group.types
    if unknown := sorted({*values} - {*types}):
        raise RecordError(
            f"Validation Error: {', '.join(unknown)} is not among the features of {group.name}."
        )
    for key in ("RecordIdentifierFeatureName", "EventTimeFeatureName"):
        if not values.get(group.detail[key]):
            raise RecordError(f"Validation Error: the record has no value of {group.detail[key]} ({key}).")
    for name, value in values.items():
        try:
            NUMBERS.get(types[name], str)(value)
        except ValueError as error:
            raise RecordError(
                f"Validation Error: {name} is '{value}', which is not {types[name]}."
            ) from error
    _moment(group, values)


def _moment(group: FeatureGroup, values: Mapping[str, str]) -> float:
    """Return when the event was: seconds since 1970, or a time in ISO 8601."""
    name = group.detail["EventTimeFeatureName"]
    if group.types[name] == "Fractional":
        return float(values[name])
    try:
        return datetime.fromisoformat(values[name]).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise RecordError(
            f"Validation Error: {name} is '{values[name]}', not a time like 2026-01-31T12:00:00Z."
        ) from error


def _store(
    region: Region, group: FeatureGroup, values: Mapping[str, str], stores: Collection[str], *, deleted: bool
) -> None:
    moment = _moment(group, values)
    if group.offline and (not stores or OFFLINE in stores):
        _store_offline(region, group, values, moment, deleted)
    if group.is_online and (not stores or ONLINE in stores):
        identifier = values[group.detail["RecordIdentifierFeatureName"]]
        with LOCK:
            present = group.records.get(identifier)
            if present is None or present.event_time <= moment:
                group.records[identifier] = StoredRecord(moment, {} if deleted else dict(values))


def _store_offline(
    region: Region, group: FeatureGroup, values: Mapping[str, str], moment: float, deleted: bool
) -> None:
    happened = datetime.fromtimestamp(moment, UTC)
    folder = f"{happened:year=%Y/month=%m/day=%d/hour=%H}/{happened:%Y%m%dT%H%M%SZ}_{suffix(16)}.parquet"
    bucket = Bucket(runtime().client("s3", region.name, group.detail["RoleArn"]))
    try:
        bucket.write(
            f"{group.offline['ResolvedOutputS3Uri']}/{folder}",
            _parquet(group, values, deleted),
            group.offline.get("KmsKeyId", ""),
        )
    except StorageError as error:
        raise RecordError(str(error), "AccessForbidden") from error


def _parquet(group: FeatureGroup, values: Mapping[str, str], deleted: bool) -> bytes:
    written = datetime.now(UTC)
    columns: dict[str, Any] = {
        name: pa.array([NUMBERS.get(kind, str)(values[name]) if name in values else None], COLUMN_TYPES[kind])
        for name, kind in group.types.items()
    }
    columns |= {
        "write_time": pa.array([written], pa.timestamp("ms", "UTC")),
        "api_invocation_time": pa.array([written], pa.timestamp("ms", "UTC")),
        "is_deleted": pa.array([deleted]),
    }
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content, compression="snappy")
    return content.getvalue()
