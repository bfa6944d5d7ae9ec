"""Refuses a serverless stage whose model's image SageMaker would not host there; `render` asks before it writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployment.build_settings import BuildSettings, Stage
from deployment.deployment_errors import UserError
from deployment.stage_config import StageConfig


def refuse_image_of_another_account(
    package: Mapping[str, Any], settings: BuildSettings, stage: Stage, config: StageConfig
) -> None:
    """Raise `UserError` when the model's image is in the registry's account and its serverless stage is in another.

    Without instances SageMaker hosts images of the endpoint's own account and AWS's, and would fail the stage's stack.

    Parameters
    ----------
    package
        The version of this run, as SageMaker describes it.
    settings, stage, config
        The build's, and the stage that is rendered.
    """
    home, there = (
        arn.split(":")[4] for arn in (settings.model_package_arn, settings.of_stage(stage, "model_role_arn"))
    )
    if config.mode != "serverless" or home == there:
        return
    for container in package["InferenceSpecification"]["Containers"]:
        if container["Image"].startswith(f"{home}."):
            raise UserError(
                f"mode serverless of config/{stage}.yaml: without instances SageMaker hosts no image of another"
                f" account, and {container['Image']} is in {home}, the stage in {there}: take mode real-time, or a"
                " model that runs in an image of AWS"
            )
