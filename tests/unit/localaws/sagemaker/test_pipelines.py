"""Pipelines run: graph, references, conditions, caching, retry and stop, with the reasons that AWS would give."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import SageMaker, until

PREPARE = """
import pathlib, sys
root = pathlib.Path(sys.argv[1])
(root / "train").mkdir(exist_ok=True)
(root / "train/a.csv").write_text((root / "input/raw.csv").read_text().upper())
"""
TRAIN = """
import json, os, pathlib
root = pathlib.Path(os.environ["ML"])
parameters = json.loads((root / "input/config/hyperparameters.json").read_text())
text = (root / "input/data/train/a.csv").read_text()
(root / "model/model.txt").write_text(text + parameters["depth"])
"""
EVALUATE = """
import json, pathlib, sys, tarfile
root = pathlib.Path(sys.argv[1])
model = tarfile.open(root / "model/model.tar.gz").extractfile("model.txt").read().decode()
(root / "evaluation/evaluation.json").write_text(json.dumps({"metrics": {"auc": {"value": 0.93}}, "model": model}))
"""
ROOT = "/opt/ml/processing"


def get(reference: str) -> dict[str, str]:
    return {"Get": reference}


def join(*values: Any, on: str = "") -> dict[str, Any]:
    return {"Std:Join": {"On": on, "Values": list(values)}}


def processing(
    sagemaker: SageMaker, image: str, source: Any, folder: str, output: str, out: Any
) -> dict[str, Any]:
    return {
        "RoleArn": sagemaker.role,
        "AppSpecification": {"ImageUri": image, "ContainerArguments": [ROOT]},
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": get("Parameters.InstanceCount"),
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 5,
            }
        },
        "ProcessingInputs": [
            {
                "InputName": folder,
                "AppManaged": False,
                "S3Input": {"S3Uri": source, "LocalPath": f"{ROOT}/{folder}", "S3DataType": "S3Prefix"},
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": output,
                    "AppManaged": False,
                    "S3Output": {"S3Uri": out, "LocalPath": f"{ROOT}/{output}", "S3UploadMode": "EndOfJob"},
                }
            ]
        },
    }


def churn(sagemaker: SageMaker) -> dict[str, Any]:
    """A definition with every kind of step that a training pipeline has."""
    out = join("s3://data/runs", get("Execution.PipelineExecutionId"), on="/")
    prepare = {
        "Name": "Preprocess",
        "Type": "Processing",
        "Arguments": processing(
            sagemaker, sagemaker.image("prepare", PREPARE), get("Parameters.InputData"), "input", "train", out
        ),
        "CacheConfig": {"Enabled": True, "ExpireAfter": "P30D"},
    }
    train = {
        "Name": "Train",
        "Type": "Training",
        "Arguments": {
            "RoleArn": sagemaker.role,
            "AlgorithmSpecification": {
                "TrainingImage": sagemaker.image("train", TRAIN),
                "TrainingInputMode": "File",
            },
            "Environment": {"ML": "/opt/ml"},
            "HyperParameters": {"depth": join(get("Parameters.Depth"))},
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            "S3Uri": get(
                                "Steps.Preprocess.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"
                            ),
                        }
                    },
                }
            ],
            "OutputDataConfig": {"S3OutputPath": "s3://data/models"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        },
        "CacheConfig": {"Enabled": True, "ExpireAfter": "PT1H"},
    }
    evaluate = {
        "Name": "Evaluate",
        "Type": "Processing",
        "Arguments": processing(
            sagemaker,
            sagemaker.image("evaluate", EVALUATE),
            get("Steps.Train.ModelArtifacts.S3ModelArtifacts"),
            "model",
            "evaluation",
            join(out, "evaluation", on="/"),
        ),
        "PropertyFiles": [
            {"PropertyFileName": "Report", "OutputName": "evaluation", "FilePath": "evaluation.json"}
        ],
    }
    register = {
        "Name": "Register",
        "Type": "RegisterModel",
        "Arguments": {
            "ModelPackageGroupName": "churn",
            "ModelApprovalStatus": get("Parameters.Approval"),
            "InferenceSpecification": {
                "Containers": [
                    {
                        "Image": "public/x:1",
                        "ModelDataUrl": get("Steps.Train.ModelArtifacts.S3ModelArtifacts"),
                    }
                ],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        },
    }
    metric = {
        "Std:JsonGet": {
            "PropertyFile": get("Steps.Evaluate.PropertyFiles.Report"),
            "Path": "metrics.auc.value",
        }
    }
    fail = {
        "Name": "TooWeak",
        "Type": "Fail",
        "Arguments": {"ErrorMessage": join("auc ", metric, " is below ", get("Parameters.Threshold"))},
    }
    check = {
        "Name": "Check",
        "Type": "Condition",
        "Arguments": {
            "Conditions": [
                {
                    "Type": "GreaterThanOrEqualTo",
                    "LeftValue": metric,
                    "RightValue": get("Parameters.Threshold"),
                }
            ],
            "IfSteps": [register],
            "ElseSteps": [fail],
        },
    }
    return {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": [
            {"Name": "InputData", "Type": "String", "DefaultValue": "s3://data/in/raw.csv"},
            {"Name": "InstanceCount", "Type": "Integer", "DefaultValue": 1},
            {"Name": "Depth", "Type": "Integer", "DefaultValue": 5},
            {"Name": "Threshold", "Type": "Float", "DefaultValue": 0.9},
            {
                "Name": "Approval",
                "Type": "String",
                "DefaultValue": "PendingManualApproval",
                "EnumValues": ["PendingManualApproval", "Approved"],
            },
        ],
        "Steps": [check, evaluate, train, prepare],
    }


class Pipeline:
    """The churn pipeline of a test."""

    def __init__(self, sagemaker: SageMaker) -> None:
        self.sagemaker = sagemaker
        self.client = sagemaker.client
        self.definition = churn(sagemaker)
        sagemaker.put("in/raw.csv", "abc")
        self.client.create_model_package_group(ModelPackageGroupName="churn")

    def create(self, **changes: Any) -> None:
        """Create it."""
        self.client.create_pipeline(
            **{
                "PipelineName": "churn",
                "PipelineDefinition": json.dumps(self.definition),
                "RoleArn": self.sagemaker.role,
                **changes,
            }
        )

    def start(self, **parameters: str) -> str:
        """Start an execution, return its ARN."""
        given = [{"Name": name, "Value": value} for name, value in parameters.items()]
        arn: str = self.client.start_pipeline_execution(PipelineName="churn", PipelineParameters=given)[
            "PipelineExecutionArn"
        ]
        return arn

    def ended(self, arn: str) -> dict[str, Any]:
        """Return the execution when it has ended."""

        def done() -> dict[str, Any] | None:
            detail: dict[str, Any] = self.client.describe_pipeline_execution(PipelineExecutionArn=arn)
            return detail if detail["PipelineExecutionStatus"] not in ("Executing", "Stopping") else None

        answer: dict[str, Any] = until(done)
        return answer

    def steps(self, arn: str) -> dict[str, dict[str, Any]]:
        """Return the steps by name."""
        found = self.client.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
        return {step["StepName"]: step for step in found}


@pytest.fixture
def pipeline(sagemaker: SageMaker) -> Pipeline:
    return Pipeline(sagemaker)


def test_a_pipeline_prepares_trains_evaluates_and_registers(pipeline: Pipeline) -> None:
    pipeline.create()
    arn = pipeline.start(Depth="7")
    detail = pipeline.ended(arn)
    steps = pipeline.steps(arn)
    assert detail["PipelineExecutionStatus"] == "Succeeded", steps
    assert list(steps) == ["Register", "Check", "Evaluate", "Train", "Preprocess"]
    assert steps["Check"]["Metadata"] == {"Condition": {"Outcome": "True"}}
    package = pipeline.client.describe_model_package(
        ModelPackageName=steps["Register"]["Metadata"]["RegisterModel"]["Arn"]
    )
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert package["MetadataProperties"]["GeneratedBy"] == arn
    run = arn.rsplit("/")[-1]
    report = json.loads(pipeline.sagemaker.get(f"runs/{run}/evaluation/evaluation.json"))
    assert report["model"] == "ABC7"
    job = steps["Train"]["Metadata"]["TrainingJob"]["Arn"].rsplit("/")[-1]
    assert job.startswith(f"pipelines-{run}-Train-")
    tags = pipeline.client.list_tags(ResourceArn=steps["Train"]["Metadata"]["TrainingJob"]["Arn"])["Tags"]
    assert {"Key": "sagemaker:pipeline-execution-arn", "Value": arn} in tags


def test_statuses_of_executions_and_steps_are_events(pipeline: Pipeline) -> None:
    pipeline.create()
    arn = pipeline.start()
    pipeline.ended(arn)
    executions = pipeline.sagemaker.events("SageMaker Model Building Pipeline Execution Status Change")
    until(lambda: executions[-1]["currentPipelineExecutionStatus"] == "Succeeded")
    assert [e["currentPipelineExecutionStatus"] for e in executions] == ["Executing", "Succeeded"]
    assert executions[-1]["previousPipelineExecutionStatus"] == "Executing"
    assert executions[-1]["executionEndTime"].endswith("Z")
    steps = pipeline.sagemaker.events("SageMaker Model Building Pipeline Execution Step Status Change")
    train = [(s["previousStepStatus"], s["currentStepStatus"]) for s in steps if s["stepName"] == "Train"]
    assert train == [("Starting", "Executing"), ("Executing", "Succeeded")]
    assert any("arn" in s["metadata"].get("trainingJob", {}) for s in steps)


def test_a_weak_model_ends_in_the_fail_step_with_metric_and_threshold(pipeline: Pipeline) -> None:
    pipeline.create()
    arn = pipeline.start(Threshold="0.95")
    detail = pipeline.ended(arn)
    assert detail["PipelineExecutionStatus"] == "Failed"
    assert detail["FailureReason"] == "Step failure: One or multiple steps failed."
    step = pipeline.steps(arn)["TooWeak"]
    assert (step["StepStatus"], step["FailureReason"]) == ("Failed", "auc 0.93 is below 0.95")
    assert pipeline.client.list_model_packages(ModelPackageGroupName="churn")["ModelPackageSummaryList"] == []


def test_a_cached_step_is_not_run_again_until_its_input_changes(pipeline: Pipeline) -> None:
    pipeline.create()
    first = pipeline.start()
    pipeline.ended(first)
    second = pipeline.start(Threshold="0.5")
    pipeline.ended(second)
    steps = pipeline.steps(second)
    assert steps["Preprocess"]["CacheHitResult"] == {"SourcePipelineExecutionArn": first}
    assert steps["Train"]["CacheHitResult"] == {"SourcePipelineExecutionArn": first}
    assert "CacheHitResult" not in steps["Evaluate"]
    third = pipeline.start(Depth="3")
    pipeline.ended(third)
    steps = pipeline.steps(third)
    assert "CacheHitResult" in steps["Preprocess"]
    assert "CacheHitResult" not in steps["Train"]


def test_a_failing_job_fails_the_execution_and_can_be_retried(pipeline: Pipeline) -> None:
    pipeline.create()
    arn = pipeline.start(InputData="s3://data/later")
    assert pipeline.ended(arn)["PipelineExecutionStatus"] == "Failed"
    reason = pipeline.steps(arn)["Preprocess"]["FailureReason"]
    assert reason.startswith("ClientError: ClientError: Data download failed")
    pipeline.sagemaker.put("later/raw.csv", "x")
    pipeline.client.retry_pipeline_execution(PipelineExecutionArn=arn)
    assert pipeline.ended(arn)["PipelineExecutionStatus"] == "Succeeded"


def test_a_stopped_execution_stops_its_jobs(pipeline: Pipeline) -> None:
    slow = pipeline.sagemaker.image("slow", "import time; time.sleep(60)")
    pipeline.definition["Steps"][3]["Arguments"]["AppSpecification"]["ImageUri"] = slow
    pipeline.create()
    arn = pipeline.start()
    metadata = until(lambda: pipeline.steps(arn).get("Preprocess", {}).get("Metadata"))
    pipeline.client.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert pipeline.ended(arn)["PipelineExecutionStatus"] == "Stopped"
    assert pipeline.steps(arn)["Preprocess"]["StepStatus"] == "Stopped"
    name = metadata["ProcessingJob"]["Arn"].rsplit("/")[-1]
    job = pipeline.client.describe_processing_job(ProcessingJobName=name)
    assert job["ProcessingJobStatus"] == "Stopped"


def test_the_same_token_starts_one_execution(pipeline: Pipeline) -> None:
    pipeline.create()
    token = "t" * 32
    arns = {
        pipeline.client.start_pipeline_execution(PipelineName="churn", ClientRequestToken=token)[
            "PipelineExecutionArn"
        ]
        for _ in range(2)
    }
    assert len(arns) == 1
    pipeline.ended(arns.pop())
    executions = pipeline.client.list_pipeline_executions(PipelineName="churn")["PipelineExecutionSummaries"]
    assert len(executions) == 1


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"Colour": "red"}, "not declared"),
        ({"Depth": "deep"}, "must be of type Integer"),
        ({"Approval": "Maybe"}, "must be one of"),
    ],
)
def test_wrong_parameters_start_nothing(pipeline: Pipeline, parameters: dict[str, str], words: str) -> None:
    pipeline.create()
    with pytest.raises(ClientError, match=words):
        pipeline.start(**parameters)
    assert pipeline.client.list_pipeline_executions(PipelineName="churn")["PipelineExecutionSummaries"] == []


def test_an_execution_shows_its_parameters_and_keeps_its_definition(pipeline: Pipeline) -> None:
    pipeline.create()
    arn = pipeline.start(Depth="7")
    changed = copy.deepcopy(pipeline.definition)
    changed["Metadata"] = {"changed": True}
    pipeline.client.update_pipeline(PipelineName="churn", PipelineDefinition=json.dumps(changed))
    shown = pipeline.client.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
    assert {"Name": "Depth", "Value": "7"} in shown["PipelineParameters"]
    begun = pipeline.client.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
    assert json.loads(begun["PipelineDefinition"]) == pipeline.definition
    now = pipeline.client.describe_pipeline(PipelineName="churn")
    assert json.loads(now["PipelineDefinition"]) == changed
    pipeline.ended(arn)


def test_a_pipeline_is_deleted_when_nothing_of_it_runs(pipeline: Pipeline) -> None:
    pipeline.create()
    arn = pipeline.start()
    with pytest.raises(pipeline.client.exceptions.ConflictException):
        pipeline.client.delete_pipeline(PipelineName="churn")
    pipeline.ended(arn)
    pipeline.client.delete_pipeline(PipelineName="churn")
    assert pipeline.client.list_pipelines(PipelineNamePrefix="churn")["PipelineSummaries"] == []
    with pytest.raises(pipeline.client.exceptions.ResourceNotFound):
        pipeline.client.describe_pipeline(PipelineName="churn")


def test_a_name_is_given_once_in_the_words_that_the_sdk_looks_for(pipeline: Pipeline) -> None:
    pipeline.create()
    with pytest.raises(ClientError, match="Pipeline names must be unique within an AWS account and region"):
        pipeline.create()


def test_a_definition_can_come_from_s3(pipeline: Pipeline) -> None:
    pipeline.sagemaker.put("definition.json", json.dumps(pipeline.definition))
    location = {"Bucket": "data", "ObjectKey": "definition.json"}
    pipeline.client.create_pipeline(
        PipelineName="churn", PipelineDefinitionS3Location=location, RoleArn=pipeline.sagemaker.role
    )
    described = pipeline.client.describe_pipeline(PipelineName="churn")
    assert json.loads(described["PipelineDefinition"]) == pipeline.definition
