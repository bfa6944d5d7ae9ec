"""SageMaker that runs: pipelines, jobs, the model registry and endpoints in place of moto's pretended ones."""

from __future__ import annotations

from moto.sagemaker.responses import SageMakerResponse

from localaws import coverage
from localaws.operations import graft
from localaws.services.sagemaker import (
    async_invocations,
    automl,
    callbacks,
    endpoints,
    feature_groups,
    feature_record_route,
    hosted_models,
    invocation_route,
    invocations,
    pipeline_executions,
    pipelines,
    processing,
    registry,
    search,
    studio,
    studio_images,
    tags,
    training,
    transform,
    tuning,
    user_profiles,
)
from localaws.services.sagemaker.approximations import APPROXIMATED, RUNTIME_APPROXIMATED
from localaws.services.sagemaker.constraints import checked

PARTS = (
    pipelines,
    pipeline_executions,
    callbacks,
    processing,
    training,
    transform,
    tuning,
    automl,
    registry,
    hosted_models,
    endpoints,
    feature_groups,
    search,
    tags,
    studio_images,
    user_profiles,
)


def install() -> None:
    """Put our operations in the place of moto's (5.2.5), each behind the check of its parameters."""
    for part in PARTS:
        operations = {name: checked(name, operation) for name, operation in part.OPERATIONS.items()}
        graft(SageMakerResponse, "sagemaker", operations)
    coverage.answers("sagemaker", ("CreateDomain",), APPROXIMATED)
    coverage.answers("sagemaker-runtime", ("InvokeEndpoint", "InvokeEndpointAsync"), RUNTIME_APPROXIMATED)
    invocations.install()
    invocation_route.install()
    feature_record_route.install()
    async_invocations.install()
    studio.install()
    user_profiles.install()
    studio_images.install()
