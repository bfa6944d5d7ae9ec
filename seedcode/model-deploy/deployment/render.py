"""Writes each stage's CloudFormation template configuration and the template; the pipeline deploys them next."""

from __future__ import annotations

import argparse
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3

from deployment.build_settings import STAGES, BuildSettings, Stage
from deployment.command_line import run
from deployment.deployment_errors import UserError
from deployment.inference_modes import Asynchronous, Batch, Serverless
from deployment.model_interface import ModelInterface, model_interface
from deployment.record_schema import read_record_schema
from deployment.serverless_image import refuse_image_of_another_account
from deployment.stage_config import StageConfig, read_stage_config
from deployment.stage_in_service import refuse_change_of_mode
from deployment.stage_session import stage_session
from deployment.target_models import TargetModels, target_models

TEMPLATE = Path(__file__).parent.parent / "endpoint.yaml"

# A `d` after the generation, or one of these families: local disks, which encrypt themselves and take no key.
_LOCAL_DISKS = re.compile(
    r"ml\.([a-z]+\d+[a-z]*d[a-z]*|dl1|g5|g[67]e?|gr6|i\d[a-z]*|p5[a-z]*|p6-[a-z0-9]+|p6e-gb200|trn\d[a-z]*)\.[a-z0-9]+"
)
_ACCELERATED = re.compile(r"ml\.(g|p|inf|trn)\d[a-z0-9]*\.[a-z0-9]+")

# For parameters that the stage's mode leaves unused; CloudFormation wants a value for each.
_ANY_SERVERLESS = Serverless(memory_mb=1024, max_concurrency=1)
_ANY_ASYNCHRONOUS = Asynchronous(concurrent_invocations=1)
_NONE = "none"


def render_stage(
    settings: BuildSettings,
    stage: Stage,
    config: StageConfig,
    model: ModelInterface,
    models: TargetModels | None = None,
) -> dict[str, Any]:
    """Return the template configuration of ``stage``; in mode multi-model ``models`` are what it serves.

    Raises
    ------
    UserError
        The instance type cannot be used in the stage's mode.
    """
    instance_type = getattr(settings, f"{stage}_instance_type")
    instance_count = getattr(settings, f"{stage}_instance_count")
    _refuse_instance_type(instance_type, stage, config)
    key = settings.of_stage(stage, "kms_key_arn")
    serverless = config.serverless or _ANY_SERVERLESS
    asynchronous = config.asynchronous or _ANY_ASYNCHRONOUS
    batch = config.batch or Batch()
    batch_roles = settings.batch_roles(stage)
    if config.mode == "batch" and not all(batch_roles):
        raise UserError(
            f"mode batch of config/{stage}.yaml needs roles that this stage has not: a stage in another account never"
            " has them, one in the project's own after the project's next update"
        )
    parameters = {
        "StageName": stage,
        "Mode": config.mode,
        "ProjectName": settings.project_name,
        "ProjectId": settings.project_id,
        "ModelPackageArn": settings.model_package_arn,
        "ModelMediaType": model.media_type,
        "ModelAnswerColumns": ",".join(model.answer_columns),
        "ModelImageUri": models.image if models else _NONE,
        "ModelsUri": models.prefix if models else _NONE,
        "TargetModels": models.as_text() if models else _NONE,
        "TargetModelsDigest": models.digest() if models else _NONE,
        "ModelRoleArn": settings.of_stage(stage, "model_role_arn"),
        "EndpointName": getattr(settings, f"{stage}_endpoint_name"),
        "InstanceType": instance_type,
        "InstanceCount": instance_count,
        "MaxInstanceCount": instance_count + config.scale_out_by if config.scale_out_by else 0,
        "DataCaptureUri": f"s3://{settings.project_bucket}/data-capture/{stage}",
        "DataCapturePercentage": config.data_capture_percentage,
        "ServerlessMemorySize": serverless.memory_mb,
        "ServerlessMaxConcurrency": serverless.max_concurrency,
        "ServerlessProvisionedConcurrency": serverless.provisioned_concurrency,
        "AsynchronousUri": f"s3://{settings.project_bucket}/asynchronous/{stage}",
        "ConcurrentInvocations": asynchronous.concurrent_invocations,
        "NotificationsTopicArn": getattr(settings, f"{stage}_notifications_topic_arn"),
        "BatchPipelineName": f"sagemaker-{settings.project_name}-{settings.project_id}-batch-{stage}",
        "BatchUri": f"s3://{settings.project_bucket}/batch/{stage}",
        "BatchSchedule": batch.schedule or _NONE,
        "BatchMaxPayload": batch.max_payload_mb,
        "BatchConcurrency": batch.concurrent_requests,
        "BatchRoleArn": batch_roles[0] or _NONE,
        "ScheduleRoleArn": batch_roles[1] or _NONE,
        "KmsKeyArn": key,
        "VolumeKmsKeyArn": _NONE if _LOCAL_DISKS.fullmatch(instance_type) else key,
        "DataKmsKeyArn": settings.kms_key_arn,
        "ApiImageUri": settings.api_image_uri,
        "ApiRoleArn": settings.of_stage(stage, "api_role_arn"),
        "FunctionName": getattr(settings, f"{stage}_function_name"),
        "RestApiId": settings.of_stage(stage, "rest_api_id"),
    }
    return {
        # CloudFormation takes strings only.
        "Parameters": {name: str(value) for name, value in parameters.items()},
        "Tags": {
            "sagemaker:project-name": settings.project_name,
            "sagemaker:project-id": settings.project_id,
        },
    }


