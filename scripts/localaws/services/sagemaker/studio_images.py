"""Images of one's own for Studio, which moto 5.2.5 lacks: kept with versions and app configs; no app starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.sagemaker.exceptions import ResourceInUseException, ResourceNotFound, ValidationError
from moto.sagemaker.models import SageMakerModelBackend

from localaws.operations import Operation, Request
from localaws.services.sagemaker.container_images import resolved_image
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.resources import LOCK, Region, Resource, now
from localaws.services.sagemaker.roles import require_role

_TABLES = ("images", "image_versions", "app_image_configs")
_ABOUT_VERSION = (
    "Horovod", "JobType", "MLFramework", "Processor", "ProgrammingLang", "ReleaseNotes", "VendorGuidance",
)  # fmt: skip
_APPS = ("CodeEditorAppImageConfig", "JupyterLabAppImageConfig", "KernelGatewayImageConfig")


def install() -> None:
    """Give moto's backend tables of images, besides those that others have given it."""
    init = SageMakerModelBackend.__init__

    def init_with_images(self: SageMakerModelBackend, *args: Any, **values: Any) -> None:
        init(self, *args, **values)
        for table in _TABLES:
            setattr(self, table, {})

    SageMakerModelBackend.__init__ = init_with_images  # type: ignore[method-assign]


def create_image(request: Request) -> dict[str, Any]:
    """CreateImage."""
    params, region = request.params, _region(request)
    name = params["ImageName"]
    require_role(region, params["RoleArn"])
    detail = {
        key: params[key] for key in ("Description", "DisplayName", "ImageName", "RoleArn") if key in params
    }
    arn = region.arn("image", name.lower())
    _keep(region, "images", arn, name, {**detail, "ImageArn": arn, "ImageStatus": "CREATED"}, params)
    return {"ImageArn": arn}


def describe_image(request: Request) -> dict[str, Any]:
    """DescribeImage."""
    return dict(_image(request).detail)


def update_image(request: Request) -> dict[str, Any]:
    """UpdateImage."""
    image, params = _image(request), request.params
    image.change(**{key: params[key] for key in ("Description", "DisplayName", "RoleArn") if key in params})
    with LOCK:
        for name in params.get("DeleteProperties", ()):
            image.detail.pop(name, None)
    return {"ImageArn": image.arn}


def delete_image(request: Request) -> dict[str, Any]:
    """DeleteImage: its versions go with it."""
    image, region = _image(request), _region(request)
    with LOCK:
        del region.table("images")[image.arn]
        for version in _versions(region, image):
            del region.table("image_versions")[version.arn]
    return {}


def list_images(request: Request) -> dict[str, Any]:
    """ListImages."""
    shown = (
        "CreationTime",
        "Description",
        "DisplayName",
        "ImageArn",
        "ImageName",
        "ImageStatus",
        "LastModifiedTime",
    )
    return _listed(request, "images", "Images", shown)


def create_image_version(request: Request) -> dict[str, Any]:
    """CreateImageVersion: the newest number, of an image that is in ECR."""
    params, region, image = request.params, _region(request), _image(request)
    try:
        digest = {
            "ContainerImage": resolved_image(region, params["BaseImage"]),
            "ImageVersionStatus": "CREATED",
        }
    except ValidationError as error:
        digest = {"ImageVersionStatus": "CREATE_FAILED", "FailureReason": str(error.message)}
    with LOCK:
        number = 1 + max((each.detail["Version"] for each in _versions(region, image)), default=0)
        arn = region.arn("image-version", f"{image.name.lower()}/{number}")
        detail = {key: params[key] for key in ("BaseImage", *_ABOUT_VERSION) if key in params}
        detail |= {"ImageArn": image.arn, "ImageVersionArn": arn, "Version": number, **digest}
        _keep(region, "image_versions", arn, f"{image.name}/{number}", detail, {})
    return {"ImageVersionArn": arn}


def describe_image_version(request: Request) -> dict[str, Any]:
    """DescribeImageVersion: one by its number, else the newest."""
    return dict(_version(request).detail)


def delete_image_version(request: Request) -> dict[str, Any]:
    """DeleteImageVersion."""
    version = _version(request)
    with LOCK:
        del _region(request).table("image_versions")[version.arn]
    return {}


