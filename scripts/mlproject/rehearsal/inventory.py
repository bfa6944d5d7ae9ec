"""What an account holds, listed service by service, so that a rehearsal can show that a deleted project left nothing.

It asks every service for everything rather than for the project's names: what was misnamed shows up too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jmespath

if TYPE_CHECKING:
    import boto3


@dataclass(frozen=True)
class Listing:
    """A call that lists one kind of resource.

    Attributes
    ----------
    service, operation, arguments
        The boto3 client and its method.
    expression
        JMESPath from the answer to the resources' identifiers.
    """

    service: str
    operation: str
    expression: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


LISTINGS = (
    Listing("apigateway", "get_rest_apis", "items[].join('/', [name, id])"),
    Listing("apigateway", "get_api_keys", "items[].id"),
    Listing("apigateway", "get_usage_plans", "items[].id"),
    Listing(
        "application-autoscaling",
        "describe_scalable_targets",
        "ScalableTargets[].ResourceId",
        {"ServiceNamespace": "sagemaker"},
    ),
    Listing("cloudformation", "list_stacks", "StackSummaries[?StackStatus != 'DELETE_COMPLETE'].StackId"),
    Listing("cloudwatch", "describe_alarms", "MetricAlarms[].AlarmArn"),
    Listing("cloudwatch", "list_dashboards", "DashboardEntries[].DashboardName"),
    Listing("codebuild", "list_projects", "projects[]"),
    Listing("codecommit", "list_repositories", "repositories[].repositoryName"),
    Listing("codeconnections", "list_connections", "Connections[].ConnectionName"),
    Listing("codepipeline", "list_pipelines", "pipelines[].name"),
    Listing("ec2", "describe_nat_gateways", "NatGateways[?State != 'deleted'].NatGatewayId"),
    Listing("ec2", "describe_vpc_endpoints", "VpcEndpoints[?State != 'deleted'].VpcEndpointId"),
    Listing("ec2", "describe_vpcs", "Vpcs[].VpcId"),
    Listing("ecr", "describe_repositories", "repositories[].repositoryName"),
    Listing("events", "list_rules", "Rules[].Name"),
    Listing("iam", "list_policies", "Policies[].Arn", {"Scope": "Local"}),
    Listing("iam", "list_roles", "Roles[].Arn"),
    Listing("kms", "list_aliases", "Aliases[].AliasName"),
    Listing("lambda", "list_functions", "Functions[].FunctionName"),
    Listing("logs", "describe_log_groups", "logGroups[].logGroupName"),
    Listing("s3", "list_buckets", "Buckets[].Name"),
    Listing("sagemaker", "list_domains", "Domains[].DomainId"),
    Listing("sagemaker", "list_endpoint_configs", "EndpointConfigs[].EndpointConfigName"),
    Listing("sagemaker", "list_endpoints", "Endpoints[].EndpointName"),
    Listing("sagemaker", "list_model_package_groups", "ModelPackageGroupSummaryList[].ModelPackageGroupName"),
    Listing(
        "sagemaker",
        "list_model_packages",
        "ModelPackageSummaryList[].ModelPackageArn",
        {"ModelPackageType": "Both"},
    ),
    Listing("sagemaker", "list_models", "Models[].ModelName"),
    Listing("sagemaker", "list_pipelines", "PipelineSummaries[].PipelineName"),
    Listing(
        "sagemaker", "list_projects", "ProjectSummaryList[?ProjectStatus != 'DeleteCompleted'].ProjectName"
    ),
    Listing("servicecatalog", "search_provisioned_products", "ProvisionedProducts[].Name"),
    Listing("sns", "list_subscriptions", "Subscriptions[].SubscriptionArn"),
    Listing("sns", "list_topics", "Topics[].TopicArn"),
    Listing("sqs", "list_queues", "QueueUrls[]"),
    Listing("ssm", "describe_parameters", "Parameters[].Name"),
)

ACCOUNT_WIDE = frozenset(
    # SageMaker keeps one log group for the jobs of all projects; finished jobs themselves cannot be deleted on AWS.
    f"logs: /aws/sagemaker/{kind}"
    for kind in ("ProcessingJobs", "TrainingJobs", "TransformJobs")
)


def account_inventory(session: boto3.Session) -> frozenset[str]:
    """Return every resource of the account and region as ``<service>: <identifier>``."""
    return frozenset(entry for listing in LISTINGS for entry in _entries(session, listing)) - ACCOUNT_WIDE


def _entries(session: boto3.Session, listing: Listing) -> Iterator[str]:
    client: Any = session.client(listing.service)  # type: ignore[call-overload]  # the name is data here
    if client.can_paginate(listing.operation):
        answers = client.get_paginator(listing.operation).paginate(**listing.arguments)
        found = answers.search(listing.expression)
    else:
        found = (
            jmespath.search(listing.expression, getattr(client, listing.operation)(**listing.arguments)) or ()
        )
    return (f"{listing.service}: {identifier}" for identifier in found if identifier is not None)
