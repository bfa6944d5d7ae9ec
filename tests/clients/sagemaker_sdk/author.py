"""A user of the sagemaker SDK: writes a pipeline, runs it, registers what came of it, deploys it and asks it."""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import boto3
from sagemaker.core.parameter import CategoricalParameter
from sagemaker.core.processing import Processor
from sagemaker.core.resources import Endpoint, EndpointConfig, Model, ModelPackage, ModelPackageGroup
from sagemaker.core.shapes import (
    ContainerDefinition,
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    ProductionVariant,
)
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, StoppingCondition
from sagemaker.core.transformer import Transformer
from sagemaker.core.workflow.parameters import ParameterInteger
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep, TransformStep, TuningStep
from sagemaker.train.model_trainer import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

IMAGE, ROLE, BUCKET = sys.argv[1:]
ROOT = "/opt/ml/processing"
NO_TELEMETRY = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}


def prepare(session: PipelineSession) -> ProcessingStep:
    """Return the step that cleans the rows."""
    processor = Processor(
        role=ROLE,
        image_uri=IMAGE,
        instance_count=1,
        instance_type="ml.m5.large",
        sagemaker_session=session,
    )
    source = ProcessingS3Input(
        s3_uri=f"s3://{BUCKET}/raw/",
        local_path=f"{ROOT}/input/raw",
        s3_data_type="S3Prefix",
        s3_input_mode="File",
    )
    target = ProcessingS3Output(
        s3_uri=f"s3://{BUCKET}/clean", local_path=f"{ROOT}/output/clean", s3_upload_mode="EndOfJob"
    )
    arguments = processor.run(
        inputs=[ProcessingInput(input_name="raw", s3_input=source)],
        outputs=[ProcessingOutput(output_name="clean", s3_output=target)],
        arguments=["prepare"],
    )
    return ProcessingStep(
        "prepare",
        step_args=arguments,
        cache_config=CacheConfig(enable_caching=True, expire_after="P1D"),
    )


def tune(session: PipelineSession, prepared: ProcessingStep, instances: Any) -> TuningStep:
    """Return the step that looks for the best factor."""
    trainer = ModelTrainer(
        sagemaker_session=session,
        role=ROLE,
        training_image=IMAGE,
        compute=Compute(instance_type="ml.m5.large", instance_count=instances, volume_size_in_gb=5),
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{BUCKET}/models"),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=300),
        hyperparameters={"depth": "1"},
    )
    tuner = HyperparameterTuner(
        model_trainer=trainer,
        objective_metric_name="score",
        hyperparameter_ranges={"factor": CategoricalParameter(["2", "3"])},
        metric_definitions=[{"Name": "score", "Regex": "score=(.*?);"}],
        strategy="Grid",
        max_jobs=2,
        max_parallel_jobs=2,
    )
    clean = prepared.properties.ProcessingOutputConfig.Outputs["clean"].S3Output.S3Uri
    return TuningStep(
        "tune", step_args=tuner.tune(inputs=[InputData(channel_name="train", data_source=clean)])
    )


def score(session: PipelineSession, model: str, after: TuningStep) -> TransformStep:
    """Return the step that sends the clean rows through a model."""
    transformer = Transformer(
        model_name=model,
        instance_count=1,
        instance_type="ml.m5.large",
        strategy="MultiRecord",
        assemble_with="Line",
        output_path=f"s3://{BUCKET}/scores",
        sagemaker_session=session,
    )
    arguments = transformer.transform(
        f"s3://{BUCKET}/clean/", content_type="text/csv", split_type="Line", join_source="Input"
    )
    return TransformStep("score", step_args=arguments, depends_on=[after])


def deploy(client: Any, model_data: str) -> str:
    """Register the model, approve it, deploy it from the registry; return what it answers."""
    ModelPackageGroup.create(model_package_group_name="factors")
    # The SDK's own create looks for a name in the answer, where AWS gives only an ARN.
    registered = client.create_model_package(
        ModelPackageGroupName="factors",
        InferenceSpecification={
            "Containers": [{"Image": IMAGE, "ModelDataUrl": model_data}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        ModelApprovalStatus="PendingManualApproval",
    )
    package = ModelPackage.get(model_package_name=registered["ModelPackageArn"])
    package.update(model_approval_status="Approved")
    Model.create(
        model_name="registered",
        primary_container=ContainerDefinition(model_package_name=package.model_package_arn),
        execution_role_arn=ROLE,
    )
    variant = ProductionVariant(
        variant_name="all", model_name="registered", instance_type="ml.m5.large", initial_instance_count=1
    )
    EndpointConfig.create(endpoint_config_name="registered", production_variants=[variant])
    endpoint = Endpoint.create(endpoint_name="registered", endpoint_config_name="registered")
    endpoint.wait_for_status("InService", poll=1)
    answer: bytes = endpoint.invoke(body=b"5", content_type="text/csv").body.read()
    return answer.decode()


def main() -> None:
    """Print what came of it all, as JSON."""
    boto_session = boto3.Session()
    session = PipelineSession(boto_session=boto_session, default_bucket=BUCKET, sagemaker_config=NO_TELEMETRY)
    count = ParameterInteger(name="Instances", default_value=1)
    Model.create(
        model_name="three",
        primary_container=ContainerDefinition(image=IMAGE, model_data_url=f"s3://{BUCKET}/three.tar.gz"),
        execution_role_arn=ROLE,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepared = prepare(session)
        tuned = tune(session, prepared, count)
        pipeline = Pipeline(
            name="factors",
            parameters=[count],
            pipeline_experiment_config=None,
            steps=[prepared, tuned, score(session, "three", tuned)],
            sagemaker_session=session,
        )
        pipeline.upsert(role_arn=ROLE)
        # Again: an upsert of what is there updates it.
        pipeline.upsert(role_arn=ROLE, description="factors")
    execution = pipeline.start(parameters={"Instances": 2})
    execution.wait(delay=1, max_attempts=120)
    steps = {step["StepName"]: step for step in execution.list_steps()}
    search = steps["tune"]["Metadata"]["TuningJob"]["Arn"].rpartition("/")[2]
    client = boto_session.client("sagemaker")
    best = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=search)["BestTrainingJob"]
    job = client.describe_training_job(TrainingJobName=best["TrainingJobName"])
    found = {
        "status": execution.describe()["PipelineExecutionStatus"],
        "steps": {name: step["StepStatus"] for name, step in steps.items()},
        "best": best["TunedHyperParameters"],
        "instances": job["ResourceConfig"]["InstanceCount"],
        "answer": deploy(client, job["ModelArtifacts"]["S3ModelArtifacts"]),
    }
    print(json.dumps(found))


main()
