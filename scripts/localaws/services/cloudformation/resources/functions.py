"""Lambda functions, versions, aliases, permissions and event invoke configs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration, Wait

# What Lambda puts beside inline code: the module that AWS documents for answering CloudFormation.
_CFNRESPONSE = '''"""Answers a custom-resource request, as the module that Lambda ships beside inline code."""

import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    """Put the answer to the request's ResponseURL."""
    answer = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    request = urllib.request.Request(
        event["ResponseURL"], data=json.dumps(answer).encode(), headers={"content-type": ""}, method="PUT"
    )
    urllib.request.urlopen(request)
'''


def _function(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    code = properties.get("Code", {})
    if "ZipFile" not in code:
        return properties
    return {**properties, "Code": {"ZipFile": _inline_archive(str(code["ZipFile"]))}}


def _inline_archive(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in (("index.py", source), ("cfnresponse.py", _CFNRESPONSE)):
            archive.writestr(zipfile.ZipInfo(name), text)
    return buffer.getvalue()


def _inline_only_python(properties: Mapping[str, Any]) -> str:
    inline = "ZipFile" in properties.get("Code", {})
    if inline and not str(properties.get("Runtime", "")).startswith("python"):
        return "localaws supports inline code (Code.ZipFile) for Python runtimes only"
    return ""


_CODE = {
    "S3Bucket": "p.Code.S3Bucket",
    "S3Key": "p.Code.S3Key",
    "S3ObjectVersion": "p.Code.S3ObjectVersion",
    "ImageUri": "p.Code.ImageUri",
    "ZipFile": "p.Code.ZipFile",
}

FUNCTION = Declaration(
    type="AWS::Lambda::Function",
    service="lambda",
    name="FunctionName",
    prepare=_function,
    check=_inline_only_python,
    create=(Call("create_function", spread=True),),
    physical_id="made.FunctionName",
    update=(Call("update_function_configuration", {"FunctionName": "id"}, spread=True),),
    delete=(Call("delete_function", {"FunctionName": "id"}),),
    read=Call("get_function_configuration", {"FunctionName": "id"}),
    attributes={"Arn": "read.FunctionArn"},
    wait=Wait("read.State", ("Active", None), ("Failed",), "read.StateReason"),
    aspects=(
        Aspect(
            ("Code", "Architectures"),
            put=(
                Call(
                    "update_function_code",
                    {"FunctionName": "id", "Architectures": "p.Architectures", **_CODE},
                ),
            ),
            on_create=False,
        ),
        Aspect(
            ("ReservedConcurrentExecutions",),
            put=(
                Call(
                    "put_function_concurrency",
                    {
                        "FunctionName": "id",
                        "ReservedConcurrentExecutions": "p.ReservedConcurrentExecutions",
                    },
                ),
            ),
            remove=(Call("delete_function_concurrency", {"FunctionName": "id"}),),
        ),
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(Call("tag_resource", {"Resource": "attributes.Arn", "Tags": "p.Tags"}),),
            remove=(Call("untag_resource", {"Resource": "attributes.Arn", "TagKeys": "gone"}),),
            on_create=False,
        ),
    ),
)

VERSION = Declaration(
    type="AWS::Lambda::Version",
    service="lambda",
    create=(Call("publish_version", spread=True),),
    physical_id="made.FunctionArn",
    delete=(Call("delete_function", {"FunctionName": "p.FunctionName", "Qualifier": "attributes.Version"}),),
    attributes={"Version": "made.Version", "FunctionArn": "id"},
)


def _alias(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    routing = properties.get("RoutingConfig")
    if not routing:
        return properties
    weights = {
        item["FunctionVersion"]: item["FunctionWeight"] for item in routing["AdditionalVersionWeights"]
    }
    return {**properties, "RoutingConfig": {"AdditionalVersionWeights": weights}}


ALIAS = Declaration(
    type="AWS::Lambda::Alias",
    service="lambda",
    prepare=_alias,
    create=(Call("create_alias", spread=True),),
    physical_id="made.AliasArn",
    update=(Call("update_alias", spread=True),),
    delete=(Call("delete_alias", {"FunctionName": "p.FunctionName", "Name": "p.Name"}),),
    attributes={"AliasArn": "id"},
    aspects=(
        Aspect(
            ("ProvisionedConcurrencyConfig",),
            put=(
                Call(
                    "put_provisioned_concurrency_config",
                    {
                        "FunctionName": "p.FunctionName",
                        "Qualifier": "p.Name",
                        "ProvisionedConcurrentExecutions": (
                            "p.ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions"
                        ),
                    },
                ),
            ),
            remove=(
                Call(
                    "delete_provisioned_concurrency_config",
                    {"FunctionName": "p.FunctionName", "Qualifier": "p.Name"},
                ),
            ),
        ),
    ),
)

PERMISSION = Declaration(
    type="AWS::Lambda::Permission",
    service="lambda",
    create=(Call("add_permission", {"StatementId": "unique"}, spread=True),),
    physical_id="unique",
    delete=(Call("remove_permission", {"FunctionName": "p.FunctionName", "StatementId": "id"}),),
    attributes={"Id": "id"},
)

EVENT_INVOKE_CONFIG = Declaration(
    type="AWS::Lambda::EventInvokeConfig",
    service="lambda",
    create=(Call("put_function_event_invoke_config", spread=True),),
    physical_id="join('|', [p.FunctionName, p.Qualifier])",
    update=(Call("put_function_event_invoke_config", spread=True),),
    delete=(
        Call(
            "delete_function_event_invoke_config",
            {"FunctionName": "p.FunctionName", "Qualifier": "p.Qualifier"},
        ),
    ),
)

DECLARATIONS = (FUNCTION, VERSION, ALIAS, PERMISSION, EVENT_INVOKE_CONFIG)
