"""A Data Wrangler flow in a configuration: the job that its container takes, what follows it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from configured_repository import Repository
from test_checks_and_automl import known

from mlpipelines.sdk_compiler import compile_pipeline

NODE = "3f2a77c4-0c5c-4d0e-9d9e-6c1f9f0b8a11"
CONF = f"""\
models:
  people:
    source_directory: people
    wrangle:
      flow: people.flow
      refit: {{parameter: Refit, default: true}}
      instance_type: ml.m5.4xlarge
      channels:
        {NODE}.default: {{dataFiles: [{{sourceName: people, fileName: "s3://bucket/people.csv"}}]}}
    preprocess: {{entry_point: split.py, channels: [train, validation]}}
sagemakerPipeline:
  pipelineName: people
  models:
    people:
      steps:
        - {{step_name: wrangle, step_class: Processing, step_type: wrangle}}
        - step_name: split
          step_class: Processing
          chain_input_source_step:
            - {{step: wrangle, channels: {{{NODE}.default: people}}}}
"""
FILES = {"people/people.flow": "{}", "people/split.py": "", "people/conf/conf.yaml": CONF}
Steps = Mapping[str, Mapping[str, Any]]


def changed(repository: Repository, old: str, new: str) -> Repository:
    assert old in CONF
    return repository.write(FILES | {"people/conf/conf.yaml": CONF.replace(old, new, 1)})


def steps_of(repository: Repository) -> Steps:
    definition = json.loads(compile_pipeline(repository.plan()["people"]))
    return {step["Name"]: step["Arguments"] for step in definition["Steps"]}


@pytest.fixture
def steps(repository: Repository) -> Steps:
    return steps_of(repository.write(FILES))


def test_the_job_is_one_of_data_wrangler_s_container_in_the_region(steps: Steps) -> None:
    uri = "245179582081.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-data-wrangler-container:3.x"
    assert steps["wrangle"]["AppSpecification"]["ImageUri"] == uri
    assert "ContainerEntrypoint" not in steps["wrangle"]["AppSpecification"]


def test_its_arguments_are_those_of_exported_notebooks(repository: Repository, steps: Steps) -> None:
    configured, refit = steps["wrangle"]["AppSpecification"]["ContainerArguments"]
    assert configured == f'--output-config \'{{"{NODE}.default": {{"content_type": "CSV"}}}}\''
    assert refit == {
        "Std:Join": {
            "On": "",
            "Values": [
                '--refit-trained-params \'{"refit": ',
                {"Get": "Parameters.Refit"},
                ', "output_flow": "people.flow"}\'',
            ],
        }
    }
    plain = changed(repository, "      refit: {parameter: Refit, default: true}\n", "")
    told = steps_of(plain)["wrangle"]["AppSpecification"]["ContainerArguments"][1]
    assert told == '--refit-trained-params \'{"refit": false, "output_flow": "people.flow"}\''


def test_flow_and_data_sets_lie_where_the_container_looks_for_them(
    repository: Repository, steps: Steps
) -> None:
    inputs = {each["InputName"]: each["S3Input"] for each in steps["wrangle"]["ProcessingInputs"]}
    assert inputs["flow"]["LocalPath"] == "/opt/ml/processing/flow"
    assert inputs["flow"]["S3Uri"].endswith("/people.flow")
    assert inputs["people"]["LocalPath"] == "/opt/ml/processing/people"
    (output,) = steps["wrangle"]["ProcessingOutputConfig"]["Outputs"]
    assert (output["OutputName"], output["S3Output"]["LocalPath"]) == (
        f"{NODE}.default",
        "/opt/ml/processing/output",
    )
    bucket = repository.settings.project_bucket
    assert inputs["flow"]["S3Uri"].removeprefix(f"s3://{bucket}/") in repository.staging.uploads


def test_what_follows_is_given_the_folder_of_the_node_s_table(steps: Steps) -> None:
    given = next(each for each in steps["split"]["ProcessingInputs"] if each["InputName"] == "people")
    values = given["S3Input"]["S3Uri"]["Std:Join"]["Values"]
    place = f"Steps.wrangle.ProcessingOutputConfig.Outputs['{NODE}.default'].S3Output.S3Uri"
    assert values == [{"Get": place}, {"Get": "Steps.wrangle.ProcessingJobName"}, f"{NODE}/default"]


def test_the_request_is_valid_input_of_the_api(steps: Steps) -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape: Any = model.operation_model("CreateProcessingJob").input_shape
    request = known(steps["wrangle"]) | {"ProcessingJobName": "name"}
    assert ParamValidator().validate(request, shape).generate_report() == ""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "flow: people.flow",
            "flow: peopel.flow",
            "there is no file people/peopel.flow; did you mean people.flow?",
        ),
        (
            "flow: people.flow",
            "flow: people.flow\n      image: project",
            "a job with a flow has no image_uri",
        ),
        ("flow: people.flow", "flow: people.flow\n      entry_point: split.py", "has no entry_point"),
        (f"{NODE}.default: {{data", "table: {data", "called <node id>.<output> as in the flow"),
        ("preprocess: {", "preprocess: {refit: true, ", "refit is for a job with a flow"),
        ("      channels:\n", "      channels:\n        a.default:\n", "a job with a flow has one channel"),
    ],
)
def test_what_a_job_with_a_flow_cannot_have_is_said(
    repository: Repository, old: str, new: str, words: str
) -> None:
    assert words in "\n".join(changed(repository, old, new).problems())
