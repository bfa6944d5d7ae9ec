"""Configurations as the sample writes them are taken unchanged, and their steps find what its scripts look for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from configured_repository import Repository
from sample_shapes import FILES, SAMPLES

from mlpipelines.sdk_compiler import compile_pipeline


def steps(repository: Repository, name: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the compiled steps of the one pipeline that a sample's files make."""
    (plan,) = repository.write(FILES).write(SAMPLES[name]).plan().values()
    return {step["Name"]: step for step in json.loads(compile_pipeline(plan))["Steps"]}


def inputs(step: Mapping[str, Any]) -> dict[str, str]:
    return {each["InputName"]: each["S3Input"]["LocalPath"] for each in step["Arguments"]["ProcessingInputs"]}


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_sample_s_files_validate_and_compile_unchanged(repository: Repository, name: str) -> None:
    compiled = steps(repository, name)
    assert all(step["Type"] for step in compiled.values())


def test_images_and_accounts_stay_as_they_are_and_names_of_the_project_are_filled_in(
    repository: Repository,
) -> None:
    train = steps(repository, "lgbm")["shoppers-Training"]["Arguments"]
    assert train["AlgorithmSpecification"]["TrainingImage"] == (
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:1.9.0-cpu-py38"
    )
    assert [each["DataSource"]["S3DataSource"]["S3Uri"] for each in train["InputDataConfig"][:2]] == [
        "s3://sagemaker-churn-p-1-123456789012/visits/train",
        "s3://sagemaker-churn-p-1-123456789012/visits/test",
    ]


def test_defaults_are_the_sample_s(repository: Repository) -> None:
    arguments = steps(repository, "tf")["tf-Preprocessing"]["Arguments"]
    cluster = arguments["ProcessingResources"]["ClusterConfig"]
    assert (cluster["InstanceType"], cluster["InstanceCount"], cluster["VolumeSizeInGB"]) == (
        "ml.m5.2xlarge",
        1,
        32,
    )
    assert arguments["StoppingCondition"] == {"MaxRuntimeInSeconds": 3000}


def test_caching_is_as_each_step_says(repository: Repository) -> None:
    compiled = steps(repository, "llm")
    assert compiled["summaries-prepare"]["CacheConfig"] == {"Enabled": True, "ExpireAfter": "P10D"}
    assert "CacheConfig" not in compiled["summaries-fit"]


def test_a_processing_job_finds_data_files_and_another_model_s_result(repository: Repository) -> None:
    step = steps(repository, "multi-model")["tf-Preprocessing"]
    assert inputs(step) == {
        "code": "/opt/ml/processing/input/code",
        "raw": "/opt/ml/processing/input/raw",
        "model": "/opt/ml/processing/input/model",
    }
    aliases = json.loads(step["Arguments"]["Environment"]["STEP_INPUT_ALIASES"])
    assert aliases == {"pca-Training-input-train": "model"}


def test_a_training_job_finds_a_channel_by_its_name(repository: Repository) -> None:
    step = steps(repository, "tf")["tf-Training"]
    assert [each["ChannelName"] for each in step["Arguments"]["InputDataConfig"]] == ["train", "code"]
    assert json.loads(step["Arguments"]["Environment"]["STEP_INPUT_ALIASES"]) == {
        "tf-Preprocessing-train": "train"
    }


def test_channels_of_one_name_are_told_apart_by_their_steps(repository: Repository) -> None:
    found = inputs(steps(repository, "tf")["tf-Metrics"])
    assert set(found) == {"code", "tf-Preprocessing-train", "tf-Transform-train"}


def test_a_transform_takes_the_file_below_what_is_chained(repository: Repository) -> None:
    arguments = steps(repository, "tf")["tf-Transform"]["Arguments"]
    uri = arguments["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    assert uri["Std:Join"]["Values"][1] == "test/x.csv"
    assert arguments["ModelName"] == {"Get": "Steps.tf-CreateModel.ModelName"}


def test_the_report_of_the_metrics_step_goes_with_the_model(repository: Repository) -> None:
    register = steps(repository, "tf")["tf-Register"]["Arguments"]
    statistics = register["ModelMetrics"]["ModelQuality"]["Statistics"]
    assert statistics["S3Uri"]["Std:Join"]["Values"][1] == "model_evaluation_metrics.json"
    assert register["ModelPackageGroupName"] == "sagemaker-churn-p-1-houses"


def test_order_across_models_is_kept(repository: Repository) -> None:
    assert steps(repository, "multi-model")["tf-Register"]["DependsOn"] == ["pca-Register"]


def test_an_instance_with_disks_of_its_own_gets_no_key(repository: Repository) -> None:
    resources = steps(repository, "llm")["summaries-fit"]["Arguments"]["ResourceConfig"]
    assert "VolumeKmsKeyId" not in resources


def test_a_served_model_runs_the_transform_s_script(repository: Repository) -> None:
    container = steps(repository, "lgbm")["shoppers-CreateModel"]["Arguments"]["PrimaryContainer"]
    assert container["Environment"]["SAGEMAKER_PROGRAM"] == "answer.answer"
