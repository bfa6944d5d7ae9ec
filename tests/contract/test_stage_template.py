"""What a stage's template makes of each mode of inference: which resources, and how the endpoint answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from localaws.services.cloudformation.intrinsics import Scope, evaluate
from localaws.services.cloudformation.template import Template, parse_template

TEMPLATE = Path(__file__).parents[2] / "seedcode/model-deploy/endpoint.yaml"
API = {"ApiAlias", "ApiFunction", "ApiLogs", "ApiPermission", "ApiVersion"}
ENDPOINT = {"Endpoint", "EndpointConfig", "EndpointLogs", "Model", "ModelErrors"}
GUARD = {"ModelErrors"}
BATCH = {"BatchPipeline", "BatchRule", "Model"}
API_IMAGE = {"ApiImageUri": "api@sha256:1"}
SCALING = {"ScalableTarget", "ScalingPolicy"}


@pytest.fixture(scope="module")
def template() -> Template:
    return parse_template(TEMPLATE.read_text())


class Stage:
    """The template with a mode's parameters."""

    def __init__(self, template: Template, **parameters: Any) -> None:
        self._template = template
        values: dict[str, Any] = {name: f"the {name}" for name in template.parameters}
        values |= {"MaxInstanceCount": 3, "DataCapturePercentage": 20, "ServerlessProvisionedConcurrency": 0}
        values |= {"ModelMediaType": "application/json", "BatchSchedule": "rate(1 day)", "BatchMaxPayload": 6}
        values |= {"BatchConcurrency": 4, "InstanceCount": 1, "BatchUri": "s3://b/batch/prod"}
        values |= {"AWS::Region": "eu-west-1", "AWS::Partition": "aws", "AWS::AccountId": "1", **parameters}
        conditions = template.evaluate_conditions(values)
        self.resources = set(template.active_resources(conditions))
        self._scope = Scope(
            values=values,
            mappings=template.mappings,
            conditions=conditions,
            ref=lambda name: name,
            get_att=lambda name, attribute: f"{name}.{attribute}",
            import_value=lambda name: name,
        )

    def properties(self, resource: str) -> dict[str, Any]:
        """Return a resource's evaluated properties."""
        found: dict[str, Any] = evaluate(dict(self._template.resources[resource].properties), self._scope)
        return found

    @property
    def variant(self) -> dict[str, Any]:
        """The endpoint's one variant."""
        (variant,) = self.properties("EndpointConfig")["ProductionVariants"]
        return dict(variant)


def test_a_real_time_stage_has_instances_an_api_scaling_and_captured_data(template: Template) -> None:
    stage = Stage(template, Mode="real-time")
    assert stage.resources == API | ENDPOINT | SCALING
    assert stage.variant["InstanceType"] == "the InstanceType"
    config = stage.properties("EndpointConfig")
    assert config["KmsKeyId"] == "the VolumeKmsKeyArn"
    assert config["DataCaptureConfig"]["InitialSamplingPercentage"] == 20
    assert "AsyncInferenceConfig" not in config
    assert stage.properties("Model")["EnableNetworkIsolation"] is True
    guard = stage.properties("Endpoint")["DeploymentConfig"]["AutoRollbackConfiguration"]
    assert guard == {"Alarms": [{"AlarmName": "ModelErrors"}]}


def test_a_real_time_stage_may_do_without_scaling_and_capture(template: Template) -> None:
    stage = Stage(template, Mode="real-time", MaxInstanceCount=0, DataCapturePercentage=0)
    assert stage.resources == API | ENDPOINT
    assert "DataCaptureConfig" not in stage.properties("EndpointConfig")


def test_instances_with_local_disks_get_no_key_for_them(template: Template) -> None:
    for mode in ("real-time", "asynchronous", "multi-model"):
        assert "KmsKeyId" not in Stage(template, Mode=mode, VolumeKmsKeyArn="none").properties(
            "EndpointConfig"
        )
    batch = Stage(template, Mode="batch", VolumeKmsKeyArn="none").properties("BatchPipeline")
    (step,) = json.loads(batch["PipelineDefinition"]["PipelineDefinitionBody"])["Steps"]
    assert step["Arguments"]["TransformResources"] == {"InstanceType": "the InstanceType", "InstanceCount": 1}
    assert step["Arguments"]["TransformOutput"]["KmsKeyId"] == "the KmsKeyArn"


