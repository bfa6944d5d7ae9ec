"""SageMaker models, endpoints, model packages and their groups, feature groups and pipelines."""

from __future__ import annotations

from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration, Wait


def _tags() -> Aspect:
    return Aspect(
        ("Tags",),
        key="Key",
        whole=True,
        put=(Call("add_tags", {"ResourceArn": "id", "Tags": "p.Tags"}),),
        remove=(Call("delete_tags", {"ResourceArn": "id", "TagKeys": "gone"}),),
        on_create=False,
    )


MODEL = Declaration(
    type="AWS::SageMaker::Model",
    service="sagemaker",
    name="ModelName",
    name_limit=63,
    create=(Call("create_model", spread=True),),
    physical_id="made.ModelArn",
    delete=(Call("delete_model", {"ModelName": "p.ModelName"}),),
    attributes={"ModelArn": "id"},
    aspects=(_tags(),),
)

ENDPOINT_CONFIG = Declaration(
    type="AWS::SageMaker::EndpointConfig",
    service="sagemaker",
    name="EndpointConfigName",
    name_limit=63,
    create=(Call("create_endpoint_config", spread=True),),
    physical_id="made.EndpointConfigArn",
    delete=(Call("delete_endpoint_config", {"EndpointConfigName": "p.EndpointConfigName"}),),
    attributes={"EndpointConfigArn": "id"},
    aspects=(_tags(),),
)

_ENDPOINT = {"EndpointName": "p.EndpointName"}

ENDPOINT = Declaration(
    type="AWS::SageMaker::Endpoint",
    service="sagemaker",
    name="EndpointName",
    name_limit=63,
    create=(Call("create_endpoint", spread=True),),
    physical_id="made.EndpointArn",
    update=(Call("update_endpoint", _ENDPOINT, spread=True),),
    delete=(Call("delete_endpoint", _ENDPOINT),),
    read=Call("describe_endpoint", _ENDPOINT),
    attributes={"EndpointArn": "id"},
    # An endpoint whose update failed serves on with its old config: in service, yet not as asked.
    wait=Wait(
        "read.EndpointStatus == 'InService' && read.EndpointConfigName != p.EndpointConfigName && 'RolledBack' "
        "|| read.EndpointStatus",
        ("InService",),
        ("Failed", "OutOfService", "RolledBack", "UpdateRollbackFailed"),
        "read.FailureReason",
    ),
    wait_deleted=True,
    # Where they differ from UpdateEndpoint's own they matter on update only.
    ignored=("ExcludeRetainedVariantProperties", "RetainAllVariantProperties", "RetainDeploymentConfig"),
    aspects=(_tags(),),
)

MODEL_PACKAGE_GROUP = Declaration(
    type="AWS::SageMaker::ModelPackageGroup",
    service="sagemaker",
    create=(Call("create_model_package_group", spread=True),),
    physical_id="made.ModelPackageGroupArn",
    delete=(Call("delete_model_package_group", {"ModelPackageGroupName": "p.ModelPackageGroupName"}),),
    read=Call("describe_model_package_group", {"ModelPackageGroupName": "p.ModelPackageGroupName"}),
    attributes={
        "ModelPackageGroupArn": "id",
        "ModelPackageGroupStatus": "read.ModelPackageGroupStatus",
    },
    aspects=(
        Aspect(
            ("ModelPackageGroupPolicy",),
            put=(
                Call(
                    "put_model_package_group_policy",
                    {
                        "ModelPackageGroupName": "p.ModelPackageGroupName",
                        "ResourcePolicy": "p.ModelPackageGroupPolicy",
                    },
                ),
            ),
            remove=(
                Call(
                    "delete_model_package_group_policy",
                    {"ModelPackageGroupName": "p.ModelPackageGroupName"},
                ),
            ),
        ),
        _tags(),
    ),
)

_PACKAGE = {"ModelPackageName": "id"}

MODEL_PACKAGE = Declaration(
    type="AWS::SageMaker::ModelPackage",
    service="sagemaker",
    create=(Call("create_model_package", spread=True),),
    physical_id="made.ModelPackageArn",
    update=(Call("update_model_package", {"ModelPackageArn": "id"}, spread=True),),
    delete=(Call("delete_model_package", _PACKAGE),),
    read=Call("describe_model_package", _PACKAGE),
    attributes={"ModelPackageArn": "id", "ModelPackageStatus": "read.ModelPackageStatus"},
    wait=Wait("read.ModelPackageStatus", ("Completed",), ("Failed",)),
    aspects=(_tags(),),
)

_FEATURE_GROUP = {"FeatureGroupName": "p.FeatureGroupName"}

FEATURE_GROUP = Declaration(
    type="AWS::SageMaker::FeatureGroup",
    service="sagemaker",
    create=(Call("create_feature_group", spread=True),),
    physical_id="p.FeatureGroupName",
    delete=(Call("delete_feature_group", _FEATURE_GROUP),),
    read=Call("describe_feature_group", _FEATURE_GROUP),
    attributes={"FeatureGroupStatus": "read.FeatureGroupStatus"},
    wait=Wait("read.FeatureGroupStatus", ("Created",), ("CreateFailed",), "read.FailureReason"),
)

_DEFINITION = {
    "PipelineDefinition": "p.PipelineDefinition.PipelineDefinitionBody",
    "PipelineDefinitionS3Location": (
        "p.PipelineDefinition.PipelineDefinitionS3Location.{Bucket: Bucket, ObjectKey: Key, VersionId: Version}"
    ),
}

PIPELINE = Declaration(
    type="AWS::SageMaker::Pipeline",
    service="sagemaker",
    create=(Call("create_pipeline", {"ClientRequestToken": "token", **_DEFINITION}, spread=True),),
    physical_id="p.PipelineName",
    update=(Call("update_pipeline", _DEFINITION, spread=True),),
    delete=(Call("delete_pipeline", {"PipelineName": "id", "ClientRequestToken": "token"}),),
    aspects=(
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(
                Call("describe_pipeline", {"PipelineName": "id"}, into="pipeline"),
                Call("add_tags", {"ResourceArn": "pipeline.PipelineArn", "Tags": "p.Tags"}),
            ),
            remove=(
                Call("describe_pipeline", {"PipelineName": "id"}, into="pipeline"),
                Call("delete_tags", {"ResourceArn": "pipeline.PipelineArn", "TagKeys": "gone"}),
            ),
            on_create=False,
        ),
    ),
)

DECLARATIONS = (
    MODEL,
    ENDPOINT_CONFIG,
    ENDPOINT,
    MODEL_PACKAGE_GROUP,
    MODEL_PACKAGE,
    FEATURE_GROUP,
    PIPELINE,
)
