"""Resource types are made, changed and deleted through the API of their services."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .conftest import REGION, Stacks

TEMPLATE = (Path(__file__).parent / "every_type.yaml").read_text()
CAPABILITIES = ["CAPABILITY_NAMED_IAM"]


def shown(stacks: Stacks) -> dict[str, Any]:
    """Return what the services say of the resources whose text the update changes."""

    def call(service: str, operation: str, **arguments: Any) -> Any:
        return getattr(stacks.server.client(service, REGION), operation)(**arguments)

    ids = {
        item["LogicalResourceId"]: item["PhysicalResourceId"]
        for item in stacks.client.list_stack_resources(StackName="types")["StackResourceSummaries"]
    }
    topic, queue = ids["Topic"], ids["Queue"]
    return {
        "Alarm": call("cloudwatch", "describe_alarms", AlarmNames=[ids["Alarm"]])["MetricAlarms"],
        "Api": call("apigateway", "get_rest_api", restApiId=ids["Api"])["description"],
        "Build": call("codebuild", "batch_get_projects", names=[ids["Build"]])["projects"][0]["environment"],
        "Fn": call("lambda", "get_function_configuration", FunctionName=ids["Fn"])["Environment"],
        "Inline": call("iam", "get_role_policy", RoleName="r", PolicyName="q")["PolicyDocument"],
        "Key": call("kms", "describe_key", KeyId=ids["Key"])["KeyMetadata"]["Description"],
        "QPol": call("sqs", "get_queue_attributes", QueueUrl=queue, AttributeNames=["Policy"])["Attributes"],
        "Repo": call("codecommit", "get_repository", repositoryName="repo")["repositoryMetadata"],
        "Role": call("iam", "get_role_policy", RoleName="r", PolicyName="p")["PolicyDocument"],
        "Rule": call("events", "list_targets_by_rule", Rule=ids["Rule"])["Targets"],
        "Ssm": call("ssm", "get_parameter", Name=ids["Ssm"])["Parameter"]["Value"],
        "Stage": call("apigateway", "get_stage", restApiId=ids["Api"], stageName="prod")["variables"],
        "Sub": call("sns", "get_subscription_attributes", SubscriptionArn=ids["Sub"])["Attributes"],
        "TPol": call("sns", "get_topic_attributes", TopicArn=topic)["Attributes"]["Policy"],
        "Topic": call("sns", "get_topic_attributes", TopicArn=topic)["Attributes"]["DisplayName"],
    }


def test_nearly_every_type_is_made_changed_and_deleted(stacks: Stacks) -> None:
    assert stacks.create(TEMPLATE, "types", Capabilities=CAPABILITIES)["StackStatus"] == "CREATE_COMPLETE"
    before = shown(stacks)
    assert [name for name, value in before.items() if "before" not in json.dumps(value, default=str)] == []
    changed = TEMPLATE.replace("before", "after")
    assert stacks.update(changed, "types", Capabilities=CAPABILITIES)["StackStatus"] == "UPDATE_COMPLETE"
    after = shown(stacks)
    assert [name for name, value in after.items() if "after" not in json.dumps(value, default=str)] == []
    assert [name for name, value in after.items() if "before" in json.dumps(value, default=str)] == []
    assert stacks.delete("types")["StackStatus"] == "DELETE_COMPLETE"
    assert stacks.server.client("s3", REGION).list_buckets()["Buckets"] == []
    assert stacks.server.client("iam", REGION).list_roles()["Roles"] == []


def test_a_bucket_is_configured_in_the_api_s_terms(stacks: Stacks) -> None:
    stacks.create(TEMPLATE, "types", Capabilities=CAPABILITIES)
    s3, name = stacks.server.client("s3", REGION), stacks.physical_id("Bucket", "types")
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert (rule["ID"], rule["Expiration"], rule["NoncurrentVersionExpiration"]) == (
        "a",
        {"Days": 3},
        {"NoncurrentDays": 4},
    )
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert s3.get_bucket_cors(Bucket=name)["CORSRules"][0]["MaxAgeSeconds"] == 3
    assert (
        s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] is True
    )


def test_a_product_s_versions_are_matched_by_name_and_url(stacks: Stacks) -> None:
    s3 = stacks.server.client("s3", REGION)
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="t.yaml", Body=b"Resources: {T: {Type: 'AWS::SNS::Topic'}}")

    def product(*versions: str) -> str:
        url = "https://templates.s3.us-east-1.amazonaws.com/t.yaml"
        artifacts = [{"Name": name, "Info": {"LoadTemplateFromURL": url}} for name in versions]
        properties = {"Name": "P", "Owner": "me", "ProvisioningArtifactParameters": artifacts}
        kind = "AWS::ServiceCatalog::CloudFormationProduct"
        return json.dumps({"Resources": {"P": {"Type": kind, "Properties": properties}}})

    def versions() -> dict[str, str]:
        client = stacks.server.client("servicecatalog", REGION)
        found = client.list_provisioning_artifacts(ProductId=stacks.physical_id("P"))
        return {item["Name"]: item["Id"] for item in found["ProvisioningArtifactDetails"]}

    stacks.create(product("one", "two"))
    first = versions()
    assert list(first) == ["one", "two"]
    stacks.update(product("two", "three"))
    assert list(versions()) == ["two", "three"]
    assert versions()["two"] == first["two"]


SHOP = """
Parameters: {Text: {Type: String, Default: before}}
Resources:
  Portfolio: {Type: "AWS::ServiceCatalog::Portfolio", Properties: {DisplayName: shop, ProviderName: me}}
  Product:
    Type: AWS::ServiceCatalog::CloudFormationProduct
    Properties:
      Name: note
      Owner: me
      ProvisioningArtifactParameters:
        - {Name: one, Info: {LoadTemplateFromURL: "https://products.s3.us-east-1.amazonaws.com/note.json"}}
  Sold: {Type: "AWS::ServiceCatalog::PortfolioProductAssociation", Properties: {PortfolioId: !Ref Portfolio, ProductId: !Ref Product}}
  Buyer: {Type: "AWS::ServiceCatalog::PortfolioPrincipalAssociation", Properties: {PortfolioId: !Ref Portfolio, PrincipalARN: !Sub "arn:aws:iam::${AWS::AccountId}:role/maker", PrincipalType: IAM}}
  Note:
    Type: AWS::ServiceCatalog::CloudFormationProvisionedProduct
    DependsOn: [Sold, Buyer]
    Properties:
      ProductName: note
      ProvisioningArtifactName: one
      ProvisioningParameters: [{Key: Text, Value: !Ref Text}]
