"""AutoML jobs search, show what they have found, and leave models that their containers serve."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws import automl_image

from .conftest import REGION, SageMaker, until
from .test_steps import run

# What the image's search tells: two candidates, of which the second is better, and one that came to nothing.
SEARCH = """
import json, os, pathlib, sys, time
root = pathlib.Path(os.environ["ML_ROOT"])
configuration = json.loads((root / "input/config/automl.json").read_text())
if configuration["target"] == "absent":
    (root / "output/failure").write_text("there is no column absent")
    sys.exit(1)
print("automl-resolved " + json.dumps({"ProblemType": "BinaryClassification", "Objective": "F1"}))
for place, f1 in enumerate([0.7, 0.8, None][:configuration["max_candidates"]], start=1):
    told = {"name": f"{place:03}", "algorithm": configuration["algorithms"][0], "started": 1.0, "ended": 2.0}
    if f1 is None:
        told["reason"] = "it failed"
    else:
        told["metrics"] = {"F1": f1, "LogLoss": 0.5}
        (root / f"model/{place:03}").mkdir()
        (root / f"model/{place:03}/candidate.json").write_text(str(f1))
        (root / f"output/reports/{place:03}").mkdir(parents=True)
        (root / f"output/reports/{place:03}/statistics.json").write_text(json.dumps({"f1": f1}))
        (root / f"output/reports/{place:03}/analysis.json").write_text("{}")
    print("automl-candidate " + json.dumps(told), flush=True)
