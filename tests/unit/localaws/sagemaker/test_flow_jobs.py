"""A processing job of Data Wrangler's image takes a flow through its nodes, and says which node it cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws import wrangler_image

from .conftest import REGION, SageMaker, until

URI = (
    f"{wrangler_image.ACCOUNTS[REGION]}.dkr.ecr.{REGION}.amazonaws.com/sagemaker-data-wrangler-container:3.x"
)
WORKER = f"import runpy, sys\nsys.path.insert(0, {str(wrangler_image.FOLDER)!r})\n" + (
    "runpy.run_module('flow_worker', run_name='__main__', alter_sys=True)\n"
)


@pytest.fixture
def wrangling(sagemaker: SageMaker) -> SageMaker:
    """A SageMaker that has Data Wrangler's image, and data."""
    script = sagemaker.folder / "wrangle.py"
    script.write_text(WORKER)
    sagemaker.images.add(URI, script)
    sagemaker.put("people/people.csv", "age,country\n40,Peru\n50,\n")
    return sagemaker


def ended(sagemaker: SageMaker, operator: str) -> dict[str, Any]:
    """Run a flow of a source and one node, return the job."""
    context = {"s3ContentType": "csv", "s3HasHeader": True}
    source = {"dataset_definition": {"name": "people", "s3ExecutionContext": context}}
    chosen = {"column_type": "Categorical", "categorical_parameters": {"input_column": "country"}}
    nodes: list[dict[str, Any]] = [
        {"node_id": "a", "operator": "sagemaker.s3_source_0.1", "parameters": source},
        {
            "node_id": "b",
            "operator": operator,
            "parameters": {"operator": "Impute", "impute_parameters": chosen},
            "inputs": [{"node_id": "a"}],
        },
    ]
    flow = sagemaker.put("flow/people.flow", json.dumps({"nodes": nodes}))
    inputs = [("flow", flow), ("people", "s3://data/people/")]
    sagemaker.client.create_processing_job(
        ProcessingJobName="wrangle",
        RoleArn=sagemaker.role,
        AppSpecification={"ImageUri": URI, "ContainerArguments": ["--output-config '{\"b.default\": {}}'"]},
        ProcessingResources={
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.4xlarge", "VolumeSizeInGB": 30}
        },
        ProcessingInputs=[
            {
                "InputName": name,
                "S3Input": {
                    "S3Uri": uri,
                    "LocalPath": f"/opt/ml/processing/{name}",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
            for name, uri in inputs
        ],
        ProcessingOutputConfig={
            "Outputs": [
                {
                    "OutputName": "b.default",
                    "S3Output": {
                        "S3Uri": "s3://data/out",
                        "LocalPath": "/opt/ml/processing/output",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
    )

    def detail() -> dict[str, Any] | None:
        found: dict[str, Any] = sagemaker.client.describe_processing_job(ProcessingJobName="wrangle")
        return found if found["ProcessingJobStatus"] in ("Completed", "Failed") else None

    found: dict[str, Any] = until(detail)
    return found


def test_the_table_of_a_node_is_where_exported_notebooks_look_for_it(wrangling: SageMaker) -> None:
    assert ended(wrangling, "sagemaker.spark.handle_missing_0.1")["ProcessingJobStatus"] == "Completed"
    (written,) = wrangling.s3.list_objects_v2(Bucket="data", Prefix="out/wrangle/b/default/part-")["Contents"]
    assert wrangling.get(written["Key"]) == b"age,country\n40,Peru\n50,Peru\n"


def test_an_operator_that_is_not_supported_is_named_in_the_reason(wrangling: SageMaker) -> None:
    job = ended(wrangling, "sagemaker.spark.join_tables_0.1")
    words = "node b (sagemaker.spark.join_tables_0.1): localaws does not support this operator"
    assert words in job["FailureReason"]
