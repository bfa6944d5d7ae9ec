"""Provisioned products: launching, updating and terminating them as CloudFormation stacks, and the records of that."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from localaws.operations import Operation, Request, page
from localaws.runtime import runtime
from localaws.services.servicecatalog.launching import chosen_artifact, chosen_path
from localaws.services.servicecatalog.model import (
    Artifact,
    Catalog,
    DuplicateResource,
    InvalidParameters,
    Product,
    ProvisionedProduct,
    Record,
    ResourceNotFound,
    catalog_of,
    new_id,
    shown_tags,
    tags_of,
)

_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
_POLL_SECONDS = 0.25
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}")
_TYPE = "CFN_STACK"


def provision_product(request: Request) -> Mapping[str, Any]:
    """Launch a product."""
    params, catalog = request.params, catalog_of(request)
    with catalog.lock:
        known = _by_token(catalog, "PROVISION_PRODUCT", params["ProvisionToken"])
        if known:
            return {"RecordDetail": shown_record(known)}
        product = catalog.product(params.get("ProductId"), params.get("ProductName"))
        path = chosen_path(request, product, params)
        artifact = chosen_artifact(catalog, product, params)
        name = params["ProvisionedProductName"]
        _check_name(catalog, name)
        provisioned = _new_provisioned(request, product, artifact, path.id, path.launch_role)
        provisioned.tags = {
            **path.tags,
            **tags_of(params.get("Tags")),
            "aws:servicecatalog:productArn": product.arn,
            "aws:servicecatalog:provisioningPrincipalArn": request.caller_arn,
        }
        catalog.provisioned[provisioned.id] = provisioned
        record = _record(catalog, provisioned, "PROVISION_PRODUCT", params["ProvisionToken"])
    _follow(request, provisioned, record, lambda: _create_stack(request, provisioned, artifact))
    return {"RecordDetail": shown_record(record)}


def update_provisioned_product(request: Request) -> Mapping[str, Any]:
    """Move a provisioned product to another version or other parameters."""
    params, catalog = request.params, catalog_of(request)
    with catalog.lock:
        known = _by_token(catalog, "UPDATE_PROVISIONED_PRODUCT", params["UpdateToken"])
        if known:
            return {"RecordDetail": shown_record(known)}
        provisioned = catalog.provisioned_product(
            params.get("ProvisionedProductId"), params.get("ProvisionedProductName")
        )
        _check_idle(provisioned)
        product = catalog.product(params.get("ProductId") or provisioned.product_id)
        path = chosen_path(request, product, {"PathId": provisioned.path_id} | dict(params))
        wanted = {"ProvisioningArtifactId": provisioned.artifact_id}
        names = ("ProvisioningArtifactId", "ProvisioningArtifactName")
        given = {name: params[name] for name in names if name in params}
        artifact = chosen_artifact(catalog, product, given or wanted)
        changes: dict[str, Any] = {
            "artifact_id": artifact.id,
            "launch_role": path.launch_role,
            "parameters": _updated_parameters(
                provisioned.parameters, params.get("ProvisioningParameters") or ()
            ),
            "tags": provisioned.tags | tags_of(params.get("Tags")),
        }
        target = replace(provisioned, **changes)
        record = _record(catalog, target, "UPDATE_PROVISIONED_PRODUCT", params["UpdateToken"])
        provisioned.status, provisioned.last_provisioning = target.status, target.last_provisioning
    _follow(request, provisioned, record, lambda: _update_stack(request, target, artifact), changes)
    return {"RecordDetail": shown_record(record)}


def terminate_provisioned_product(request: Request) -> Mapping[str, Any]:
    """Delete a provisioned product and its stack."""
    params, catalog = request.params, catalog_of(request)
    with catalog.lock:
        known = _by_token(catalog, "TERMINATE_PROVISIONED_PRODUCT", params["TerminateToken"])
        if known:
            return {"RecordDetail": shown_record(known)}
        provisioned = catalog.provisioned_product(
            params.get("ProvisionedProductId"), params.get("ProvisionedProductName")
        )
        if params.get("RetainPhysicalResources"):
            raise InvalidParameters("localaws does not support RetainPhysicalResources")
        _check_idle(provisioned)
        record = _record(catalog, provisioned, "TERMINATE_PROVISIONED_PRODUCT", params["TerminateToken"])
    _follow(request, provisioned, record, lambda: _delete_stack(request, provisioned))
    return {"RecordDetail": shown_record(record)}


def describe_record(request: Request) -> Mapping[str, Any]:
    """Show an operation on a provisioned product."""
    record = catalog_of(request).records.get(request.params["Id"])
    if record is None:
        raise ResourceNotFound(f"Record {request.params['Id']} not found.")
    return {"RecordDetail": shown_record(record), "RecordOutputs": record.outputs}


def list_record_history(request: Request) -> Mapping[str, Any]:
    """List operations, newest first."""
    params, wanted = request.params, request.params.get("SearchFilter") or {}
    fields = {"product": "product_id", "provisionedproduct": "provisioned_id"}
    if wanted and wanted.get("Key") not in fields:
        raise InvalidParameters("SearchFilter takes the keys product and provisionedproduct.")
    records = [
        record
        for record in reversed(catalog_of(request).records.values())
        if not wanted or getattr(record, fields[wanted["Key"]]) == wanted["Value"]
    ]
    shown, token = page(records, params.get("PageToken"), params.get("PageSize"), 20)
    return {"RecordDetails": [shown_record(record) for record in shown], "NextPageToken": token}


def describe_provisioned_product(request: Request) -> Mapping[str, Any]:
    """Show a provisioned product."""
    params = request.params
    provisioned = catalog_of(request).provisioned_product(params.get("Id"), params.get("Name"))
    return {"ProvisionedProductDetail": _shown(provisioned), "CloudWatchDashboards": []}


def scan_provisioned_products(request: Request) -> Mapping[str, Any]:
    """List provisioned products."""
    params = request.params
    everything = list(catalog_of(request).provisioned.values())
    shown, token = page(everything, params.get("PageToken"), params.get("PageSize"), 20)
    return {"ProvisionedProducts": [_shown(item) for item in shown], "NextPageToken": token}


def search_provisioned_products(request: Request) -> Mapping[str, Any]:
    """Find provisioned products by ``SearchQuery`` (``name:x``, ``id:x``, ``status:x`` ... or any text)."""
    params, catalog = request.params, catalog_of(request)
    queries = (params.get("Filters") or {}).get("SearchQuery") or ()
    found = [_attributes(catalog, item) for item in catalog.provisioned.values()]
    found = [item for item in found if all(_answers(item, query) for query in queries)]
    shown, token = page(found, params.get("PageToken"), params.get("PageSize"), 20)
    return {"ProvisionedProducts": shown, "TotalResultsCount": len(found), "NextPageToken": token}


def get_provisioned_product_outputs(request: Request) -> Mapping[str, Any]:
    """Return the stack outputs of a provisioned product."""
    params = request.params
    provisioned = catalog_of(request).provisioned_product(
        params.get("ProvisionedProductId"), params.get("ProvisionedProductName")
    )
    keys = params.get("OutputKeys") or ()
    return {"Outputs": [item for item in provisioned.outputs if not keys or item["OutputKey"] in keys]}


def shown_record(record: Record) -> dict[str, Any]:
    """Return a record as API answers carry it."""
    shown: dict[str, Any] = {
        "RecordId": record.id,
        "ProvisionedProductName": record.provisioned_name,
        "Status": record.status,
        "CreatedTime": record.created,
        "UpdatedTime": record.updated,
        "ProvisionedProductType": _TYPE,
        "RecordType": record.type,
        "ProvisionedProductId": record.provisioned_id,
        "ProductId": record.product_id,
        "ProvisioningArtifactId": record.artifact_id,
        "PathId": record.path_id,
        "RecordErrors": record.errors,
        "RecordTags": shown_tags(record.tags),
    }
    return shown | ({"LaunchRoleArn": record.launch_role} if record.launch_role else {})


def _new_provisioned(
    request: Request, product: Product, artifact: Artifact, path_id: str, role: str
) -> ProvisionedProduct:
    params = request.params
    pp_id = new_id("pp")
    return ProvisionedProduct(
        id=pp_id,
        arn=f"arn:{request.partition}:servicecatalog:{request.region}:{request.account}:stack/"
        f"{params['ProvisionedProductName']}/{pp_id}",
        name=params["ProvisionedProductName"],
        product_id=product.id,
        artifact_id=artifact.id,
        path_id=path_id,
        stack_name=f"SC-{request.account}-{pp_id}",
        launch_role=role,
        user_arn=request.caller_arn,
        token=params["ProvisionToken"],
        tags={},
        parameters={item["Key"]: item["Value"] for item in params.get("ProvisioningParameters") or ()},
    )


def _create_stack(request: Request, provisioned: ProvisionedProduct, artifact: Artifact) -> None:
    answer = _cloudformation(request, provisioned).create_stack(
        StackName=provisioned.stack_name,
        TemplateURL=artifact.template_url,
        Parameters=_parameters(provisioned.parameters),
        Tags=shown_tags(provisioned.tags),
        Capabilities=_CAPABILITIES,
    )
    provisioned.stack_id = answer["StackId"]


def _update_stack(request: Request, provisioned: ProvisionedProduct, artifact: Artifact) -> None:
    try:
        _cloudformation(request, provisioned).update_stack(
            StackName=provisioned.stack_id,
            TemplateURL=artifact.template_url,
            Parameters=_parameters(provisioned.parameters),
            Tags=shown_tags(provisioned.tags),
            Capabilities=_CAPABILITIES,
        )
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise


def _delete_stack(request: Request, provisioned: ProvisionedProduct) -> None:
    if provisioned.stack_id:
        _cloudformation(request, provisioned).delete_stack(StackName=provisioned.stack_id)


def _cloudformation(request: Request, provisioned: ProvisionedProduct) -> Any:
    return runtime().client("cloudformation", request.region, provisioned.launch_role, request.account)


def _parameters(parameters: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]


def _updated_parameters(present: Mapping[str, str], given: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    # As on AWS, a parameter that is not named falls back to the template's default, unless UsePreviousValue asks.
    if not given:
        return dict(present)
    return {
        str(item["Key"]): present.get(item["Key"], "") if item.get("UsePreviousValue") else str(item["Value"])
        for item in given
    }


def _follow(
    request: Request,
    provisioned: ProvisionedProduct,
    record: Record,
    begin: Callable[[], None],
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Start the stack's operation; when it has ended settle record and product, which takes on ``changes``."""
    record.settle("IN_PROGRESS")

    def work() -> None:
        try:
            begin()
        except ClientError as error:
            _settle(request, provisioned, record, error.response["Error"]["Message"])
            return
        problem = _outcome(request, provisioned)
        for name, value in (changes or {}).items() if not problem else ():
            setattr(provisioned, name, value)
        _settle(request, provisioned, record, problem)

    runtime().spawn(f"servicecatalog {record.type} {provisioned.name}", work)