def test_a_serverless_stage_has_an_api_and_nothing_that_sagemaker_refuses_there(template: Template) -> None:
    stage = Stage(template, Mode="serverless", ServerlessMemorySize=2048, ServerlessMaxConcurrency=5)
    assert stage.resources == API | ENDPOINT - GUARD
    assert "DeploymentConfig" not in stage.properties("Endpoint")
    assert stage.variant["ServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    assert not {"InstanceType", "InitialInstanceCount"} & set(stage.variant)
    assert set(stage.properties("EndpointConfig")) == {"ProductionVariants"}
    assert stage.properties("Model")["EnableNetworkIsolation"] is False


def test_a_serverless_stage_may_be_kept_warm(template: Template) -> None:
    stage = Stage(template, Mode="serverless", ServerlessProvisionedConcurrency=2)
    assert stage.variant["ServerlessConfig"]["ProvisionedConcurrency"] == 2


def test_a_stage_of_several_models_has_one_container_for_a_prefix_and_tells_its_function_of_them(
    template: Template,
) -> None:
    told = {"ModelImageUri": "image", "ModelsUri": "s3://b/training/", "TargetModels": "7=a,6=b"}
    stage = Stage(template, Mode="multi-model", **told, **API_IMAGE, TargetModelsDigest="c0ffee")
    assert stage.resources == API | ENDPOINT | SCALING
    model = stage.properties("Model")
    assert model["EnableNetworkIsolation"] is True
    assert model["PrimaryContainer"] == {
        "Image": "image",
        "Mode": "MultiModel",
        "ModelDataUrl": "s3://b/training/",
    }
    sagemaker: Any = botocore.session.get_session().get_service_model("sagemaker")
    container = sagemaker.operation_model("CreateModel").input_shape.members["PrimaryContainer"]
    assert ParamValidator().validate(model["PrimaryContainer"], container).generate_report() == ""
    assert "DataCaptureConfig" not in stage.properties("EndpointConfig")
    variables = stage.properties("ApiFunction")["Environment"]["Variables"]
    assert variables["TARGET_MODELS"] == "7=a,6=b"
    assert stage.properties("ApiVersion")["Description"].endswith(", models c0ffee")


def test_a_stage_of_one_model_takes_it_from_its_package_and_tells_its_function_of_no_other(
    template: Template,
) -> None:
    stage = Stage(template, Mode="real-time", **API_IMAGE, TargetModelsDigest="none")
    assert stage.properties("Model")["PrimaryContainer"] == {"ModelPackageName": "the ModelPackageArn"}
    assert "TARGET_MODELS" not in stage.properties("ApiFunction")["Environment"]["Variables"]
    assert "models" not in stage.properties("ApiVersion")["Description"]


def test_an_asynchronous_stage_answers_in_s3_tells_a_topic_and_has_no_api(template: Template) -> None:
    stage = Stage(
        template, Mode="asynchronous", AsynchronousUri="s3://b/asynchronous/prod", ConcurrentInvocations=4
    )
    assert stage.resources == ENDPOINT | SCALING
    config = stage.properties("EndpointConfig")
    assert "DataCaptureConfig" not in config
    assert config["AsyncInferenceConfig"] == {
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
        "OutputConfig": {
            "S3OutputPath": "s3://b/asynchronous/prod/output",
            "S3FailurePath": "s3://b/asynchronous/prod/failures",
            "KmsKeyId": "the DataKmsKeyArn",
            "NotificationConfig": {
                "SuccessTopic": "the NotificationsTopicArn",
                "ErrorTopic": "the NotificationsTopicArn",
            },
        },
    }
    policy = stage.properties("ScalingPolicy")["TargetTrackingScalingPolicyConfiguration"]
    assert policy["CustomizedMetricSpecification"]["MetricName"] == "ApproximateBacklogSizePerInstance"
    assert "PredefinedMetricSpecification" not in policy


def test_a_batch_stage_is_a_pipeline_and_its_schedule(template: Template) -> None:
    stage = Stage(template, Mode="batch")
    assert stage.resources == BATCH
    assert stage.properties("Model")["EnableNetworkIsolation"] is True
    rule = stage.properties("BatchRule")
    assert rule["ScheduleExpression"] == "rate(1 day)"
    assert rule["Targets"][0]["Arn"] == "arn:aws:sagemaker:eu-west-1:1:pipeline/BatchPipeline"
    assert Stage(template, Mode="batch", BatchSchedule="none").resources == BATCH - {"BatchRule"}


@pytest.mark.parametrize(
    ("media_type", "line", "strategy"),
    [("application/json", "None", "SingleRecord"), ("text/csv", "Line", "MultiRecord")],
)
def test_a_batch_pipeline_asks_for_a_transform_as_sagemaker_takes_it(
    template: Template, media_type: str, line: str, strategy: str
) -> None:
    stage = Stage(template, Mode="batch", ModelMediaType=media_type)
    body = stage.properties("BatchPipeline")["PipelineDefinition"]["PipelineDefinitionBody"]
    definition = json.loads(body)
    assert [each["DefaultValue"] for each in definition["Parameters"]] == [
        "s3://b/batch/prod/input/",
        "s3://b/batch/prod/output",
    ]
    (step,) = definition["Steps"]
    arguments = step["Arguments"]
    assert (arguments["TransformInput"]["SplitType"], arguments["BatchStrategy"]) == (line, strategy)
    assert arguments["TransformOutput"]["AssembleWith"] == line
    assert arguments["TransformResources"]["VolumeKmsKeyId"] == "the VolumeKmsKeyArn"
    assert "Execution.PipelineExecutionId" in json.dumps(arguments["TransformOutput"].pop("S3OutputPath"))
    arguments["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] = "s3://b/batch/prod/input/"
    arguments["TransformOutput"]["S3OutputPath"] = "s3://b/batch/prod/output/1"
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape: Any = model.operation_model("CreateTransformJob").input_shape
    report = ParamValidator().validate(arguments | {"TransformJobName": "predict"}, shape)
    assert report.generate_report() == ""
