"""Every declaration of a resource type agrees with botocore's models and CloudFormation's schemas."""

from __future__ import annotations

from collections.abc import Iterator

import jmespath
import pytest
from botocore import xform_name
from moto.core.utils import get_service_model

from localaws.services.cloudformation.resources.registry import provider_of, table_providers, unsupported
from localaws.services.cloudformation.resources.table import Call, TableProvider

PROVIDERS = table_providers()


def calls(provider: TableProvider) -> Iterator[Call]:
    declared = provider.declaration
    yield from (*declared.create, *declared.update, *declared.delete)
    if declared.read:
        yield declared.read
    for aspect in declared.aspects:
        yield from (*aspect.put, *aspect.change, *aspect.remove)


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_every_call_exists_and_takes_the_declared_arguments(provider: TableProvider) -> None:
    for call in calls(provider):
        model = get_service_model(call.service or provider.declaration.service)
        (name,) = (name for name in model.operation_names if xform_name(name) == call.operation)
        shape = model.operation_model(name).input_shape
        assert set(call.arguments) <= set(shape.members), call.operation
        if not call.spread:
            assert set(shape.required_members) <= set(call.arguments), call.operation


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_every_expression_compiles(provider: TableProvider) -> None:
    declared = provider.declaration
    texts = [declared.physical_id, *declared.attributes.values()]
    for call in calls(provider):
        texts += [*call.arguments.values(), *filter(None, (call.each, call.when))]
    for text in texts:
        jmespath.compile(text)


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_a_declaration_names_properties_that_the_schema_knows(provider: TableProvider) -> None:
    declared, schema = provider.declaration, provider.schema
    named = {name for aspect in declared.aspects for name in aspect.properties} | set(declared.ignored)
    assert named | {declared.name} - {""} <= schema.properties | {""}


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_required_properties_and_tags_are_supported(provider: TableProvider) -> None:
    properties = dict.fromkeys(provider.schema.document.get("required", ()), "x")
    if provider.schema.tags:
        properties["Tags"] = "x"
    assert set(properties) <= provider.supported(properties)


def test_a_type_unknown_to_aws_and_one_unknown_to_localaws_are_told_apart() -> None:
    assert provider_of("AWS::SNS::Topics") is None
    assert (
        unsupported("AWS::SNS::Topics")
        == "Template format error: Unrecognized resource types: [AWS::SNS::Topics]"
    )
    assert provider_of("AWS::EC2::Instance") is None
    assert (
        unsupported("AWS::EC2::Instance") == "localaws does not support resources of type AWS::EC2::Instance"
    )


def test_unknown_missing_and_unsupported_properties_are_named() -> None:
    bucket = PROVIDERS["AWS::S3::Bucket"]
    assert "extraneous key [Bucket] is not permitted" in bucket.problem({"Bucket": "x"})
    accelerated = {"AccelerateConfiguration": {"AccelerationStatus": "Enabled"}}
    assert "does not support property AccelerateConfiguration" in bucket.problem(accelerated)
    rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "Algorithm": "AES256"}}
    encrypted = {"BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}
    assert "ServerSideEncryptionByDefault: extraneous key [Algorithm] is not permitted" in bucket.problem(
        encrypted
    )
    assert "#/VersioningConfiguration: required key [Status] not found" in bucket.problem(
        {"VersioningConfiguration": {}}
    )
    assert "required key [PolicyDocument] not found" in PROVIDERS["AWS::S3::BucketPolicy"].problem(
        {"Bucket": "x"}
    )


@pytest.mark.parametrize(
    ("kind", "attribute", "said"),
    [
        ("AWS::S3::Bucket", "Arn", ""),
        ("AWS::SageMaker::Model", "ModelName", ""),
        ("AWS::S3::Bucket", "ARN", "does not support attribute type ARN in Fn::GetAtt"),
        ("AWS::EC2::VPC", "Ipv6CidrBlocks", "which localaws does not support for AWS::EC2::VPC"),
        ("AWS::ServiceCatalog::CloudFormationProvisionedProduct", "Outputs.Said", ""),
        (
            "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
            "Output",
            "does not support attribute type",
        ),
    ],
)
def test_attributes_that_do_not_exist_and_that_localaws_lacks_are_told_apart(
    kind: str, attribute: str, said: str
) -> None:
    problem = PROVIDERS[kind].attribute_problem(attribute)
    assert said in problem
    assert bool(said) == bool(problem)
