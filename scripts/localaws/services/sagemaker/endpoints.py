"""Endpoints that serve: created, updated without a gap, scaled in name, deleted; callers reach them by `serving`."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, field
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from localaws.operations import Operation, Request
from localaws.runtime import runtime
from localaws.services.sagemaker import notices
from localaws.services.sagemaker.capture import Capture
from localaws.services.sagemaker.hosted_models import containers, find_config, find_model
from localaws.services.sagemaker.hosting import HostFailed
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.measures import Measures
from localaws.services.sagemaker.resources import LOCK, Region, Resource, now, tag_map
from localaws.services.sagemaker.serial_hosting import SerialHost

EVENT_STATUS = {
    "Creating": "CREATING",
    "Updating": "UPDATING",
    "SystemUpdating": "SYSTEM_UPDATING",
    "InService": "IN_SERVICE",
    "Deleting": "DELETING",
    "Failed": "FAILED",
}


@dataclass
class Variant:
    """A variant in service: its containers, and what its traffic leaves behind."""

    config: dict[str, Any]
    host: SerialHost
    measures: Measures
    capture: Capture | None
    summary: dict[str, Any]

    def close(self) -> None:
        """End the container and deliver what is still waiting."""
        self.host.stop()
        self.measures.close()
        if self.capture is not None:
            self.capture.close()


@dataclass(eq=False)
class Endpoint(Resource):
    """An endpoint.

    Attributes
    ----------
    variants
        Those in service, by name; empty until the first deployment is healthy.
    coming
        Those that a deployment in progress brings up.
    deleting
        DeleteEndpoint was called; a deployment in progress then ends itself.
    """

    variants: dict[str, Variant] = field(default_factory=dict)
    coming: list[Variant] = field(default_factory=list)
    deleting: bool = False

    def chosen(self, target: str = "") -> Variant | None:
        """Return the variant that takes the next request: the named one, or one by weight."""
        with LOCK:
            variants = list(self.variants.values())
            if target:
                return self.variants.get(target)
        weights = [variant.summary["CurrentWeight"] for variant in variants]
        if not sum(weights):
            return None
        return random.choices(variants, weights)[0]  # noqa: S311 - spreads load, guards nothing


def create_endpoint(request: Request) -> dict[str, Any]:
    """Begin to bring an endpoint up."""
    region, params = Region(request.account, request.region), request.params
    name = params["EndpointName"]
    config = find_config(region, params["EndpointConfigName"])
    variants = _planned(region, name, config)
    arn, moment = region.arn("endpoint", name), now()
    endpoint = Endpoint(
        arn,
        name,
        {
            "EndpointName": name,
            "EndpointArn": arn,
            "EndpointConfigName": config.name,
            "EndpointStatus": "Creating",
            "CreationTime": moment,
            "LastModifiedTime": moment,
            **_deployment(params),
        },
        params.get("Tags", []),
    )
    with LOCK:
        if name in region.table("endpoints"):
            raise ValidationError(f'Cannot create already existing endpoint "{arn}".')
        region.table("endpoints")[name] = endpoint
    _announce(region, endpoint)
    runtime().spawn(f"deploy {name}", lambda: _deploy(region, endpoint, config, variants))
    return {"EndpointArn": arn}


def update_endpoint(request: Request) -> dict[str, Any]:
    """Begin to replace what serves by another configuration; the old one serves until the new one is healthy."""
    region, params = Region(request.account, request.region), request.params
    endpoint = find_endpoint(region, params["EndpointName"])
    config = find_config(region, params["EndpointConfigName"])
    variants = _planned(region, endpoint.name, config)
    if params.get("RetainAllVariantProperties"):
        excluded = {
            item["VariantPropertyType"] for item in params.get("ExcludeRetainedVariantProperties", ())
        }
        _retain(endpoint, variants, excluded)
    with LOCK:
        _require_in_service(endpoint)
        endpoint.detail.pop("FailureReason", None)
        endpoint.change(EndpointStatus="Updating", **_deployment(params))
    _announce(region, endpoint)
    runtime().spawn(f"deploy {endpoint.name}", lambda: _deploy(region, endpoint, config, variants))
    return {"EndpointArn": endpoint.arn}


def update_endpoint_weights_and_capacities(request: Request) -> dict[str, Any]:
    """Set weights, and instance counts in name: one container stands for all instances of a variant."""
    region, params = Region(request.account, request.region), request.params
    endpoint = find_endpoint(region, params["EndpointName"])
    with LOCK:
        _require_in_service(endpoint)
        for wish in params["DesiredWeightsAndCapacities"]:
            if wish["VariantName"] not in endpoint.variants:
                raise ValidationError(f"Variant {wish['VariantName']} of endpoint {endpoint.name} not found.")
        endpoint.change(EndpointStatus="Updating")
    _announce(region, endpoint)
    with LOCK:
        for wish in params["DesiredWeightsAndCapacities"]:
            _scale(endpoint.variants[wish["VariantName"]].summary, wish)
        endpoint.change(EndpointStatus="InService")
    _announce(region, endpoint)
    return {"EndpointArn": endpoint.arn}


def describe_endpoint(request: Request) -> dict[str, Any]:
    """Return an endpoint and its variants in service."""
    endpoint = find_endpoint(Region(request.account, request.region), request.params["EndpointName"])
    with LOCK:
        variants = [copy.deepcopy(variant.summary) for variant in endpoint.variants.values()]
        return {**endpoint.detail, "ProductionVariants": variants} if variants else dict(endpoint.detail)


def list_endpoints(request: Request) -> dict[str, Any]:
    """Return a page of endpoints."""
    endpoints = Region(request.account, request.region).table("endpoints").values()
    return listed(request.params, endpoints, "Endpoints", _summary, _status, order="Descending")


def delete_endpoint(request: Request) -> None:
    """Begin to take an endpoint down."""
    region = Region(request.account, request.region)
    endpoint = find_endpoint(region, request.params["EndpointName"])
    with LOCK:
        if endpoint.deleting:
            raise ValidationError(f'Cannot delete endpoint "{endpoint.arn}": it is being deleted.')
        endpoint.deleting = True
        endpoint.change(EndpointStatus="Deleting")
    _announce(region, endpoint)
    runtime().spawn(f"delete {endpoint.name}", lambda: _take_down(region, endpoint))


def bring_up_again(region: Region, endpoint: Endpoint) -> None:
    """Begin anew what ended with the server: the containers of what was last in service, or the deletion."""
    endpoint.variants, endpoint.coming = {}, []
    if endpoint.deleting:
        runtime().spawn(f"delete {endpoint.name}", lambda: _take_down(region, endpoint))
    elif _status(endpoint) != "Failed":
        config = find_config(region, endpoint.detail["EndpointConfigName"])
        variants = _planned(region, endpoint.name, config)
        endpoint.change(EndpointStatus="SystemUpdating")
        runtime().spawn(f"deploy {endpoint.name}", lambda: _deploy(region, endpoint, config, variants))


def find_endpoint(region: Region, name: str) -> Endpoint:
    """Return the endpoint of this name."""
    endpoint: Endpoint | None = region.table("endpoints").get(name)
    if endpoint is None:
        raise ValidationError(f'Could not find endpoint "{region.arn("endpoint", name)}".')
    return endpoint


def serving(region: Region, name: str) -> Endpoint | None:
    """Return the endpoint if it answers requests."""
    endpoint: Endpoint | None = region.table("endpoints").get(name)
    if endpoint is None or endpoint.deleting or not endpoint.variants:
        return None
    return endpoint


def _planned(region: Region, endpoint: str, config: Resource) -> list[Variant]:
    return [_variant(region, endpoint, config.detail, item) for item in config.detail["ProductionVariants"]]


def _variant(region: Region, endpoint: str, config: dict[str, Any], given: dict[str, Any]) -> Variant:
    model = find_model(region, given["ModelName"])
    served = containers(region, model)
    isolated = model.detail["EnableNetworkIsolation"] or config["EnableNetworkIsolation"]
    host = SerialHost(region, endpoint, given, served, model.detail["ExecutionRoleArn"], isolated)
    capture_config = config.get("DataCaptureConfig", {})
    capture = None
    if capture_config and capture_config.get("EnableCapture", True):
        capture = Capture(region, endpoint, host.name, capture_config, host.role)
    images = [
        {"SpecifiedImage": each.image, "ResolvedImage": each.resolved_image, "ResolutionTime": now()}
        for each in host.hosts
    ]
    weight = given["InitialVariantWeight"]
    summary: dict[str, Any] = {
        "VariantName": host.name,
        "DeployedImages": images,
        "CurrentWeight": weight,
        "DesiredWeight": weight,
    }
    if "ServerlessConfig" in given:
        summary |= {"CurrentServerlessConfig": given["ServerlessConfig"], "CurrentInstanceCount": 0}
    else:
        count = given["InitialInstanceCount"]
        summary |= {"CurrentInstanceCount": count, "DesiredInstanceCount": count}
    return Variant(given, host, Measures(region, endpoint, host.name), capture, summary)


def _deploy(region: Region, endpoint: Endpoint, config: Resource, variants: list[Variant]) -> None:
    with LOCK:
        endpoint.coming = variants
    reason = "InternalServerError: We encountered an internal error. Please try again."
    try:
        for variant in variants:
            variant.host.start()
        reason = ""
    except HostFailed as error:
        reason = str(error)
    finally:
        with LOCK:
            endpoint.coming = []
            failed = bool(reason) or endpoint.deleting
            unused = variants if failed else list(endpoint.variants.values())
            if not failed:
                endpoint.variants = {variant.host.name: variant for variant in variants}
                for option in ("AsyncInferenceConfig", "DataCaptureConfig"):
                    endpoint.detail.pop(option, None)
                endpoint.change(
                    EndpointConfigName=config.name,
                    **{k: v for k, v in config.detail.items() if k == "AsyncInferenceConfig"},
                    **_capture_summary(config.detail),
                )
        _end_deployment(region, endpoint, reason)
        _close(unused)


def _end_deployment(region: Region, endpoint: Endpoint, reason: str) -> None:
    with LOCK:
        if endpoint.deleting:
            return
        # A failed update leaves in service what served before, and says why.
        status = "InService" if endpoint.variants else "Failed"
        endpoint.change(EndpointStatus=status, **({"FailureReason": reason} if reason else {}))
    _announce(region, endpoint)


def _take_down(region: Region, endpoint: Endpoint) -> None:
    with LOCK:
        variants = [*endpoint.variants.values(), *endpoint.coming]
        endpoint.variants = {}
    _close(variants)
    with LOCK:
        region.table("endpoints").pop(endpoint.name, None)


def _close(variants: list[Variant]) -> None:
    for variant in variants:
        variant.close()


def _retain(endpoint: Endpoint, variants: list[Variant], excluded: set[str]) -> None:
    for variant in variants:
        present = endpoint.variants.get(variant.host.name)
        if present is None:
            continue
        wish: dict[str, Any] = {
            key: present.summary[key]
            for key in ("DesiredWeight", "DesiredInstanceCount")
            if key in present.summary and key not in excluded
        }
        _scale(variant.summary, wish)


def _scale(summary: dict[str, Any], wish: dict[str, Any]) -> None:
    for what in ("Weight", "InstanceCount"):
        if f"Desired{what}" in wish:
            summary[f"Desired{what}"] = summary[f"Current{what}"] = wish[f"Desired{what}"]


def _require_in_service(endpoint: Endpoint) -> None:
    status = endpoint.detail["EndpointStatus"]
    if status in ("Creating", "Updating", "Deleting"):
        raise ValidationError(f'Cannot update in-progress endpoint "{endpoint.arn}".')
    if status == "Failed":
        raise ValidationError(f'Cannot update endpoint "{endpoint.arn}": its status is Failed.')


def _deployment(params: Any) -> dict[str, Any]:
    return {"LastDeploymentConfig": params["DeploymentConfig"]} if "DeploymentConfig" in params else {}


def _capture_summary(config: dict[str, Any]) -> dict[str, Any]:
    capture = config.get("DataCaptureConfig")
    if capture is None:
        return {}
    enabled = capture.get("EnableCapture", True)
    return {
        "DataCaptureConfig": {
            "EnableCapture": enabled,
            "CaptureStatus": "Started" if enabled else "Stopped",
            "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
            "DestinationS3Uri": capture["DestinationS3Uri"],
            "KmsKeyId": capture.get("KmsKeyId", ""),
        }
    }


def _announce(region: Region, endpoint: Endpoint) -> None:
    with LOCK:
        detail = {
            **endpoint.detail,
            "EndpointStatus": EVENT_STATUS[endpoint.detail["EndpointStatus"]],
            "ProductionVariants": [copy.deepcopy(v.summary) for v in endpoint.variants.values()],
            "Tags": tag_map(endpoint.tags),
        }
    notices.send(region, "SageMaker Endpoint State Change", [endpoint.arn], detail)


def _summary(endpoint: Endpoint) -> dict[str, Any]:
    names = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
    return {name: endpoint.detail[name] for name in names}


def _status(endpoint: Endpoint) -> str:
    return str(endpoint.detail["EndpointStatus"])


OPERATIONS: dict[str, Operation] = {
    "CreateEndpoint": create_endpoint,
    "UpdateEndpoint": update_endpoint,
    "UpdateEndpointWeightsAndCapacities": update_endpoint_weights_and_capacities,
    "DescribeEndpoint": describe_endpoint,
    "ListEndpoints": list_endpoints,
    "DeleteEndpoint": delete_endpoint,
}