if configuration["seconds"] == 1234: time.sleep(60)
"""


@pytest.fixture
def searching(sagemaker: SageMaker) -> SageMaker:
    """A SageMaker whose Autopilot image tells what a test knows."""
    script = sagemaker.folder / "search.py"
    script.write_text(SEARCH)
    sagemaker.images.add(automl_image.uri(REGION), script)
    sagemaker.put("adult/train.csv", "age,income\n40,>50K\n")
    return sagemaker


def source(uri: str = "s3://data/adult") -> dict[str, Any]:
    return {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}


def first_api(sagemaker: SageMaker, target: str = "income", **changes: Any) -> dict[str, Any]:
    return {
        "AutoMLJobName": "search",
        "InputDataConfig": [{**source(), "TargetAttributeName": target}],
        "OutputDataConfig": {"S3OutputPath": "s3://data/automl"},
        "RoleArn": sagemaker.role,
        "AutoMLJobConfig": {"Mode": "ENSEMBLING", "CompletionCriteria": {"MaxCandidates": 3}},
        **changes,
    }


def second_api(sagemaker: SageMaker) -> dict[str, Any]:
    tabular = {"TargetAttributeName": "income", "CompletionCriteria": {"MaxCandidates": 3}}
    return {
        "AutoMLJobName": "search",
        "AutoMLJobInputDataConfig": [{**source(), "ChannelType": "training"}],
        "OutputDataConfig": {"S3OutputPath": "s3://data/automl"},
        "AutoMLProblemTypeConfig": {"TabularJobConfig": tabular},
        "RoleArn": sagemaker.role,
    }


def ended(sagemaker: SageMaker, describe: str = "describe_auto_ml_job") -> dict[str, Any]:
    def detail() -> dict[str, Any] | None:
        found: dict[str, Any] = getattr(sagemaker.client, describe)(AutoMLJobName="search")
        return found if found["AutoMLJobStatus"] in ("Completed", "Failed", "Stopped") else None

    found: dict[str, Any] = until(detail)
    return found


def test_the_best_candidate_comes_with_its_model_and_the_image_that_serves_it(searching: SageMaker) -> None:
    searching.client.create_auto_ml_job(**first_api(searching))
    detail = ended(searching)
    assert (detail["AutoMLJobStatus"], detail["AutoMLJobSecondaryStatus"]) == ("Completed", "Completed")
    assert detail["ResolvedAttributes"]["ProblemType"] == "BinaryClassification"
    best = detail["BestCandidate"]
    assert best["FinalAutoMLJobObjectiveMetric"]["Value"] == pytest.approx(0.8)
    (container,) = best["InferenceContainers"]
    assert container["Image"] == automl_image.uri(REGION)
    archive = searching.get(container["ModelDataUrl"].removeprefix("s3://data/"))
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert tar.getnames() == ["candidate.json"]


def test_the_leaderboard_is_ordered_by_the_objective(searching: SageMaker) -> None:
    searching.client.create_auto_ml_job(**first_api(searching))
    ended(searching)
    listed = searching.client.list_candidates_for_auto_ml_job(
        AutoMLJobName="search", SortBy="FinalObjectiveMetricValue", SortOrder="Descending"
    )["Candidates"]
    assert [each["CandidateName"] for each in listed] == ["search-002-xgboost", "search-001-xgboost"]
    failed = searching.client.list_candidates_for_auto_ml_job(AutoMLJobName="search", StatusEquals="Failed")
    assert [each["FailureReason"] for each in failed["Candidates"]] == ["it failed"]


def test_the_second_api_searches_tables(searching: SageMaker) -> None:
    searching.client.create_auto_ml_job_v2(**second_api(searching))
    detail = ended(searching, "describe_auto_ml_job_v2")
    assert detail["BestCandidate"]["CandidateStatus"] == "Completed"
    assert detail["AutoMLProblemTypeConfigName"] == "Tabular"
    with pytest.raises(ClientError, match="describe it with DescribeAutoMLJobV2"):
        searching.client.describe_auto_ml_job(AutoMLJobName="search")


def test_a_search_that_cannot_begin_says_why(searching: SageMaker) -> None:
    searching.client.create_auto_ml_job(**first_api(searching, target="absent"))
    detail = ended(searching)
    assert detail["AutoMLJobStatus"] == "Failed"
    assert detail["FailureReason"] == "AlgorithmError: there is no column absent, exit code: 1"


def test_a_search_is_stopped(searching: SageMaker) -> None:
    criteria = {"CompletionCriteria": {"MaxAutoMLJobRuntimeInSeconds": 1234, "MaxCandidates": 3}}
    searching.client.create_auto_ml_job(**first_api(searching, AutoMLJobConfig=criteria))
    until(lambda: searching.client.list_candidates_for_auto_ml_job(AutoMLJobName="search")["Candidates"])
    searching.client.stop_auto_ml_job(AutoMLJobName="search")
    assert ended(searching)["AutoMLJobStatus"] == "Stopped"
    (summary,) = searching.client.list_auto_ml_jobs()["AutoMLJobSummaries"]
    assert summary["AutoMLJobSecondaryStatus"] == "Stopped"


def test_what_is_not_searched_is_refused_by_name(searching: SageMaker) -> None:
    generation = {"AlgorithmsConfig": [{"AutoMLAlgorithms": ["catboost"]}]}
    refused: dict[str, dict[str, Any]] = {
        "does not support Mode": {"AutoMLJobConfig": {"Mode": "HYPERPARAMETER_TUNING"}},
        "algorithms catboost: it knows xgboost": {
            "AutoMLJobConfig": {"CandidateGenerationConfig": generation}
        },
        "must also provide the AutoMLJobObjective": {"ProblemType": "Regression"},
        "CompressionType": {
            "InputDataConfig": [{**source(), "TargetAttributeName": "x", "CompressionType": "Gzip"}]
        },
    }
    for words, changes in refused.items():
        with pytest.raises(ClientError, match=words):
            searching.client.create_auto_ml_job(**first_api(searching, **changes))


def test_a_pipeline_s_automl_step_hands_its_best_candidate_on(searching: SageMaker) -> None:
    arguments = {name: value for name, value in first_api(searching).items() if name != "AutoMLJobName"}
    container = "Steps.search.BestCandidate.InferenceContainers[0]"
    model = {
        "ExecutionRoleArn": searching.role,
        "PrimaryContainer": {
            "Image": {"Get": f"{container}.Image"},
            "ModelDataUrl": {"Get": f"{container}.ModelDataUrl"},
            "Environment": {"MODEL_NAME": {"Get": f"{container}.Environment['MODEL_NAME']"}},
        },
    }
    report = {"Get": "Steps.search.BestCandidateProperties.ModelInsightsJsonReportPath"}
    package = {
        "ModelPackageGroupName": "incomes",
        "ModelMetrics": {
            "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": report}}
        },
    }
    searching.client.create_model_package_group(ModelPackageGroupName="incomes")
    execution, steps = run(
        searching,
        {"Name": "search", "Type": "AutoML", "Arguments": arguments},
        {"Name": "keep", "Type": "Model", "Arguments": model},
        {"Name": "register", "Type": "RegisterModel", "Arguments": package},
    )
    assert execution["PipelineExecutionStatus"] == "Succeeded", steps
    assert "AutoMLJob" in steps["search"]["Metadata"]
    registered = searching.client.describe_model_package(
        ModelPackageName=steps["register"]["Metadata"]["RegisterModel"]["Arn"]
    )
    told = registered["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    assert json.loads(searching.get(told.removeprefix("s3://data/"))) == {"f1": 0.8}
