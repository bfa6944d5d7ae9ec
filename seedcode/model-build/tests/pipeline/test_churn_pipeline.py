"""The pipeline's definition holds what AWS takes and what the project promises; no network is used."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from mlpipelines.plan import PipelinePlan
from mlpipelines.project_settings import ProjectSettings
from mlpipelines.sdk_compiler import compile_pipeline

OPERATIONS = {
    "Processing": "CreateProcessingJob",
    "Training": "CreateTrainingJob",
    "RegisterModel": "CreateModelPackage",
}
SET_BY_PIPELINES = {"Processing": "ProcessingJobName", "Training": "TrainingJobName"}
Definition = Mapping[str, Any]


Churn = Callable[..., PipelinePlan]


def define(plan: PipelinePlan) -> Definition:
    definition: Definition = json.loads(compile_pipeline(plan))
    return definition


@pytest.fixture(scope="module")
def definition(churn: Churn) -> Definition:
    return define(churn())


def all_steps(steps: list[Any]) -> Iterator[Mapping[str, Any]]:
    for step in steps:
        yield step
        for branch in ("IfSteps", "ElseSteps"):
            yield from all_steps(step["Arguments"].get(branch, []))


def step(definition: Definition, name: str) -> Mapping[str, Any]:
    return next(step for step in all_steps(definition["Steps"]) if step["Name"] == name)


def resolve(value: Any, parameters: Mapping[str, Any]) -> Any:
    """Put defaults for parameters and a word for everything known only when the pipeline runs."""
    if isinstance(value, list):
        return [resolve(item, parameters) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Get"}:
        return parameters.get(value["Get"], "known-later")
    if value.keys() <= {"Std:Join", "Std:JsonGet"}:
        return "known-later"
    return {name: resolve(item, parameters) for name, item in value.items()}


@pytest.mark.parametrize("name", ["preprocess", "train", "evaluate", "register"])
def test_a_step_s_arguments_are_valid_input_of_the_api(definition: Definition, name: str) -> None:
    parameters = {
        f"Parameters.{parameter['Name']}": parameter.get("DefaultValue", "given")
        for parameter in definition["Parameters"]
    }
    chosen = step(definition, name)
    model = botocore.session.get_session().get_service_model("sagemaker")
    arguments = resolve(chosen["Arguments"], parameters)
    if chosen["Type"] in SET_BY_PIPELINES:
        arguments[SET_BY_PIPELINES[chosen["Type"]]] = "name"
    shape: Any = model.operation_model(OPERATIONS[chosen["Type"]]).input_shape
    assert ParamValidator().validate(arguments, shape).generate_report() == ""


def test_steps_come_in_the_order_of_the_plan(definition: Definition) -> None:
    assert [step["Name"] for step in all_steps(definition["Steps"])] == [
        "preprocess",
        "train",
        "evaluate",
        "check-quality",
        "register",
        "fail-quality",
    ]


def test_an_execution_may_be_started_with_these_parameters(definition: Definition) -> None:
    defaults = {parameter["Name"]: parameter.get("DefaultValue") for parameter in definition["Parameters"]}
    assert re.fullmatch("[0-9a-f]{64}", defaults.pop("DataHash"))
    assert defaults.pop("InputData").endswith("/synthetic.csv")
    assert defaults.pop("CommitId") is None
    # Their values are for the team to change, without a change here.
    assert sorted(defaults) == [
        "AucThreshold",
        "ModelApprovalStatus",
        "ProcessingInstanceType",
        "TrainingInstanceCount",
        "TrainingInstanceType",
    ]
    assert None not in defaults.values()


def test_the_model_package_carries_its_metadata(definition: Definition) -> None:
    properties = step(definition, "register")["Arguments"]["CustomerMetadataProperties"]
    assert sorted(properties) == [
        "CommitId",
        "DataHash",
        "DataLocation",
        "EvaluationUri",
        "GoldenRecordsUri",
        "ProjectId",
        "Threshold",
    ]
    assert properties["Threshold"]["Std:JsonGet"]["Path"] == "threshold"


def test_jobs_run_in_the_given_image_without_a_network(
    definition: Definition, settings: ProjectSettings
) -> None:
    train = step(definition, "train")["Arguments"]
    assert train["AlgorithmSpecification"]["TrainingImage"] == settings.image_uri
    assert train["EnableNetworkIsolation"] is True
    for name in ("preprocess", "evaluate"):
        arguments = step(definition, name)["Arguments"]
        assert arguments["AppSpecification"]["ImageUri"] == settings.image_uri
        assert arguments["NetworkConfig"] == {"EnableNetworkIsolation": True}


def test_what_jobs_write_is_encrypted_with_the_project_s_key(
    definition: Definition, settings: ProjectSettings
) -> None:
    train = step(definition, "train")["Arguments"]
    assert train["OutputDataConfig"]["KmsKeyId"] == settings.kms_key_arn
    assert train["ResourceConfig"]["VolumeKmsKeyId"] == settings.kms_key_arn
    for name in ("preprocess", "evaluate"):
        arguments = step(definition, name)["Arguments"]
        assert arguments["ProcessingOutputConfig"]["KmsKeyId"] == settings.kms_key_arn
        assert arguments["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == settings.kms_key_arn


def test_jobs_carry_the_project_s_tags(definition: Definition) -> None:
    for name in ("preprocess", "train", "evaluate"):
        assert step(definition, name)["Arguments"]["Tags"] == [
            {"Key": "sagemaker:project-name", "Value": "churn"},
            {"Key": "sagemaker:project-id", "Value": "p-1"},
        ]


def test_jobs_are_cached_and_a_commit_alone_changes_nothing(definition: Definition, churn: Churn) -> None:
    assert define(churn(commit_id="f" * 40)) == definition
    for name in ("preprocess", "train", "evaluate"):
        assert step(definition, name)["CacheConfig"] == {"Enabled": True, "ExpireAfter": "P30D"}


def test_equal_configurations_give_equal_bytes(churn: Churn) -> None:
    assert compile_pipeline(churn()) == compile_pipeline(churn())


def test_other_data_or_another_image_is_no_cache_hit(
    definition: Definition, churn: Churn, settings: ProjectSettings
) -> None:
    arguments = step(definition, "preprocess")["Arguments"]["AppSpecification"]["ContainerArguments"]
    assert arguments == ["--data-sha256", {"Get": "Parameters.DataHash"}]
    other_image = churn(image_uri=settings.image_uri.replace("a" * 64, "b" * 64))
    assert step(define(other_image), "preprocess") != step(definition, "preprocess")


def test_training_is_given_no_customers_to_be_tested_on(definition: Definition) -> None:
    channels = [each["ChannelName"] for each in step(definition, "train")["Arguments"]["InputDataConfig"]]
    assert channels == ["train", "validation", "transform"]


def test_a_model_s_evaluation_is_never_overwritten_by_another_s(definition: Definition) -> None:
    (output,) = step(definition, "evaluate")["Arguments"]["ProcessingOutputConfig"]["Outputs"]
    assert {"Get": "Execution.PipelineExecutionId"} in output["S3Output"]["S3Uri"]["Std:Join"]["Values"]


def test_a_weak_model_fails_the_execution_with_metric_and_threshold(definition: Definition) -> None:
    words = step(definition, "fail-quality")["Arguments"]["ErrorMessage"]["Std:Join"]["Values"]
    assert "binary_classification_metrics.auc.value" in json.dumps(words)
    assert {"Get": "Parameters.AucThreshold"} in words


def test_no_experiment_is_left_behind(definition: Definition) -> None:
    assert definition["PipelineExperimentConfig"] is None
