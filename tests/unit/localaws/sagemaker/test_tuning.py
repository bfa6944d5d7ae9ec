"""Tuning jobs really train, and find the best of what they train."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import SageMaker, until
from .test_pipelines import get, join
from .test_steps import run

# The objective is best at x = 3; an x of 9 fails, and one of 8 says nothing.
TRAIN = """
import json, os, pathlib, sys, time
root = pathlib.Path(os.environ["ML"])
parameters = json.loads((root / "input/config/hyperparameters.json").read_text())
x = int(parameters["x"])
if parameters["_tuning_objective_metric"] != "score" or parameters["fixed"] != "1": sys.exit(7)
time.sleep(float(parameters.get("sleep", "0")))
if "met" in parameters:
    met = pathlib.Path(parameters["met"])
    (met / str(x)).touch()
    while len(list(met.iterdir())) < 2: time.sleep(0.05)
if x == 9: sys.exit(1)
if x != 8: print(f"score={10 - (x - 3) ** 2};")
(root / "model/x.txt").write_text(str(x))
"""


def tuning(sagemaker: SageMaker, values: list[str], **changes: Any) -> dict[str, Any]:
    return {
        "HyperParameterTuningJobName": "search",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Grid",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "score"},
            "ResourceLimits": {"MaxParallelTrainingJobs": 2},
            "ParameterRanges": {"CategoricalParameterRanges": [{"Name": "x", "Values": values}]},
            **changes.pop("Config", {}),
        },
        "TrainingJobDefinition": {
            "RoleArn": sagemaker.role,
            "StaticHyperParameters": {"fixed": "1", **changes.pop("Static", {})},
            "AlgorithmSpecification": {
                "TrainingImage": sagemaker.image("train", TRAIN),
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "score", "Regex": "score=(.*?);"}],
            },
            "Environment": {"ML": "/opt/ml"},
            "OutputDataConfig": {"S3OutputPath": "s3://data/models"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **changes.pop("Definition", {}),
        },
        **changes,
    }


def ended(sagemaker: SageMaker) -> dict[str, Any]:
    def status() -> dict[str, Any] | None:
        detail: dict[str, Any] = sagemaker.client.describe_hyper_parameter_tuning_job(
            HyperParameterTuningJobName="search"
        )
        return detail if detail["HyperParameterTuningJobStatus"] not in ("InProgress", "Stopping") else None

    answer: dict[str, Any] = until(status)
    return answer


def trials(sagemaker: SageMaker, **by: Any) -> list[Any]:
    answer = sagemaker.client.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="search", **by
    )
    found: list[Any] = answer["TrainingJobSummaries"]
    return found


def test_a_grid_search_trains_every_value_and_names_the_best(sagemaker: SageMaker) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    sagemaker.client.create_hyper_parameter_tuning_job(**tuning(sagemaker, ["1", "3", "8", "9"], Tags=tags))
    detail = ended(sagemaker)
    assert detail["HyperParameterTuningJobStatus"] == "Completed", detail
    counted = detail["TrainingJobStatusCounters"]
    assert (counted["Completed"], counted["NonRetryableError"], counted["InProgress"]) == (3, 1, 0)
    assert detail["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 0, "Failed": 2}
    best = detail["BestTrainingJob"]
    assert best["TunedHyperParameters"] == {"x": "3"}
    assert best["FinalHyperParameterTuningJobObjectiveMetric"] == {"MetricName": "score", "Value": 10.0}
    job = sagemaker.client.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert job["TuningJobArn"] == detail["HyperParameterTuningJobArn"]
    assert job["HyperParameters"] == {"x": "3", "fixed": "1", "_tuning_objective_metric": "score"}
    assert sagemaker.client.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"] == tags
    events = sagemaker.events("SageMaker HyperParameter Tuning Job State Change")
    assert [event["HyperParameterTuningJobStatus"] for event in events] == ["InProgress", "Completed"]


def test_training_jobs_are_listed_by_what_they_came_to(sagemaker: SageMaker) -> None:
    sagemaker.client.create_hyper_parameter_tuning_job(**tuning(sagemaker, ["1", "3", "8", "2"]))
    ended(sagemaker)
    by_value = trials(sagemaker, SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    assert [trial["TunedHyperParameters"]["x"] for trial in by_value] == ["3", "2", "1"]
    worst = trials(sagemaker, SortBy="FinalObjectiveMetricValue", MaxResults=1)
    assert worst[0]["TunedHyperParameters"]["x"] == "1"
    assert len(trials(sagemaker)) == 4
    listed = sagemaker.client.list_hyper_parameter_tuning_jobs(StatusEquals="Completed")
    assert listed["HyperParameterTuningJobSummaries"][0]["Strategy"] == "Grid"


def test_no_more_trials_run_at_once_than_are_allowed(sagemaker: SageMaker) -> None:
    met = sagemaker.folder / "met"
    met.mkdir()
    sagemaker.client.create_hyper_parameter_tuning_job(
        **tuning(sagemaker, ["1", "2", "3", "4"], Static={"met": str(met)})
    )
    ended(sagemaker)
    spans = [(trial["TrainingStartTime"], trial["TrainingEndTime"]) for trial in trials(sagemaker)]
    at_once = [sum(start <= moment < end for start, end in spans) for moment, _ in spans]
    assert max(at_once) == 2


def test_a_search_ends_when_its_target_is_reached(sagemaker: SageMaker) -> None:
    values = [str(number) for number in range(3, 8)]
    ending = {
        "TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 9.5},
        "ResourceLimits": {"MaxParallelTrainingJobs": 1},
    }
    sagemaker.client.create_hyper_parameter_tuning_job(**tuning(sagemaker, values, Config=ending))
    assert ended(sagemaker)["HyperParameterTuningJobStatus"] == "Completed"
    assert len(trials(sagemaker)) == 1


def test_a_bayesian_search_runs_as_many_trials_as_it_is_told(sagemaker: SageMaker) -> None:
    bayesian = {
        "Strategy": "Bayesian",
        "ResourceLimits": {"MaxParallelTrainingJobs": 2, "MaxNumberOfTrainingJobs": 3},
        "ParameterRanges": {
            "IntegerParameterRanges": [{"Name": "x", "MinValue": "1", "MaxValue": "7"}],
        },
    }
    sagemaker.client.create_hyper_parameter_tuning_job(**tuning(sagemaker, [], Config=bayesian))
    detail = ended(sagemaker)
    assert detail["TrainingJobStatusCounters"]["Completed"] == 3
    assert 1 <= int(detail["BestTrainingJob"]["TunedHyperParameters"]["x"]) <= 7


def test_a_stopped_search_stops_its_training_jobs(sagemaker: SageMaker) -> None:
    slow = tuning(sagemaker, ["1", "2", "3"], Static={"sleep": "60"})
    sagemaker.client.create_hyper_parameter_tuning_job(**slow)
    until(lambda: len(trials(sagemaker)) == 2)
    sagemaker.client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="search")
    detail = ended(sagemaker)
    assert detail["HyperParameterTuningJobStatus"] == "Stopped"
    assert detail["TrainingJobStatusCounters"]["Stopped"] == 2
    sagemaker.client.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName="search")
    with pytest.raises(sagemaker.client.exceptions.ResourceNotFound):
        sagemaker.client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="search")


def test_a_search_of_which_every_trial_fails_has_failed(sagemaker: SageMaker) -> None:
    sagemaker.client.create_hyper_parameter_tuning_job(**tuning(sagemaker, ["9"]))
    detail = ended(sagemaker)
    assert detail["HyperParameterTuningJobStatus"] == "Failed"
    assert detail["FailureReason"].startswith("All training jobs failed.")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Config": {"TrainingJobEarlyStoppingType": "Auto"}}, "TrainingJobEarlyStoppingType Auto"),
        (
            {
                "WarmStartConfig": {
                    "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "other"}],
                    "WarmStartType": "TransferLearning",
                }
            },
            "WarmStartConfig",
        ),
        (
            {"Config": {"HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"}}},
            "loss is not among them",
        ),
        ({"Definition": {"ResourceConfig": {"VolumeSizeInGB": 1}}}, "no InstanceGroups"),
        ({"Config": {"Strategy": "Hyperband"}}, "Hyperband"),
    ],
)
def test_what_cannot_be_tuned_is_refused(sagemaker: SageMaker, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match=words) as error:
        sagemaker.client.create_hyper_parameter_tuning_job(**tuning(sagemaker, ["1"], **changes))
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_a_tuning_steps_best_model_reaches_later_steps(sagemaker: SageMaker) -> None:
    arguments = tuning(sagemaker, ["1", "3", "8", "2"])
    del arguments["HyperParameterTuningJobName"]
    search = {"Name": "Search", "Type": "Tuning", "Arguments": arguments}
    top = [get(f"Steps.Search.TrainingJobSummaries[{place}].TrainingJobName") for place in (0, 1)]
    best = get("Steps.Search.BestTrainingJob.TrainingJobName")
    container = {
        "Image": "x:1",
        "ModelDataUrl": join("s3://data/models/", top[0], "/output/model.tar.gz"),
        "Environment": {"BEST": best, "SECOND": top[1]},
    }
    make = {
        "Name": "Make",
        "Type": "Model",
        "Arguments": {"ExecutionRoleArn": sagemaker.role, "PrimaryContainer": container},
    }
    execution, steps = run(sagemaker, search, make)
    assert execution["PipelineExecutionStatus"] == "Succeeded", steps
    assert ":hyper-parameter-tuning-job/" in steps["Search"]["Metadata"]["TuningJob"]["Arn"]
    model = sagemaker.client.list_models()["Models"][0]["ModelName"]
    made = sagemaker.client.describe_model(ModelName=model)["PrimaryContainer"]
    _, _, key = made["ModelDataUrl"].partition("s3://data/")
    assert made["Environment"]["BEST"] in key
    assert made["Environment"]["SECOND"] not in key
    with tarfile.open(fileobj=io.BytesIO(sagemaker.get(key))) as archive:
        file = archive.extractfile("x.txt")
        assert file is not None
        assert file.read() == b"3"