def follow_again(request: Request, provisioned: ProvisionedProduct, record: Record) -> None:
    """Follow an operation whose follower ended with the server."""
    _follow(request, provisioned, record, lambda: None)


def _outcome(request: Request, provisioned: ProvisionedProduct) -> str:
    """Wait for the stack; return what went wrong, empty when nothing did."""
    client = _cloudformation(request, provisioned)
    if not provisioned.stack_id:
        return ""
    while True:
        stack = client.describe_stacks(StackName=provisioned.stack_id)["Stacks"][0]
        status = str(stack["StackStatus"])
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"):
            provisioned.outputs = stack.get("Outputs", [])
            return ""
        if status.endswith(("_COMPLETE", "_FAILED")):
            return _first_failure(client, provisioned.stack_id) or str(stack.get("StackStatusReason", status))
        time.sleep(_POLL_SECONDS)


def _first_failure(client: Any, stack_id: str) -> str:
    """Return the reason of the resource that failed first in the stack's last operation."""
    reason = ""
    for event in client.describe_stack_events(StackName=stack_id)["StackEvents"]:
        status, own = str(event["ResourceStatus"]), event.get("ResourceStatusReason", "")
        if event["PhysicalResourceId"] == stack_id and own == "User Initiated":
            return reason
        if status.endswith("_FAILED") and event["PhysicalResourceId"] != stack_id and "cancelled" not in own:
            reason = (
                f"ResourceLogicalId:{event['LogicalResourceId']}, ResourceType:{event['ResourceType']}, "
                f"ResourceStatusReason:{own}."
            )
    return reason


