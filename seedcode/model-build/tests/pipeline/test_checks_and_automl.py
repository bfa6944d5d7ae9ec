"""AutoML and checks: their requests are what AWS takes, and what they leave behind is registered."""

# ruff: noqa: E501  # the table of mistakes reads best with a line each
from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from configured_repository import Repository

from mlpipelines.pipeline_errors import UserError
from mlpipelines.plan import AwsImage
from mlpipelines.sdk_compiler import compile_pipeline
from mlpipelines.sdk_images import image_uri

CONF = """\
models:
  adults:
    source_directory: adults
    preprocess:
      entry_point: prepare.py
      channels: {train: {dataFiles: [{fileName: "s3://bucket/adults.csv"}]}, validation: , test: }
    automl:
      target: income
      problem_type: BinaryClassification
      objective: F1
      algorithms: [xgboost, randomforest]
      max_candidates: 3
      max_runtime_seconds: 300
      max_runtime_per_candidate_seconds: 60
      validation_fraction: 0.2
      inference_response_keys: [predicted_label, probability]
    transform: {channels: test}
    data_quality: {fail_on_violation: {parameter: Strict, default: true}, register_new_baseline: true}
    model_quality: {problem_type: BinaryClassification, inference_attribute: "0", channels: test}
    data_bias: {analysis: {dataset_type: text/csv, label: income, methods: {pre_training_bias: {methods: all}}}}
    model_bias: {channels: test, analysis: {dataset_type: text/csv, methods: {post_training_bias: {methods: all}}}}
    model_explainability: {channels: test, analysis: {dataset_type: text/csv, methods: {shap: {}}}}
    registry: {}
sagemakerPipeline:
  pipelineName: adults
  models:
    adults:
      steps:
        - {step_name: prepare, step_class: Processing}
        - {step_name: data-quality, step_class: QualityCheck, enable_cache: true}
        - {step_name: data-bias, step_class: ClarifyCheck}
        - {step_name: search, step_class: AutoML, enable_cache: true}
        - {step_name: make, step_class: CreateModel}
        - {step_name: score, step_class: Transform}
        - {step_name: model-quality, step_class: QualityCheck, step_type: model_quality}
        - {step_name: model-bias, step_class: ClarifyCheck, step_type: model_bias}
        - {step_name: explain, step_class: ClarifyCheck, step_type: model_explainability}
        - {step_name: register, step_class: RegisterModel}
"""
Steps = Mapping[str, Mapping[str, Any]]
OPERATIONS = {
    "AutoML": ("CreateAutoMLJob", "AutoMLJobName"),
    "QualityCheck": ("CreateProcessingJob", "ProcessingJobName"),
    "ClarifyCheck": ("CreateProcessingJob", "ProcessingJobName"),
    "RegisterModel": ("CreateModelPackage", "ModelPackageName"),
}


def written(repository: Repository, old: str = "", new: str = "") -> Repository:
    assert old in CONF
    files = {"adults/prepare.py": "", "adults/conf/conf.yaml": CONF.replace(old, new, 1) if old else CONF}
    return repository.write(files)


@pytest.fixture
def steps(repository: Repository) -> Steps:
    plan = written(repository).plan()["adults"]
    return {step["Name"]: step for step in json.loads(compile_pipeline(plan))["Steps"]}


def known(value: Any) -> Any:
    """Put a word for everything that is known only when the pipeline runs."""
    if isinstance(value, list):
        return [known(item) for item in value]
    if isinstance(value, dict):
        later = value.keys() <= {"Get", "Std:Join"}
        return "s3://known/later" if later else {name: known(item) for name, item in value.items()}
    return value


def test_arguments_are_valid_input_of_the_api(steps: Steps) -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    for step in steps.values():
        if step["Type"] in OPERATIONS:
            operation, name = OPERATIONS[step["Type"]]
            shape: Any = model.operation_model(operation).input_shape
            report = ParamValidator().validate(known(step["Arguments"]) | {name: "name"}, shape)
            assert report.generate_report() == "", step["Name"]


def test_an_automl_job_searches_an_ensemble_within_its_limits(steps: Steps) -> None:
    search = steps["search"]
    assert search["CacheConfig"]["Enabled"]
    configuration = search["Arguments"]["AutoMLJobConfig"]
    assert configuration["Mode"] == "ENSEMBLING"
    assert configuration["CompletionCriteria"] == {
        "MaxCandidates": 3,
        "MaxAutoMLJobRuntimeInSeconds": 300,
        "MaxRuntimePerTrainingJobInSeconds": 60,
    }
    channels = search["Arguments"]["InputDataConfig"]
    assert [each["ChannelType"] for each in channels] == ["training", "validation"]
    assert {each["TargetAttributeName"] for each in channels} == {"income"}