Outputs:
  Said: {Value: !GetAtt Note.Outputs.Said}
  Stack: {Value: !GetAtt Note.CloudformationStackArn}
"""  # noqa: E501
NOTE = {
    "Parameters": {"Text": {"Type": "String"}},
    "Resources": {
        "Note": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Text"}}}
    },
    "Outputs": {"Said": {"Value": {"Fn::GetAtt": ["Note", "Value"]}}},
}


def test_a_product_is_provisioned_changed_and_ended_with_its_stack(stacks: Stacks) -> None:
    s3 = stacks.server.client("s3", REGION)
    s3.create_bucket(Bucket="products")
    s3.put_object(Bucket="products", Key="note.json", Body=json.dumps(NOTE).encode())
    trust = {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]})
    iam = stacks.server.client("iam", REGION)
    role = iam.create_role(RoleName="maker", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    assert stacks.create(SHOP, "shop", RoleARN=role)["StackStatus"] == "CREATE_COMPLETE"
    assert stacks.outputs("shop")["Said"] == "before"
    note = stacks.outputs("shop")["Stack"]
    after = [{"ParameterKey": "Text", "ParameterValue": "after"}]
    assert stacks.update(SHOP, "shop", Parameters=after)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.outputs("shop") == {"Said": "after", "Stack": note}
    assert stacks.delete("shop")["StackStatus"] == "DELETE_COMPLETE"
    assert stacks.settled(note)["StackStatus"] == "DELETE_COMPLETE"


MODELS = """
Parameters: {Status: {Type: String, Default: PendingManualApproval}}
Resources:
  Group: {Type: "AWS::SageMaker::ModelPackageGroup", Properties: {ModelPackageGroupName: scores}}
  Version:
    Type: AWS::SageMaker::ModelPackage
    Properties:
      ModelPackageGroupName: !GetAtt Group.ModelPackageGroupArn
      ModelApprovalStatus: !Ref Status
      InferenceSpecification:
        Containers: [{Image: "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"}]
        SupportedContentTypes: [text/csv]
        SupportedResponseMIMETypes: [text/csv]
  Features:
    Type: AWS::SageMaker::FeatureGroup
    Properties:
      FeatureGroupName: customers
      RecordIdentifierFeatureName: id
      EventTimeFeatureName: at
      FeatureDefinitions: [{FeatureName: id, FeatureType: String}, {FeatureName: at, FeatureType: Fractional}]
      OnlineStoreConfig: {EnableOnlineStore: true}
Outputs:
  Version: {Value: !Ref Version}
  Features: {Value: !Ref Features}
"""


def test_a_model_version_is_approved_in_place_beside_a_feature_group(stacks: Stacks) -> None:
    client = stacks.server.client("sagemaker", REGION)
    assert stacks.create(MODELS, "models")["StackStatus"] == "CREATE_COMPLETE"
    version = stacks.outputs("models")["Version"]
    assert client.describe_feature_group(FeatureGroupName="customers")["FeatureGroupStatus"] == "Created"
    approved = [{"ParameterKey": "Status", "ParameterValue": "Approved"}]
    assert stacks.update(MODELS, "models", Parameters=approved)["StackStatus"] == "UPDATE_COMPLETE"
    assert stacks.outputs("models")["Version"] == version
    assert client.describe_model_package(ModelPackageName=version)["ModelApprovalStatus"] == "Approved"
    assert stacks.delete("models")["StackStatus"] == "DELETE_COMPLETE"
    assert client.list_feature_groups()["FeatureGroupSummaries"] == []
