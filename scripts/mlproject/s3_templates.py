"""Published templates in the artifact bucket: shown to Studio by `publish`, found there by `create` and `update`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from mlproject import stack_deploy
from mlproject.errors import UserError
from mlproject.template_parameters import listed, named_again

if TYPE_CHECKING:
    import boto3
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import TagTypeDef
    from types_boto3_sagemaker.type_defs import CfnTemplateProviderDetailTypeDef, DescribeProjectOutputTypeDef

PREFIX = "products/"
_TEMPLATE_NAME = "project"
"""What a project that is made here calls its template."""

LOCATION_TAG = "sagemaker:projectS3TemplatesLocation"
"""The tag of a Studio domain that names the place where it looks for templates; it has one place only."""

_VISIBLE: TagTypeDef = {"Key": "sagemaker:studio-visibility", "Value": "true"}
"""Studio shows the templates of its place that have this tag."""


@dataclass(frozen=True)
class S3Template:
    """A version of the template in the artifact bucket.

    Attributes
    ----------
    url
        Where CloudFormation fetches it.
    launch_role_arn
        The role that CloudFormation creates the project's stack with.
    version
        The template's version: the object's name.
    parameters
        The names of its parameters.
    """

    url: str
    launch_role_arn: str
    version: str
    parameters: frozenset[str]

    def creation(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Return what SageMaker's CreateProject is told of it."""
        provider = self._provider(_TEMPLATE_NAME, parameters) | {"RoleARN": self.launch_role_arn}
        return {"TemplateProviders": [{"CfnTemplateProvider": provider}]}

    def change(
        self, described: DescribeProjectOutputTypeDef, parameters: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return what SageMaker's UpdateProject is told of it: all parameters that this version still has.

        Raises
        ------
        UserError
            The project is of Service Catalog.
        """
        provider = provider_of(described)
        if provider is None:
            raise UserError(f"project {described['ProjectName']!r} was not created from a template in S3")
        all_of_them = named_again(provider.get("Parameters", ()), self.parameters, parameters)
        changed = self._provider(provider["TemplateName"], all_of_them)
        return {"TemplateProvidersToUpdate": [{"CfnTemplateProvider": changed}]}

    def _provider(self, name: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        return {
            "TemplateName": name,
            "TemplateURL": self.url,
            "Parameters": listed(parameters),
        }


def provider_of(described: DescribeProjectOutputTypeDef) -> CfnTemplateProviderDetailTypeDef | None:
    """Return template and stack of a project as SageMaker describes it; None for one of Service Catalog."""
    for each in described.get("TemplateProviderDetails", ()):
        return each.get("CfnTemplateProviderDetail")
    return None


def find(session: boto3.Session, stack_name: str, version: str = "") -> S3Template:
    """Return the visible template of this version, the newest when ``version`` is empty.

    Raises
    ------
    UserError
        No template is published to the caller in S3, or not in that version.
    """
    stack = stack_deploy.read(session, stack_name)
    if stack is None or "LeadPolicyArn" not in stack.outputs:
        raise UserError(
            f"no templates are published in S3 of {session.region_name}: `mlproject publish --to s3` does that"
        )
    visible = list(_visible_versions(session.client("s3"), stack.outputs["ArtifactBucket"]))
    wanted = [name for name in visible if version in ("", name)]
    if not wanted:
        names, what = ", ".join(sorted(visible)) or "none", f"version {version!r}" if version else "a version"
        raise UserError(f"{what} is not published in S3; published: {names}")
    newest = wanted[-1]
    url = f"{stack.outputs['ProductTemplates']}/{newest}.yaml"
    summary = session.client("cloudformation").get_template_summary(TemplateURL=url)
    parameters = frozenset(each["ParameterKey"] for each in summary["Parameters"])
    return S3Template(url, stack.outputs["LaunchRoleArn"], newest, parameters)


def show(s3: S3Client, bucket: str, key: str) -> None:
    """Let Studio show a template."""
    s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": [_VISIBLE]})


def show_in_domains(session: boto3.Session, domain_ids: Sequence[str], bucket: str) -> None:
    """Let the Studio domains look for templates in the bucket.

    Raises
    ------
    UserError
        A domain has its templates elsewhere.
    """
    client, location = session.client("sagemaker"), f"s3://{bucket}/{PREFIX}"
    for domain_id in domain_ids:
        arn = client.describe_domain(DomainId=domain_id)["DomainArn"]
        tags = {tag["Key"]: tag["Value"] for tag in client.list_tags(ResourceArn=arn).get("Tags", ())}
        if tags.get(LOCATION_TAG, location) != location:
            raise UserError(
                f"domain {domain_id} has its templates in {tags[LOCATION_TAG]}: take its tag {LOCATION_TAG}"
                f" away, or copy the template from {location} to there"
            )
        client.add_tags(ResourceArn=arn, Tags=[{"Key": LOCATION_TAG, "Value": location}])


def _visible_versions(s3: S3Client, bucket: str) -> Iterator[str]:
    """Yield the versions that Studio shows, oldest first."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
    objects = [item for page in pages for item in page.get("Contents", [])]
    for item in sorted(objects, key=lambda item: item["LastModified"]):
        if _VISIBLE in s3.get_object_tagging(Bucket=bucket, Key=item["Key"])["TagSet"]:
            yield PurePosixPath(item["Key"]).stem