def test_the_best_candidate_is_what_is_served_and_registered(steps: Steps) -> None:
    (registered,) = steps["register"]["Arguments"]["InferenceSpecification"]["Containers"]
    assert steps["make"]["Arguments"]["PrimaryContainer"] == registered
    best = "Steps.search.BestCandidate.InferenceContainers[0]"
    assert registered["Image"] == {"Get": f"{best}.Image"}
    assert registered["ModelDataUrl"] == {"Get": f"{best}.ModelDataUrl"}
    assert registered["Environment"]["SAGEMAKER_PROGRAM"] == {
        "Get": f"{best}.Environment['SAGEMAKER_PROGRAM']"
    }
    assert registered["Environment"]["SAGEMAKER_INFERENCE_OUTPUT"] == "predicted_label,probability"


def test_checks_say_what_they_compare_and_whether_that_fails_the_step(steps: Steps) -> None:
    quality = steps["data-quality"]
    assert quality["CheckType"] == "DATA_QUALITY"
    assert quality["ModelPackageGroupName"] == "sagemaker-churn-p-1-adults"
    assert quality["FailOnViolation"] == {"Get": "Parameters.Strict"}
    assert (quality["SkipCheck"], quality["RegisterNewBaseline"]) == (False, True)
    kinds = [steps[name]["CheckType"] for name in ("model-quality", "data-bias", "model-bias", "explain")]
    assert kinds == ["MODEL_QUALITY", "DATA_BIAS", "MODEL_BIAS", "MODEL_EXPLAINABILITY"]
    assert steps["explain"]["ModelName"] == {"Get": "Steps.make.ModelName"}


def test_an_analysis_lies_where_its_content_says(repository: Repository, steps: Steps) -> None:
    uri = steps["data-bias"]["Arguments"]["ProcessingInputs"][0]["S3Input"]["S3Uri"]
    key = uri.removeprefix(f"s3://{repository.settings.project_bucket}/")
    analysis = json.loads(repository.staging.uploads[key].content)
    assert (analysis["label"], sorted(analysis["methods"])) == ("income", ["pre_training_bias", "report"])


def test_a_version_carries_its_reports_and_the_next_one_s_baselines(steps: Steps) -> None:
    arguments = steps["register"]["Arguments"]
    chapters = ["Bias", "Explainability", "ModelDataQuality", "ModelQuality"]
    assert sorted(arguments["ModelMetrics"]) == sorted(arguments["DriftCheckBaselines"]) == chapters
    assert arguments["ModelMetrics"]["Bias"]["PreTrainingReport"]["S3Uri"] == {
        "Get": "Steps.data-bias.CalculatedBaselineConstraints"
    }
    assert arguments["DriftCheckBaselines"]["ModelDataQuality"]["Statistics"]["S3Uri"] == {
        "Get": "Steps.data-quality.BaselineUsedForDriftCheckStatistics"
    }


def test_a_region_without_the_image_is_named() -> None:
    with pytest.raises(UserError, match="AWS has no image clarify in mars-north-1"):
        image_uri(AwsImage("clarify", "mars-north-1"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("objective: F1", "", "problem_type and objective go together"),
        ("target: income", "", "this key is missing: target"),
        ("step_class: AutoML,", "step_class: AutoML, chain_input_source_step: [{step: prepare, channels: [test]}],",
         "an AutoML job is given train and, if there is one, validation, once each: here it is given test"),
        ("- {step_name: search, step_class: AutoML, enable_cache: true}", "", "needs a Training, Tuning or AutoML step before it"),
        ("- {step_name: make, step_class: CreateModel}", "", "a check of model_bias needs a model: put a CreateModel step before it"),
        ("methods: {shap: {}}", "methods: 3", "the analysis needs methods"),
        ("step_type: model_quality", "step_type: data_bias", "has no data_bias for it (QualityCheck)"),
        ("register_new_baseline: true", "register_new_baseline: maybe", "must be true or false"),
        ("data_quality: {", "data_quality: {channels: [train, test], ", "a check has one channel"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(repository: Repository, old: str, new: str, words: str) -> None:
    found = written(repository, old, new).problems()
    assert any(words in each for each in found), found