def _settle(request: Request, provisioned: ProvisionedProduct, record: Record, problem: str) -> None:
    catalog = catalog_of(request)
    with catalog.lock:
        if problem:
            # An update that was rolled back leaves a stack that works: tainted, not broken.
            intact = record.type == "UPDATE_PROVISIONED_PRODUCT"
            provisioned.status, provisioned.message = "TAINTED" if intact else "ERROR", problem
            record.settle("FAILED", [{"Code": _ERROR_CODES[record.type], "Description": problem}])
            return
        provisioned.status, provisioned.message = "AVAILABLE", ""
        if record.type == "TERMINATE_PROVISIONED_PRODUCT":
            catalog.provisioned.pop(provisioned.id, None)
        else:
            provisioned.last_successful = record.id
            record.outputs = provisioned.outputs
        record.settle("SUCCEEDED")


_ERROR_CODES = {
    "PROVISION_PRODUCT": "ResourceCreateFailure",
    "UPDATE_PROVISIONED_PRODUCT": "ResourceUpdateFailure",
    "TERMINATE_PROVISIONED_PRODUCT": "ResourceDeleteFailure",
}


def _record(catalog: Catalog, provisioned: ProvisionedProduct, kind: str, token: str) -> Record:
    record = Record(
        id=new_id("rec"),
        type=kind,
        product_id=provisioned.product_id,
        artifact_id=provisioned.artifact_id,
        path_id=provisioned.path_id,
        provisioned_id=provisioned.id,
        provisioned_name=provisioned.name,
        launch_role=provisioned.launch_role,
        token=token,
        tags={key: value for key, value in provisioned.tags.items() if not key.startswith("aws:")},
    )
    catalog.records[record.id] = record
    provisioned.records.append(record.id)
    provisioned.status = "UNDER_CHANGE"
    if kind != "TERMINATE_PROVISIONED_PRODUCT":
        provisioned.last_provisioning = record.id
    return record