def list_image_versions(request: Request) -> dict[str, Any]:
    """ListImageVersions."""
    image = _image(request)
    shown = (
        "CreationTime",
        "ImageArn",
        "ImageVersionArn",
        "ImageVersionStatus",
        "LastModifiedTime",
        "Version",
    )
    found = _versions(_region(request), image)
    return listed(
        dict(request.params), found, "ImageVersions", lambda item: {key: item.detail[key] for key in shown}
    )


def create_app_image_config(request: Request) -> dict[str, Any]:
    """CreateAppImageConfig."""
    params, region = request.params, _region(request)
    name = params["AppImageConfigName"]
    arn = region.arn("app-image-config", name.lower())
    detail = {key: params[key] for key in ("AppImageConfigName", *_APPS) if key in params}
    _keep(region, "app_image_configs", arn, name, {**detail, "AppImageConfigArn": arn}, params)
    return {"AppImageConfigArn": arn}


def describe_app_image_config(request: Request) -> dict[str, Any]:
    """DescribeAppImageConfig."""
    return dict(_config(request).detail)


def update_app_image_config(request: Request) -> dict[str, Any]:
    """UpdateAppImageConfig."""
    config = _config(request)
    config.change(**{key: request.params[key] for key in _APPS if key in request.params})
    return {"AppImageConfigArn": config.arn}


def delete_app_image_config(request: Request) -> dict[str, Any]:
    """DeleteAppImageConfig."""
    config = _config(request)
    with LOCK:
        del _region(request).table("app_image_configs")[config.arn]
    return {}


def list_app_image_configs(request: Request) -> dict[str, Any]:
    """ListAppImageConfigs."""
    shown = ("AppImageConfigArn", "AppImageConfigName", "CreationTime", "LastModifiedTime", *_APPS)
    return _listed(request, "app_image_configs", "AppImageConfigs", shown)


def _region(request: Request) -> Region:
    return Region(request.account, request.region)


def _keep(
    region: Region, table: str, arn: str, name: str, detail: dict[str, Any], params: Mapping[str, Any]
) -> None:
    times = {"CreationTime": now(), "LastModifiedTime": now()}
    with LOCK:
        if arn in region.table(table):
            raise ResourceInUseException(f"{name} already exists ({arn}).")
        region.table(table)[arn] = Resource(arn, name, {**detail, **times}, list(params.get("Tags") or []))


def _image(request: Request) -> Resource:
    name = request.params["ImageName"]
    image: Resource | None = _region(request).table("images").get(_region(request).arn("image", name.lower()))
    if image is None:
        raise ResourceNotFound(f"Image {name} does not exist.")
    return image


def _versions(region: Region, image: Resource) -> list[Resource]:
    return [each for each in region.table("image_versions").values() if each.detail["ImageArn"] == image.arn]


def _version(request: Request) -> Resource:
    wanted = request.params.get("Version")
    found = sorted(_versions(_region(request), _image(request)), key=lambda each: int(each.detail["Version"]))
    found = [each for each in found if wanted in (None, each.detail["Version"])]
    if not found:
        number = "" if wanted is None else f" with the number {wanted}"
        raise ResourceNotFound(f"ImageVersion of {request.params['ImageName']}{number} does not exist.")
    return found[-1]


def _config(request: Request) -> Resource:
    name, region = request.params["AppImageConfigName"], _region(request)
    config: Resource | None = region.table("app_image_configs").get(
        region.arn("app-image-config", name.lower())
    )
    if config is None:
        raise ResourceNotFound(f"AppImageConfig {name} does not exist.")
    return config


def _listed(request: Request, table: str, answer: str, shown: tuple[str, ...]) -> dict[str, Any]:
    return listed(
        dict(request.params),
        _region(request).table(table).values(),
        answer,
        lambda item: {key: item.detail[key] for key in shown if key in item.detail},
    )


OPERATIONS: dict[str, Operation] = {
    "CreateAppImageConfig": create_app_image_config,
    "CreateImage": create_image,
    "CreateImageVersion": create_image_version,
    "DeleteAppImageConfig": delete_app_image_config,
    "DeleteImage": delete_image,
    "DeleteImageVersion": delete_image_version,
    "DescribeAppImageConfig": describe_app_image_config,
    "DescribeImage": describe_image,
    "DescribeImageVersion": describe_image_version,
    "ListAppImageConfigs": list_app_image_configs,
    "ListImageVersions": list_image_versions,
    "ListImages": list_images,
    "UpdateAppImageConfig": update_app_image_config,
    "UpdateImage": update_image,
}
