"""CloudWatch alarms and dashboards, log groups and their policies, autoscaling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration


def _alarm(kind: str, put: str) -> Declaration:
    return Declaration(
        type=f"AWS::CloudWatch::{kind}",
        service="cloudwatch",
        name="AlarmName",
        name_limit=255,
        create=(Call(put, spread=True),),
        physical_id="p.AlarmName",
        update=(Call(put, spread=True),),
        delete=(Call("delete_alarms", {"AlarmNames": "[id]"}),),
        attributes={"Arn": "join(':', ['arn', partition, 'cloudwatch', region, account, 'alarm', id])"},
        aspects=(
            Aspect(
                ("Tags",),
                key="Key",
                whole=True,
                put=(Call("tag_resource", {"ResourceARN": "attributes.Arn", "Tags": "p.Tags"}),),
                remove=(Call("untag_resource", {"ResourceARN": "attributes.Arn", "TagKeys": "gone"}),),
                on_create=False,
            ),
        ),
    )


ALARM = _alarm("Alarm", "put_metric_alarm")
COMPOSITE_ALARM = _alarm("CompositeAlarm", "put_composite_alarm")

DASHBOARD = Declaration(
    type="AWS::CloudWatch::Dashboard",
    service="cloudwatch",
    name="DashboardName",
    name_limit=255,
    create=(Call("put_dashboard", spread=True),),
    physical_id="p.DashboardName",
    update=(Call("put_dashboard", spread=True),),
    delete=(Call("delete_dashboards", {"DashboardNames": "[id]"}),),
)

_GROUP = {"logGroupName": "id"}

LOG_GROUP = Declaration(
    type="AWS::Logs::LogGroup",
    service="logs",
    name="LogGroupName",
    name_limit=512,
    create=(Call("create_log_group", spread=True),),
    physical_id="p.LogGroupName",
    delete=(Call("delete_log_group", _GROUP),),
    attributes={"Arn": "join(':', ['arn', partition, 'logs', region, account, 'log-group', id, '*'])"},
    aspects=(
        Aspect(
            ("RetentionInDays",),
            put=(Call("put_retention_policy", {**_GROUP, "retentionInDays": "p.RetentionInDays"}),),
            remove=(Call("delete_retention_policy", _GROUP),),
        ),
        Aspect(
            ("KmsKeyId",),
            put=(Call("associate_kms_key", {**_GROUP, "kmsKeyId": "p.KmsKeyId"}),),
            remove=(Call("disassociate_kms_key", _GROUP),),
            on_create=False,
        ),
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(Call("tag_log_group", {**_GROUP, "tags": "p.Tags"}),),
            remove=(Call("untag_log_group", {**_GROUP, "tags": "gone"}),),
            on_create=False,
        ),
    ),
)

LOG_RESOURCE_POLICY = Declaration(
    type="AWS::Logs::ResourcePolicy",
    service="logs",
    create=(Call("put_resource_policy", spread=True),),
    physical_id="p.PolicyName",
    update=(Call("put_resource_policy", spread=True),),
    delete=(Call("delete_resource_policy", {"policyName": "id"}),),
)

METRIC_FILTER = Declaration(
    type="AWS::Logs::MetricFilter",
    service="logs",
    name="FilterName",
    name_limit=512,
    create=(Call("put_metric_filter", spread=True),),
    physical_id="p.FilterName",
    update=(Call("put_metric_filter", spread=True),),
    delete=(Call("delete_metric_filter", {"filterName": "id", "logGroupName": "p.LogGroupName"}),),
)

_TARGET = {
    "ServiceNamespace": "p.ServiceNamespace",
    "ResourceId": "p.ResourceId",
    "ScalableDimension": "p.ScalableDimension",
}

SCALABLE_TARGET = Declaration(
    type="AWS::ApplicationAutoScaling::ScalableTarget",
    service="application-autoscaling",
    create=(Call("register_scalable_target", spread=True),),
    physical_id="join('|', [p.ResourceId, p.ScalableDimension, p.ServiceNamespace])",
    update=(Call("register_scalable_target", spread=True),),
    delete=(Call("deregister_scalable_target", _TARGET),),
    attributes={"Id": "id"},
)


def _scaling_policy(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Split ScalingTargetId, which is a scalable target's ``Ref``."""
    target = properties.get("ScalingTargetId")
    if not target:
        return properties
    names = ("ResourceId", "ScalableDimension", "ServiceNamespace")
    return {**properties, **dict(zip(names, str(target).split("|"), strict=True))}


SCALING_POLICY = Declaration(
    type="AWS::ApplicationAutoScaling::ScalingPolicy",
    service="application-autoscaling",
    prepare=_scaling_policy,
    create=(Call("put_scaling_policy", spread=True),),
    physical_id="made.PolicyARN",
    update=(Call("put_scaling_policy", spread=True),),
    delete=(Call("delete_scaling_policy", {"PolicyName": "p.PolicyName", **_TARGET}),),
    attributes={"Arn": "id"},
    # Split by `_scaling_policy`.
    ignored=("ScalingTargetId",),
)

DECLARATIONS = (
    ALARM,
    COMPOSITE_ALARM,
    DASHBOARD,
    LOG_GROUP,
    LOG_RESOURCE_POLICY,
    METRIC_FILTER,
    SCALABLE_TARGET,
    SCALING_POLICY,
)
