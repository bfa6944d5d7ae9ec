"""DynamoDB tables, which moto keeps; event buses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localaws.services.cloudformation.intrinsics import text_of
from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration, Wait


def _table_tags() -> Aspect:
    arn = {"ResourceArn": "attributes.Arn"}
    return Aspect(
        ("Tags",),
        key="Key",
        whole=True,
        put=(Call("tag_resource", {**arn, "Tags": "p.Tags"}),),
        remove=(Call("untag_resource", {**arn, "TagKeys": "gone"}),),
        on_create=False,
    )


def _stream(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say that a stream is wanted, which a template says by naming its view."""
    if "StreamSpecification" not in properties:
        return properties
    return {**properties, "StreamSpecification": {"StreamEnabled": True, **properties["StreamSpecification"]}}


TABLE = Declaration(
    type="AWS::DynamoDB::Table",
    service="dynamodb",
    name="TableName",
    name_limit=255,
    prepare=_stream,
    create=(Call("create_table", spread=True),),
    physical_id="made.TableDescription.TableName",
    update=(Call("update_table", {"TableName": "id"}, spread=True),),
    delete=(Call("delete_table", {"TableName": "id"}),),
    read=Call("describe_table", {"TableName": "id"}),
    attributes={"Arn": "read.Table.TableArn", "StreamArn": "read.Table.LatestStreamArn"},
    wait=Wait("read.Table.TableStatus", ("ACTIVE",)),
    aspects=(_table_tags(),),
)


def _bus_policy(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    if "Policy" not in properties:
        return properties
    policy = properties["Policy"]
    return {**properties, "Policy": json.dumps(policy) if isinstance(policy, dict) else text_of(policy)}


EVENT_BUS = Declaration(
    type="AWS::Events::EventBus",
    service="events",
    prepare=_bus_policy,
    create=(Call("create_event_bus", {"Name": "p.Name", "Description": "p.Description", "Tags": "p.Tags"}),),
    physical_id="p.Name",
    delete=(Call("delete_event_bus", {"Name": "id"}),),
    read=Call("describe_event_bus", {"Name": "id"}),
    attributes={"Arn": "read.Arn"},
    aspects=(
        Aspect(("Policy",), put=(Call("put_permission", {"EventBusName": "id", "Policy": "p.Policy"}),)),
    ),
)

DECLARATIONS = (TABLE, EVENT_BUS)
