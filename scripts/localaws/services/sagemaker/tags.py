"""ListTags, AddTags and DeleteTags over every SageMaker resource, model packages and executions among them."""

from __future__ import annotations

from typing import Any

from moto.sagemaker.exceptions import ValidationError

from localaws.operations import Operation, Request
from localaws.services.sagemaker.resources import LOCK, Region, merged_tags

TAGGED_TABLES = (
    "_models", "app_image_configs", "auto_ml_jobs", "clusters", "domains", "endpoint_configs", "endpoints",
    "experiments", "hyper_parameter_tuning_jobs", "images", "model_package_groups", "model_packages",
    "notebook_instances", "pipeline_executions", "pipelines", "processing_jobs", "training_jobs", "transform_jobs",
    "trial_components", "trials", "user_profiles",
)  # fmt: skip


def list_tags(request: Request) -> dict[str, Any]:
    """Return the tags of one resource (at most 50 exist, so one page)."""
    return {"Tags": _resource(request).tags}


def add_tags(request: Request) -> dict[str, Any]:
    """Add tags; moto 5.2.5 keeps two tags of the same key."""
    resource = _resource(request)
    with LOCK:
        resource.tags = merged_tags(resource.tags or [], request.params["Tags"])
    return {"Tags": resource.tags}


def delete_tags(request: Request) -> dict[str, Any]:
    """Remove tags by key."""
    resource = _resource(request)
    with LOCK:
        resource.tags = [tag for tag in resource.tags if tag["Key"] not in request.params["TagKeys"]]
    return {}


def _resource(request: Request) -> Any:
    arn = request.params["ResourceArn"]
    region = Region(request.account, request.region)
    with LOCK:
        for table in TAGGED_TABLES:
            for resource in region.table(table).values():
                if resource.arn == arn:
                    return resource
    raise ValidationError(f"Could not find resource with ARN {arn}.")


OPERATIONS: dict[str, Operation] = {"ListTags": list_tags, "AddTags": add_tags, "DeleteTags": delete_tags}
