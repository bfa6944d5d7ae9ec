"""A project's names come in; everything in the account that bears them goes out, and can be deleted.

Terraform knows what is in its state. What the pipelines made, and what a killed apply made without writing it
down, is found here by name. Each kind of resource lists its names and deletes one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from terraform_runner.deletions import (
    absent,
    delete_api,
    delete_bucket,
    delete_policy,
    delete_role,
    delete_rule,
    empty_bucket,
    empty_image_repository,
    request_token,
)
from terraform_runner.naming import STAGES, ProjectNames

if TYPE_CHECKING:
    import boto3

# SageMaker pipelines name what they make after themselves.
_OF_PIPELINES = "pipelines-"


@dataclass(frozen=True)
class Kind:
    """One kind of resource: how a project's are listed, and how one of them is deleted."""

    title: str
    listed: Callable[[], Iterable[str]]
    delete: Callable[[str], object]


class Inventory:
    """What one project owns in one account, by kind, in an order in which it can be deleted."""

    def __init__(self, session: boto3.Session, names: ProjectNames) -> None:
        self.session = session
        self._names = names

    def delete_serving(self) -> Iterator[str]:
        """Delete endpoints and models that no stack has any more; yield what was deleted."""
        yield from _delete(self._serving())

    def delete_training(self) -> Iterator[str]:
        """Delete SageMaker pipelines and model packages; the group stays."""
        yield from _delete(self._training())

    def delete_images(self) -> Iterator[str]:
        """Delete the images in the project's repositories; the repositories stay."""
        for repository in self._ecr_repositories():
            count = empty_image_repository(self.session, repository)
            if count:
                yield f"{count} images of {repository}"

    def delete_objects(self) -> Iterator[str]:
        """Delete every object and version in the project's buckets; the buckets stay."""
        for bucket in self._buckets():
            count = empty_bucket(self.session, bucket)
            if count:
                yield f"{count} object versions of {bucket}"

    def sweep(self, keep_data: bool) -> Iterator[str]:
        """Delete whatever else bears the project's names; yield what was deleted."""
        yield from _delete(self._serving())
        yield from _delete(self._training())
        yield from _delete(self._delivery(keep_data))
        yield from _delete(self._surroundings())

    def sweep_stages(self) -> Iterator[str]:
        """Delete whatever else bears the project's names in an account that has nothing but stages of it."""
        yield from _delete(self._serving())
        yield from _delete(self._surroundings())

    def _serving(self) -> list[Kind]:
        sagemaker = self.session.client("sagemaker")
        part = self._names.project_id
        return [
            Kind(
                "endpoint",
                lambda: self._owned(self._pages(sagemaker, "list_endpoints", "Endpoints.EndpointName", part)),
                lambda name: sagemaker.delete_endpoint(EndpointName=name),
            ),
            Kind(
                "endpoint config",
                lambda: self._owned(
                    self._pages(
                        sagemaker, "list_endpoint_configs", "EndpointConfigs.EndpointConfigName", part
                    )
                ),
                lambda name: sagemaker.delete_endpoint_config(EndpointConfigName=name),
            ),
            Kind(
                "model",
                self._models,
                lambda name: sagemaker.delete_model(ModelName=name),
            ),
        ]

    def _training(self) -> list[Kind]:
        sagemaker = self.session.client("sagemaker")
        return [
            Kind(
                "SageMaker pipeline",
                self.sagemaker_pipelines,
                lambda name: sagemaker.delete_pipeline(
                    PipelineName=name, ClientRequestToken=request_token(name)
                ),
            ),
            Kind(
                "model package",
                self._model_packages,
                lambda arn: sagemaker.delete_model_package(ModelPackageName=arn),
            ),
        ]

    def _delivery(self, keep_data: bool) -> list[Kind]:
        """What is in the project's own account only: repositories, pipelines, registry and data."""
        session = self.session
        pipelines, builds, events, git, ecr, sagemaker = (
            session.client("codepipeline"),
            session.client("codebuild"),
            session.client("events"),
            session.client("codecommit"),
            session.client("ecr"),
            session.client("sagemaker"),
        )
        kinds = [
            Kind(
                "event rule",
                lambda: self._owned(self._pages(events, "list_rules", "Rules.Name")),
                lambda name: delete_rule(self.session, name),
            ),
            Kind(
                "pipeline",
                lambda: self._owned(self._pages(pipelines, "list_pipelines", "pipelines.name")),
                lambda name: pipelines.delete_pipeline(name=name),
            ),
            Kind(
                "build project",
                lambda: self._owned(self._pages(builds, "list_projects", "projects")),
                lambda name: builds.delete_project(name=name),
            ),
            Kind(
                "model package group",
                self._model_package_groups,
                lambda name: sagemaker.delete_model_package_group(ModelPackageGroupName=name),
            ),
            Kind(
                "image repository",
                self._ecr_repositories,
                lambda name: ecr.delete_repository(repositoryName=name, force=True),
            ),
            Kind(
                "repository",
                lambda: self._owned(self._pages(git, "list_repositories", "repositories.repositoryName")),
                lambda name: git.delete_repository(repositoryName=name),
            ),
        ]
        if not keep_data:
            kinds.append(Kind("bucket", self._buckets, lambda name: delete_bucket(self.session, name)))
        return kinds

    def _surroundings(self) -> list[Kind]:
        """What is in every account that has a stage, and in the project's own: roles and logs go last."""
        session = self.session
        alarms, topics, functions, logs = (
            session.client("cloudwatch"),
            session.client("sns"),
            session.client("lambda"),
            session.client("logs"),
        )
        return [
            *self._api_kinds(),
            Kind(
                "function",
                lambda: self._owned(self._pages(functions, "list_functions", "Functions.FunctionName")),
                lambda name: functions.delete_function(FunctionName=name),
            ),
            Kind(
                "alarm",
                lambda: self._owned(self._pages(alarms, "describe_alarms", "MetricAlarms.AlarmName")),
                lambda name: alarms.delete_alarms(AlarmNames=[name]),
            ),
            Kind(
                "dashboard",
                lambda: self._owned(self._pages(alarms, "list_dashboards", "DashboardEntries.DashboardName")),
                lambda name: alarms.delete_dashboards(DashboardNames=[name]),
            ),
            Kind(
                "topic",
                lambda: self._owned_arns(self._pages(topics, "list_topics", "Topics.TopicArn")),
                lambda arn: topics.delete_topic(TopicArn=arn),
            ),
            Kind("role", self._roles, lambda name: delete_role(self.session, name)),
            Kind("policy", self._policies, lambda arn: delete_policy(self.session, arn)),
            Kind(
                "log group",
                lambda: self._log_groups(logs),
                lambda name: logs.delete_log_group(logGroupName=name),
            ),
        ]

    def _api_kinds(self) -> list[Kind]:
        """REST APIs, usage plans and keys have ids besides names; a plan goes only after its API."""
        api = self.session.client("apigateway")

        def ids(operation: str) -> Iterator[str]:
            for item in self._pages(api, operation, "items"):
                if self._names.owns(item.get("name", "")):
                    yield item["id"]

        return [
            Kind("REST API", lambda: ids("get_rest_apis"), lambda key: delete_api(self.session, key)),
            Kind(
                "usage plan",
                lambda: ids("get_usage_plans"),
                lambda key: api.delete_usage_plan(usagePlanId=key),
            ),
            Kind("API key", lambda: ids("get_api_keys"), lambda key: api.delete_api_key(apiKey=key)),
        ]

    def sagemaker_pipelines(self) -> list[str]:
        """Return the names of the project's SageMaker pipelines."""
        sagemaker = self.session.client("sagemaker")
        pages = sagemaker.get_paginator("list_pipelines").paginate(PipelineNamePrefix=self._names.prefix)
        return list(
            self._owned(
                summary["PipelineName"] for page in pages for summary in page.get("PipelineSummaries", [])
            )
        )

    def stage_stacks(self) -> list[str]:
        """Return the names of the stacks that the deploy pipeline made and that still exist.

        Not of all that bear the project's names: with a bucket as template provider, SageMaker names the project's
        own stack so, whose deletion is waiting for ours.
        """
        found = self._pages(self.session.client("cloudformation"), "describe_stacks", "Stacks.StackName")
        return [name for name in found if name in map(self._names.stage_stack, STAGES)]

    def _models(self) -> list[str]:
        """Return the project's models; those that SageMaker pipelines made bear its tag instead of its name."""
        sagemaker = self.session.client("sagemaker")
        named = self._pages(sagemaker, "list_models", "Models.ModelName", self._names.project_id)
        made = [
            model["ModelName"]
            for model in self._pages(sagemaker, "list_models", "Models", _OF_PIPELINES)
            if model["ModelName"].startswith(_OF_PIPELINES) and self._tagged(model["ModelArn"])
        ]
        return [*self._owned(named), *made]

    def _tagged(self, arn: str) -> bool:
        pages = self.session.client("sagemaker").get_paginator("list_tags").paginate(ResourceArn=arn)
        tags = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
        return tags.get("sagemaker:project-id") == self._names.project_id

    def _model_package_groups(self) -> list[str]:
        sagemaker = self.session.client("sagemaker")
        path = "ModelPackageGroupSummaryList.ModelPackageGroupName"
        return list(
            self._owned(self._pages(sagemaker, "list_model_package_groups", path, self._names.project_id))
        )

    def _model_packages(self) -> list[str]:
        sagemaker = self.session.client("sagemaker")
        found: list[str] = []
        for group in self._model_package_groups():
            pages = sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
            try:
                found += [
                    package["ModelPackageArn"]
                    for page in pages
                    for package in page["ModelPackageSummaryList"]
                ]
            except ClientError as error:
                # Deleted since it was listed.
                if not absent(error):
                    raise
        return found

    def _ecr_repositories(self) -> list[str]:
        ecr = self.session.client("ecr")
        return list(self._owned(self._pages(ecr, "describe_repositories", "repositories.repositoryName")))

    def _buckets(self) -> list[str]:
        return list(self._owned(b["Name"] for b in self.session.client("s3").list_buckets()["Buckets"]))

    def _roles(self) -> list[str]:
        return list(self._owned(self._pages(self.session.client("iam"), "list_roles", "Roles.RoleName")))

    def _policies(self) -> list[str]:
        iam = self.session.client("iam")
        pages = iam.get_paginator("list_policies").paginate(Scope="Local")
        return list(self._owned_arns(policy["Arn"] for page in pages for policy in page["Policies"]))

    def _log_groups(self, logs: Any) -> Iterator[str]:
        for group in self._pages(logs, "describe_log_groups", "logGroups.logGroupName"):
            if any(self._names.owns(part) for part in group.split("/")):
                yield group

    def _owned(self, names: Iterable[str]) -> Iterator[str]:
        return (name for name in names if self._names.owns(name))

    def _owned_arns(self, arns: Iterable[str]) -> Iterator[str]:
        return (arn for arn in arns if self._names.owns(arn.rpartition(":")[2].rpartition("/")[2]))

    @staticmethod
    def _pages(client: Any, operation: str, path: str, name_contains: str = "") -> Iterator[Any]:
        """Yield what ``path`` (``Key`` or ``Key.Member``) finds in every page."""
        key, _, member = path.partition(".")
        arguments = {"NameContains": name_contains} if name_contains else {}
        for page in client.get_paginator(operation).paginate(**arguments):
            for item in page.get(key, []):
                yield item[member] if member else item


def _delete(kinds: Iterable[Kind]) -> Iterator[str]:
    for kind in kinds:
        for name in list(kind.listed()):
            try:
                kind.delete(name)
            except ClientError as error:
                if not absent(error):
                    raise
            yield f"{kind.title} {name}"