def _refuse_instance_type(instance_type: str, stage: Stage, config: StageConfig) -> None:
    if config.mode == "multi-model" and _ACCELERATED.fullmatch(instance_type):
        raise UserError(
            f"the project asks for {instance_type} in {stage}, and SageMaker serves several models on accelerators"
            f" with one container of AWS only: take mode real-time in config/{stage}.yaml, or update the project to"
            " a type without"
        )
    if config.mode == "serverless" and _ACCELERATED.fullmatch(instance_type):
        raise UserError(
            f"the project asks for {instance_type} in {stage}, and mode serverless of config/{stage}.yaml has no"
            " accelerators: take mode real-time, or update the project to a type without"
        )


def render(
    sagemaker: Mapping[Stage, Any],
    registry: Any,
    package: Mapping[str, Any],
    settings: BuildSettings,
    model: ModelInterface,
    output: Path,
) -> None:
    """Write ``endpoint.yaml`` and a ``<stage>.json`` per stage into ``output``.

    Each stage has the client that sees it, in its own account; ``registry`` sees the model registry, and ``package``
    is what it says of the version that is deployed.

    Raises
    ------
    UserError
        A stage's configuration is not valid, or not for the stage or the model that is there.
    """
    output.mkdir(parents=True, exist_ok=True)
    shutil.copy(TEMPLATE, output)
    for stage in STAGES:
        config = read_stage_config(stage)
        refuse_image_of_another_account(package, settings, stage, config)
        prefix = f"sagemaker-{settings.project_name}-{settings.project_id}"
        refuse_change_of_mode(
            sagemaker[stage],
            getattr(settings, f"{stage}_endpoint_name"),
            f"{prefix}-batch-{stage}" if all(settings.batch_roles(stage)) else "",
            config.mode,
            f"{prefix}-{stage}",
        )
        models = None
        if config.multi_model:
            schema = read_record_schema()
            models = target_models(registry, package, settings, config.multi_model.previous, model, schema)
            versions = ", ".join(models.artefacts)
            print("\n".join([f"{stage} serves the versions {versions}", *models.left_out]))
        content = render_stage(settings, stage, config, model, models)
        (output / f"{stage}.json").write_text(json.dumps(content, indent=2) + "\n")


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder of the build's artifact")
    output: Path = parser.parse_args().output
    settings = BuildSettings()
    registry = boto3.client("sagemaker")
    package = registry.describe_model_package(ModelPackageName=settings.model_package_arn)
    model = model_interface(package, read_record_schema())
    clients = {
        stage: stage_session(getattr(settings, f"{stage}_test_role_arn"), stage).client("sagemaker")
        for stage in STAGES
    }
    render(clients, registry, package, settings, model, output)
    print(f"rendered {', '.join(STAGES)} into {output}")


if __name__ == "__main__":
    run(_main)
