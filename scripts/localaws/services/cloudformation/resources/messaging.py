"""EventBridge rules, SNS topics, SQS queues, and what is allowed on them."""

from __future__ import annotations

from localaws.services.cloudformation.resources.table import TAGS_OF_ARN, Aspect, Call, Declaration

RULE = Declaration(
    type="AWS::Events::Rule",
    service="events",
    name="Name",
    create=(Call("put_rule", spread=True),),
    physical_id="p.EventBusName && p.EventBusName != 'default' && join('|', [p.EventBusName, p.Name]) || p.Name",
    update=(Call("put_rule", spread=True),),
    delete=(Call("delete_rule", {"Name": "p.Name", "EventBusName": "p.EventBusName"}),),
    read=Call("describe_rule", {"Name": "p.Name", "EventBusName": "p.EventBusName"}),
    attributes={"Arn": "read.Arn"},
    aspects=(
        Aspect(
            ("Targets",),
            key="Id",
            detach=True,
            put=(
                Call(
                    "put_targets", {"Rule": "p.Name", "EventBusName": "p.EventBusName", "Targets": "[item]"}
                ),
            ),
            remove=(
                Call(
                    "remove_targets",
                    {
                        "Rule": "p.Name",
                        "EventBusName": "p.EventBusName",
                        "Ids": "[item.Id]",
                    },
                ),
            ),
        ),
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


def _topic_attribute(name: str) -> Aspect:
    value = {"TopicArn": "id", "AttributeName": f"'{name}'"}
    return Aspect(
        (name,),
        put=(Call("set_topic_attributes", {**value, "AttributeValue": f"to_string(p.{name})"}),),
        remove=(Call("set_topic_attributes", {**value, "AttributeValue": "''"}),),
        on_create=False,
    )


_TOPIC_ATTRIBUTES = (
    "DisplayName",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
    "ContentBasedDeduplication",
)

TOPIC = Declaration(
    type="AWS::SNS::Topic",
    service="sns",
    name="TopicName",
    name_limit=256,
    create=(
        Call(
            "create_topic",
            {
                "Name": "p.TopicName",
                "Attributes": "{FifoTopic: p.FifoTopic, "
                + ", ".join(f"{name}: p.{name}" for name in _TOPIC_ATTRIBUTES)
                + "}",
                "Tags": "p.Tags",
            },
        ),
    ),
    physical_id="made.TopicArn",
    delete=(Call("delete_topic", {"TopicArn": "id"}),),
    attributes={"TopicArn": "id"},
    aspects=(
        *(_topic_attribute(name) for name in _TOPIC_ATTRIBUTES),
        # Subscriptions go when the topic does; AWS too leaves those that an update takes out of this list.
        Aspect(
            ("Subscription",),
            key="join('|', [Protocol, Endpoint])",
            put=(
                Call(
                    "subscribe", {"TopicArn": "id", "Protocol": "item.Protocol", "Endpoint": "item.Endpoint"}
                ),
            ),
        ),
        TAGS_OF_ARN,
    ),
)

_PUT_TOPIC_POLICY = Call(
    "set_topic_attributes",
    {"TopicArn": "item", "AttributeName": "'Policy'", "AttributeValue": "p.PolicyDocument"},
    each="p.Topics",
)

_DEFAULT_TOPIC_POLICY = (
    "{Version: '2008-10-17', Id: '__default_policy_ID', Statement: [{Sid: '__default_statement_ID', "
    "Effect: 'Allow', Principal: {AWS: '*'}, Action: ['SNS:GetTopicAttributes', 'SNS:SetTopicAttributes', "
    "'SNS:AddPermission', 'SNS:RemovePermission', 'SNS:DeleteTopic', 'SNS:Subscribe', "
    "'SNS:ListSubscriptionsByTopic', 'SNS:Publish'], Resource: item, "
    'Condition: {StringEquals: {"AWS:SourceOwner": account}}}]}'
)

TOPIC_POLICY = Declaration(
    type="AWS::SNS::TopicPolicy",
    service="sns",
    create=(_PUT_TOPIC_POLICY,),
    physical_id="unique",
    attributes={"Id": "id"},
    update=(_PUT_TOPIC_POLICY,),
    # SNS has no call to delete a policy: the topic gets back the one that it was born with.
    delete=(
        Call(
            "set_topic_attributes",
            {"TopicArn": "item", "AttributeName": "'Policy'", "AttributeValue": _DEFAULT_TOPIC_POLICY},
            each="p.Topics",
        ),
    ),
)


def _subscription_attribute(name: str) -> Aspect:
    value = {"SubscriptionArn": "id", "AttributeName": f"'{name}'"}
    return Aspect(
        (name,),
        put=(Call("set_subscription_attributes", {**value, "AttributeValue": f"to_string(p.{name})"}),),
        remove=(Call("set_subscription_attributes", {**value, "AttributeValue": "''"}),),
    )


SUBSCRIPTION = Declaration(
    type="AWS::SNS::Subscription",
    service="sns",
    create=(
        Call(
            "subscribe",
            {
                "TopicArn": "p.TopicArn",
                "Protocol": "p.Protocol",
                "Endpoint": "p.Endpoint",
                "ReturnSubscriptionArn": "`true`",
            },
        ),
    ),
    physical_id="made.SubscriptionArn",
    delete=(Call("unsubscribe", {"SubscriptionArn": "id"}),),
    attributes={"Arn": "id"},
    aspects=tuple(
        _subscription_attribute(name)
        for name in (
            "DeliveryPolicy",
            "FilterPolicy",
            "FilterPolicyScope",
            "RawMessageDelivery",
            "RedrivePolicy",
            "SubscriptionRoleArn",
        )
    ),
)

_QUEUE_SETTINGS = (
    "ContentBasedDeduplication",
    "DelaySeconds",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)
_QUEUE_VALUES = ", ".join(f"{name}: p.{name}" for name in _QUEUE_SETTINGS)

QUEUE = Declaration(
    type="AWS::SQS::Queue",
    service="sqs",
    name="QueueName",
    name_limit=80,
    create=(
        Call(
            "create_queue",
            {
                "QueueName": "p.QueueName",
                "Attributes": f"{{FifoQueue: p.FifoQueue, {_QUEUE_VALUES}}}",
                "tags": "p.Tags",
            },
        ),
    ),
    physical_id="made.QueueUrl",
    update=(Call("set_queue_attributes", {"QueueUrl": "id", "Attributes": f"{{{_QUEUE_VALUES}}}"}),),
    delete=(Call("delete_queue", {"QueueUrl": "id"}),),
    read=Call("get_queue_attributes", {"QueueUrl": "id", "AttributeNames": "['QueueArn']"}),
    attributes={"Arn": "read.Attributes.QueueArn", "QueueUrl": "id"},
    aspects=(
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(Call("tag_queue", {"QueueUrl": "id", "Tags": "p.Tags"}),),
            remove=(Call("untag_queue", {"QueueUrl": "id", "TagKeys": "gone"}),),
            on_create=False,
        ),
    ),
)

_PUT_QUEUE_POLICY = Call(
    "set_queue_attributes", {"QueueUrl": "item", "Attributes": "{Policy: p.PolicyDocument}"}, each="p.Queues"
)

QUEUE_POLICY = Declaration(
    type="AWS::SQS::QueuePolicy",
    service="sqs",
    create=(_PUT_QUEUE_POLICY,),
    physical_id="unique",
    attributes={"Id": "id"},
    update=(_PUT_QUEUE_POLICY,),
    delete=(
        Call("set_queue_attributes", {"QueueUrl": "item", "Attributes": "{Policy: ''}"}, each="p.Queues"),
    ),
)

DECLARATIONS = (RULE, TOPIC, TOPIC_POLICY, SUBSCRIPTION, QUEUE, QUEUE_POLICY)
