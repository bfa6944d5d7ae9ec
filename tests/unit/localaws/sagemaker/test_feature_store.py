"""A feature group keeps each record's latest event online, and all events as Parquet in S3."""

from __future__ import annotations

import io
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from .conftest import REGION, SageMaker

DEFINITIONS = [("phone", "String"), ("moment", "String"), ("minutes", "Fractional"), ("calls", "Integral")]


class Store:
    """A feature group and the client of its records."""

    def __init__(self, sagemaker: SageMaker, **changes: Any) -> None:
        self.sagemaker = sagemaker
        self.runtime = sagemaker.server.client("sagemaker-featurestore-runtime", REGION)
        request: dict[str, Any] = {
            "FeatureGroupName": "Customers",
            "RecordIdentifierFeatureName": "phone",
            "EventTimeFeatureName": "moment",
            "FeatureDefinitions": [{"FeatureName": name, "FeatureType": kind} for name, kind in DEFINITIONS],
            "OnlineStoreConfig": {"EnableOnlineStore": True},
            "OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "s3://data/store"}},
            "RoleArn": sagemaker.role,
        }
        sagemaker.client.create_feature_group(
            **{k: v for k, v in (request | changes).items() if v is not None}
        )

    def put(self, moment: str, minutes: str = "1.5", **more: str) -> None:
        values = {"phone": "1", "moment": moment, "minutes": minutes, **more}
        record = [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]
        self.runtime.put_record(FeatureGroupName="Customers", Record=record)

    def get(self, **more: Any) -> dict[str, str] | None:
        answer = self.runtime.get_record(
            FeatureGroupName="Customers", RecordIdentifierValueAsString="1", **more
        )
        if "Record" not in answer:
            return None
        return {each["FeatureName"]: each["ValueAsString"] for each in answer["Record"]}

    def events(self) -> list[dict[str, Any]]:
        """Return what the offline store has, in the order of the events."""
        group = self.sagemaker.client.describe_feature_group(FeatureGroupName="Customers")
        place = group["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
        prefix = place.removeprefix("s3://data/")
        found = self.sagemaker.s3.list_objects_v2(Bucket="data", Prefix=f"{prefix}/year=2026/")["Contents"]
        keys = sorted(each["Key"] for each in found)
        return [row for key in keys for row in pq.read_table(io.BytesIO(self.sagemaker.get(key))).to_pylist()]


def test_the_online_store_has_the_latest_event_and_the_offline_store_all(sagemaker: SageMaker) -> None:
    store = Store(sagemaker)
    store.put("2026-01-02T12:00:00Z", "2.5", calls="3")
    store.put("2026-01-01T12:00:00Z")
    assert store.get() == {"phone": "1", "moment": "2026-01-02T12:00:00Z", "minutes": "2.5", "calls": "3"}
    assert store.get(FeatureNames=["calls"]) == {"calls": "3"}
    first, second = store.events()
    assert (first["minutes"], first["calls"], second["minutes"], second["calls"]) == (1.5, None, 2.5, 3)
    assert {first["is_deleted"], second["is_deleted"]} == {False}


def test_a_deleted_record_is_gone_online_and_noted_offline(sagemaker: SageMaker) -> None:
    store = Store(sagemaker)
    store.put("2026-01-01T12:00:00Z")
    store.runtime.delete_record(
        FeatureGroupName="Customers", RecordIdentifierValueAsString="1", EventTime="2026-01-02T12:00:00Z"
    )
    assert store.get() is None
    store.put("2026-01-01T13:00:00Z")
    assert store.get() is None
    assert [each["is_deleted"] for each in store.events()] == [False, False, True]


def test_many_records_are_got_at_once(sagemaker: SageMaker) -> None:
    store = Store(sagemaker)
    store.put("2026-01-01T12:00:00Z")
    asked = [
        {
            "FeatureGroupName": "Customers",
            "RecordIdentifiersValueAsString": ["1", "2"],
            "FeatureNames": ["minutes"],
        },
        {"FeatureGroupName": "Absent", "RecordIdentifiersValueAsString": ["1"]},
    ]
    answer = store.runtime.batch_get_record(Identifiers=asked)
    (found,) = answer["Records"]
    assert found["Record"] == [{"FeatureName": "minutes", "ValueAsString": "1.5"}]
    (error,) = answer["Errors"]
    assert error["FeatureGroupName"] == "Absent"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"moment": "yesterday"}, "moment is 'yesterday', not a time like"),
        ({"moment": "2026-01-01T12:00:00Z", "minutes": "many"}, "minutes is 'many', which is not Fractional"),
        ({"moment": "2026-01-01T12:00:00Z", "age": "1"}, "age is not among the features"),
        ({"moment": "2026-01-01T12:00:00Z", "phone": ""}, "the record has no value of phone"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(
    sagemaker: SageMaker, values: dict[str, str], words: str
) -> None:
    store = Store(sagemaker)
    with pytest.raises(ClientError, match=words):
        store.put(**values)


def test_a_store_without_its_other_half_works_alone(sagemaker: SageMaker) -> None:
    store = Store(sagemaker, OnlineStoreConfig=None)
    store.put("2026-01-01T12:00:00Z")
    assert len(store.events()) == 1
    with pytest.raises(ClientError, match="no online store"):
        store.get()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"RecordIdentifierFeatureName": "id"}, "RecordIdentifierFeatureName id is not among"),
        ({"OnlineStoreConfig": None, "OfflineStoreConfig": None}, "must be there"),
        ({"RoleArn": "arn:aws:iam::123456789012:role/nobody"}, "Could not assume role"),
        (
            {
                "OfflineStoreConfig": {
                    "S3StorageConfig": {"S3Uri": "s3://data/x"},
                    "TableFormat": "Iceberg",
                }
            },
            "TableFormat Iceberg",
        ),
    ],
)
def test_a_group_that_cannot_be_is_refused(sagemaker: SageMaker, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match=words):
        Store(sagemaker, **changes)


def test_groups_are_listed_and_deleted_and_records_need_one(sagemaker: SageMaker) -> None:
    store = Store(sagemaker)
    with pytest.raises(ClientError, match="already exists"):
        Store(sagemaker)
    (summary,) = sagemaker.client.list_feature_groups(NameContains="cust")["FeatureGroupSummaries"]
    assert (summary["FeatureGroupName"], summary["FeatureGroupStatus"]) == ("Customers", "Created")
    sagemaker.client.delete_feature_group(FeatureGroupName="Customers")
    assert sagemaker.client.list_feature_groups()["FeatureGroupSummaries"] == []
    with pytest.raises(ClientError, match="ResourceNotFound"):
        store.get()
    with pytest.raises(ClientError, match="does not exist in region"):
        store.put("2026-01-01T12:00:00Z")


def test_any_credentials_do_as_for_other_calls(sagemaker: SageMaker) -> None:
    store = Store(sagemaker)
    store.put("2026-01-01T12:00:00Z")
    session = boto3.Session("test", "test", region_name=REGION)
    records = session.client("sagemaker-featurestore-runtime", endpoint_url=sagemaker.server.endpoint)
    answer = records.get_record(FeatureGroupName="Customers", RecordIdentifierValueAsString="1")
    assert len(answer["Record"]) == 3


def test_what_the_runtime_does_not_do_is_refused_by_name(sagemaker: SageMaker) -> None:
    store = Store(sagemaker)
    with pytest.raises(ClientError, match="localaws does not support ListRecords"):
        store.runtime.list_records(FeatureGroupName="Customers")
