"""Models and endpoint configurations: what an endpoint is made of, checked when it is made."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from localaws.operations import Operation, Request
from localaws.runtime import runtime
from localaws.services.sagemaker import notices
from localaws.services.sagemaker.container_images import image_digest, is_of_another_account
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.registry import find_package
from localaws.services.sagemaker.resources import LOCK, Region, Resource, now, tag_map
from localaws.services.sagemaker.roles import require_role
from localaws.services.sagemaker.storage import Bucket, StorageError

MODELS = "_models"
CONFIGS = "endpoint_configs"


def create_model(request: Request) -> dict[str, Any]:
    """Make a model from containers or from a model package."""
    region, params = Region(request.account, request.region), request.params
    name = params["ModelName"]
    if "PrimaryContainer" in params and "Containers" in params:
        raise ValidationError("Specify either PrimaryContainer or Containers, not both.")
    given = [params["PrimaryContainer"]] if "PrimaryContainer" in params else params.get("Containers", [])
    if params.get("InferenceExecutionConfig", {}).get("Mode", "Serial") != "Serial":
        raise ValidationError("localaws does not support InferenceExecutionConfig Mode Direct.")
    role = params.get("ExecutionRoleArn", "")
    if not given or not role:
        raise ValidationError("A model needs an ExecutionRoleArn and a PrimaryContainer or Containers.")
    require_role(region, role)
    for container in given:
        _check_container(region, container, role)
    arn = region.arn("model", name)
    model = Resource(
        arn,
        name,
        {
            **{key: value for key, value in params.items() if key != "Tags"},
            "ModelArn": arn,
            "CreationTime": now(),
            "EnableNetworkIsolation": params.get("EnableNetworkIsolation", False),
        },
        params.get("Tags", []),
    )
    with LOCK:
        if name in region.table(MODELS):
            raise ValidationError(f'Cannot create already existing model "{arn}".')
        region.table(MODELS)[name] = model
    _announce_model(region, model)
    return {"ModelArn": arn}


def describe_model(request: Request) -> dict[str, Any]:
    """Return a model."""
    return dict(find_model(Region(request.account, request.region), request.params["ModelName"]).detail)


def list_models(request: Request) -> dict[str, Any]:
    """Return a page of models."""
    models = Region(request.account, request.region).table(MODELS).values()
    return listed(request.params, models, "Models", _model_summary, order="Descending")


def delete_model(request: Request) -> None:
    """Delete a model; endpoints that serve it go on."""
    region = Region(request.account, request.region)
    model = find_model(region, request.params["ModelName"])
    with LOCK:
        region.table(MODELS).pop(model.name, None)
    _announce_model(region, model)


def find_model(region: Region, name: str) -> Resource:
    """Return the model of this name."""
    model: Resource | None = region.table(MODELS).get(name)
    if model is None:
        raise ValidationError(f'Could not find model "{region.arn("model", name)}".')
    return model


def containers(region: Region, model: Resource) -> list[dict[str, Any]]:
    """Return a model's containers with image, model data and environment, a package's among them."""
    given = model.detail.get("Containers") or [model.detail["PrimaryContainer"]]
    return [resolved for container in given for resolved in _resolved(region, container)]


def create_endpoint_config(request: Request) -> dict[str, Any]:
    """Make a configuration of variants whose models exist."""
    region, params = Region(request.account, request.region), request.params
    name = params["EndpointConfigName"]
    _refuse_unsupported_config(region, params)
    for variant in params["ProductionVariants"]:
        _check_variant(region, variant)
    arn = region.arn("endpoint-config", name)
    config = Resource(
        arn,
        name,
        {
            **{key: value for key, value in params.items() if key != "Tags"},
            "ProductionVariants": [
                {"InitialVariantWeight": 1.0, **item} for item in params["ProductionVariants"]
            ],
            "EndpointConfigArn": arn,
            "CreationTime": now(),
            "EnableNetworkIsolation": params.get("EnableNetworkIsolation", False),
        },
        params.get("Tags", []),
    )
    with LOCK:
        if name in region.table(CONFIGS):
            raise ValidationError(f'Cannot create already existing endpoint configuration "{arn}".')
        region.table(CONFIGS)[name] = config
    return {"EndpointConfigArn": arn}


def describe_endpoint_config(request: Request) -> dict[str, Any]:
    """Return a configuration."""
    region = Region(request.account, request.region)
    return dict(find_config(region, request.params["EndpointConfigName"]).detail)


def list_endpoint_configs(request: Request) -> dict[str, Any]:
    """Return a page of configurations."""
    configs = Region(request.account, request.region).table(CONFIGS).values()
    return listed(request.params, configs, "EndpointConfigs", _config_summary, order="Descending")


def delete_endpoint_config(request: Request) -> None:
    """Delete a configuration."""
    region = Region(request.account, request.region)
    config = find_config(region, request.params["EndpointConfigName"])
    with LOCK:
        region.table(CONFIGS).pop(config.name, None)


def find_config(region: Region, name: str) -> Resource:
    """Return the configuration of this name."""
    config: Resource | None = region.table(CONFIGS).get(name)
    if config is None:
        raise ValidationError(
            f'Could not find endpoint configuration "{region.arn("endpoint-config", name)}".'
        )
    return config


def _check_container(region: Region, container: dict[str, Any], role: str) -> None:
    if "ModelDataSource" in container:
        raise ValidationError("localaws does not support ModelDataSource: use ModelDataUrl.")
    if "ModelPackageName" in container:
        if is_multi_model(container):
            raise ValidationError("A model package holds one model: Mode MultiModel needs an Image.")
        find_package(region, container["ModelPackageName"])
        return
    if "Image" not in container:
        raise ValidationError("A container needs an Image or a ModelPackageName.")
    image_digest(region, container["Image"])
    _check_model_data(region, container, role)


def is_multi_model(container: Mapping[str, Any]) -> bool:
    """Tell whether a container serves what is below a prefix instead of one model."""
    return str(container.get("Mode", "SingleModel")) == "MultiModel"


def _check_model_data(region: Region, container: dict[str, Any], role: str) -> None:
    several, uri = is_multi_model(container), container.get("ModelDataUrl")
    if uri is None:
        if several:
            raise ValidationError(
                "A container in Mode MultiModel needs a ModelDataUrl, the prefix of its models."
            )
        return
    bucket = Bucket(runtime().client("s3", region.name, role))
    look = bucket.keys if several else bucket.etag
    try:
        look(uri)
    except StorageError as error:
        needed = (
            ' exists and that its policies allow "s3:ListBucket".'
            if several
            else ' exists, that its policies allow "s3:GetObject", and that the object is there.'
        )
        raise ValidationError(
            f'Could not access model data at {uri}. Please ensure that the role "{role}"{needed}'
        ) from error


def _resolved(region: Region, container: dict[str, Any]) -> list[dict[str, Any]]:
    if "ModelPackageName" not in container:
        return [container]
    package = find_package(region, container["ModelPackageName"])
    return [
        {
            **registered,
            "Environment": {**registered.get("Environment", {}), **container.get("Environment", {})},
        }
        for registered in package.detail["InferenceSpecification"]["Containers"]
    ]


def _check_variant(region: Region, variant: dict[str, Any]) -> None:
    name = variant["VariantName"]
    find_model(region, variant.get("ModelName", ""))
    if ("ServerlessConfig" in variant) == ("InstanceType" in variant):
        raise ValidationError(f"Variant {name} needs either InstanceType or ServerlessConfig.")
    if "InstanceType" in variant and "InitialInstanceCount" not in variant:
        raise ValidationError(f"Variant {name} needs InitialInstanceCount.")
    if "ServerlessConfig" in variant:
        _check_serverless(region, variant)


def _check_multi_model(region: Region, params: Any) -> None:
    for variant in params["ProductionVariants"]:
        served = containers(region, find_model(region, variant.get("ModelName", "")))
        if any(map(is_multi_model, served)) and (
            "ServerlessConfig" in variant or "AsyncInferenceConfig" in params
        ):
            raise ValidationError(
                f"Variant {variant['VariantName']} has several models, which serverless and asynchronous "
                "endpoints do not support."
            )


def _refuse_unsupported_config(region: Region, params: Any) -> None:
    for option in ("ExplainerConfig", "ShadowProductionVariants"):
        if option in params:
            raise ValidationError(f"localaws does not support {option}.")
    _check_asynchronous(params)
    _check_multi_model(region, params)
    names = [variant["VariantName"] for variant in params["ProductionVariants"]]
    if len(set(names)) != len(names):
        raise ValidationError("Variant names must be unique within an endpoint configuration.")


def _check_asynchronous(params: Any) -> None:
    notifications = (
        params.get("AsyncInferenceConfig", {}).get("OutputConfig", {}).get("NotificationConfig", {})
    )
    if notifications.get("IncludeInferenceResponseIn"):
        raise ValidationError("localaws does not support IncludeInferenceResponseIn.")
    serverless = any("ServerlessConfig" in variant for variant in params["ProductionVariants"])
    if serverless and "AsyncInferenceConfig" in params:
        raise ValidationError("AsyncInferenceConfig is not supported for serverless endpoints.")
    if serverless and params.get("DataCaptureConfig", {}).get("EnableCapture", "DataCaptureConfig" in params):
        raise ValidationError("DataCaptureConfig is not supported for serverless endpoints.")


def _check_serverless(region: Region, variant: dict[str, Any]) -> None:
    if variant["ServerlessConfig"]["MemorySizeInMB"] % 1024:
        raise ValidationError(
            f"MemorySizeInMB of variant {variant['VariantName']} must be a multiple of 1024."
        )
    model = find_model(region, variant["ModelName"])
    if model.detail["EnableNetworkIsolation"]:
        raise ValidationError(
            f"Model {model.name} has network isolation, which serverless endpoints do not support."
        )
    hosted = containers(region, model)
    if len(hosted) > 1:
        raise ValidationError(f"Model {model.name} has several containers; a serverless endpoint takes one.")
    if is_of_another_account(region, hosted[0]["Image"]):
        raise ValidationError(
            "The container image URI is not a prebuilt SageMaker algorithm or deep learning image, or the "
            "bring-your-own container image URI does not reside in an Amazon ECR repository within the same AWS "
            "account creating the endpoint."
        )


def _announce_model(region: Region, model: Resource) -> None:
    detail = {
        key: value
        for key, value in model.detail.items()
        if key not in ("VpcConfig", "EnableNetworkIsolation")
    }
    notices.send(region, "SageMaker Model State Change", [model.arn], {**detail, "Tags": tag_map(model.tags)})


def _summary(names: tuple[str, ...], item: Resource) -> dict[str, Any]:
    return {name: item.detail[name] for name in names}


_model_summary = functools.partial(_summary, ("ModelName", "ModelArn", "CreationTime"))
_config_summary = functools.partial(_summary, ("EndpointConfigName", "EndpointConfigArn", "CreationTime"))


OPERATIONS: dict[str, Operation] = {
    "CreateModel": create_model,
    "DescribeModel": describe_model,
    "ListModels": list_models,
    "DeleteModel": delete_model,
    "CreateEndpointConfig": create_endpoint_config,
    "DescribeEndpointConfig": describe_endpoint_config,
    "ListEndpointConfigs": list_endpoint_configs,
    "DeleteEndpointConfig": delete_endpoint_config,
}