def _by_token(catalog: Catalog, kind: str, token: str) -> Record | None:
    found = (item for item in catalog.records.values() if (item.type, item.token) == (kind, token))
    return next(found, None)


def _check_name(catalog: Catalog, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidParameters(f"Provisioned product name {name} must match {_NAME.pattern}")
    if any(item.name == name for item in catalog.provisioned.values()):
        raise DuplicateResource(f"A stack named {name} already exists.")


def _check_idle(provisioned: ProvisionedProduct) -> None:
    if provisioned.status == "UNDER_CHANGE":
        raise InvalidParameters(f"ProvisionedProduct {provisioned.id} is under change.")


def _shown(provisioned: ProvisionedProduct) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Name": provisioned.name,
        "Arn": provisioned.arn,
        "Type": _TYPE,
        "Id": provisioned.id,
        "Status": provisioned.status,
        "CreatedTime": provisioned.created,
        "IdempotencyToken": provisioned.token,
        "LastRecordId": provisioned.records[-1],
        "LastProvisioningRecordId": provisioned.last_provisioning,
        "ProductId": provisioned.product_id,
        "ProvisioningArtifactId": provisioned.artifact_id,
    }
    optional = {
        "StatusMessage": provisioned.message,
        "LastSuccessfulProvisioningRecordId": provisioned.last_successful,
        "LaunchRoleArn": provisioned.launch_role,
    }
    return shown | {name: value for name, value in optional.items() if value}


def _attributes(catalog: Catalog, provisioned: ProvisionedProduct) -> dict[str, Any]:
    shown = _shown(provisioned)
    shown.pop("LaunchRoleArn", None)
    product = catalog.products.get(provisioned.product_id)
    artifact = product.artifacts.get(provisioned.artifact_id) if product else None
    return shown | {
        "Tags": shown_tags(provisioned.tags),
        "PhysicalId": provisioned.stack_id,
        "ProductName": product.name if product else "",
        "ProvisioningArtifactName": artifact.name if artifact else "",
        "UserArn": provisioned.user_arn,
        "UserArnSession": provisioned.user_arn,
    }


def _answers(shown: Mapping[str, Any], query: str) -> bool:
    key, separator, text = query.partition(":")
    fields = {name.lower(): str(value) for name, value in shown.items()}
    if separator and key.lower() in fields:
        return fields[key.lower()].lower() == text.strip('"').lower()
    return any(query.strip('"').lower() in value.lower() for value in fields.values())


OPERATIONS: dict[str, Operation] = {
    "DescribeProvisionedProduct": describe_provisioned_product,
    "DescribeRecord": describe_record,
    "GetProvisionedProductOutputs": get_provisioned_product_outputs,
    "ListRecordHistory": list_record_history,
    "ProvisionProduct": provision_product,
    "ScanProvisionedProducts": scan_provisioned_products,
    "SearchProvisionedProducts": search_provisioned_products,
    "TerminateProvisionedProduct": terminate_provisioned_product,
    "UpdateProvisionedProduct": update_provisioned_product,
}
