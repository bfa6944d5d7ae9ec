"""Projects as a data science lead knows them: created from the published template, described, updated, deleted.

Comes from `cli` and `rehearsal`; calls SageMaker's project API, which provisions through Service Catalog or makes a
stack of a template in S3.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from mlproject import s3_templates, stack_deploy
from mlproject.errors import PlatformError, UserError
from mlproject.explanations import aws_words
from terraform_runner import naming

if TYPE_CHECKING:
    import boto3

    from mlproject.console import Progress
    from mlproject.templates import Template

POLL_SECONDS = 1.0
"""How often a project's status is read; `create` takes minutes on AWS, but a call a second is well below any quota."""

_MISSING = ("ResourceNotFound", "ValidationException")
"""How SageMaker says that it has no project of a name, or that nothing can have that name."""


class MissingProject(UserError):
    """There is no project of this name."""


@dataclass(frozen=True)
class Project:
    """A SageMaker project.

    Attributes
    ----------
    name, project_id
        As SageMaker knows it.
    status
        SageMaker's ``ProjectStatus``, such as ``CreateCompleted``.
    reason
        Why it failed, empty otherwise.
    stack
        The name of its stack; empty for a project of Service Catalog, which knows the stack.
    """

    name: str
    project_id: str
    status: str
    reason: str = ""
    stack: str = ""

    @property
    def names(self) -> naming.ProjectNames:
        """The names of what the project is made of."""
        return naming.ProjectNames(self.name, self.project_id)


def create(session: boto3.Session, template: Template, name: str, parameters: Mapping[str, str]) -> Project:
    """Start the creation of a project and return it; `wait` follows it.

    Raises
    ------
    UserError
        The name or a parameter is refused, or the name is taken.
    """
    client = session.client("sagemaker")
    try:
        client.create_project(ProjectName=name, **template.creation(parameters))
    except client.exceptions.ClientError as error:
        raise _told(error, f"project {name!r} cannot be created") from error
    return find(session, name)


def find(session: boto3.Session, name: str) -> Project:
    """Return the project of this name.

    Raises
    ------
    MissingProject
        There is none.
    """
    client = session.client("sagemaker")
    try:
        answer = client.describe_project(ProjectName=name)
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            words = error.response["Error"]["Message"]
            raise MissingProject(f"no project {name!r} in {client.meta.region_name}: {words}") from error
        raise _told(error, f"project {name!r} cannot be read") from error
    status, provider = answer["ProjectStatus"], s3_templates.provider_of(answer)
    stack = provider["StackDetail"].get("Id", "") if provider and "StackDetail" in provider else ""
    provisioned = answer.get("ServiceCatalogProvisionedProductDetails", {})
    reason = provisioned.get("ProvisionedProductStatusMessage", "")
    if stack and status.endswith("Failed"):
        # SageMaker tells the stack's status; the stack's events tell why.
        reason = stack_deploy.failure(session, stack)
    return Project(answer["ProjectName"], answer["ProjectId"], status, reason, stack)


def update(
    session: boto3.Session, project: Project, template: Template, parameters: Mapping[str, str]
) -> Project:
    """Start the update of a project to a version of the template and return it; `wait` follows it.

    What ``parameters`` does not name keeps its value.

    Raises
    ------
    UserError
        The update is refused: the project is busy or a parameter wrong.
    """
    client = session.client("sagemaker")
    try:
        described = client.describe_project(ProjectName=project.name)
        client.update_project(ProjectName=project.name, **template.change(described, parameters))
    except client.exceptions.ClientError as error:
        raise _told(error, f"project {project.name!r} cannot be updated") from error
    return find(session, project.name)


def wait(session: boto3.Session, project: Project, progress: Progress) -> Project:
    """Return the project once SageMaker is done with it.

    Raises
    ------
    PlatformError
        It failed; the message is the first reason that CloudFormation gives.
    """
    while not project.status.endswith(("Completed", "Failed")):
        progress(project.status)
        time.sleep(POLL_SECONDS)
        project = find(session, project.name)
    if project.status.endswith("Failed"):
        raise PlatformError(f"project {project.name!r} is {project.status}: {project.reason}")
    return project


def outputs(session: boto3.Session, project: Project) -> dict[str, str]:
    """Return what the template answers for the project: clone URLs, API URLs, links."""
    if project.stack:
        stack = stack_deploy.read(session, project.stack)
        return dict(stack.outputs) if stack else {}
    described = session.client("sagemaker").describe_project(ProjectName=project.name)
    provisioned = described["ServiceCatalogProvisionedProductDetails"]["ProvisionedProductId"]
    client = session.client("servicecatalog")
    product = client.describe_provisioned_product(Id=provisioned)["ProvisionedProductDetail"]
    # Not GetProvisionedProductOutputs, which AWS's managed policies for Studio users do not allow.
    answer = client.describe_record(Id=product["LastSuccessfulProvisioningRecordId"])
    return {each["OutputKey"]: each["OutputValue"] for each in answer["RecordOutputs"]}


def delete(session: boto3.Session, project: Project) -> None:
    """Start the deletion of a project; `wait_deleted` follows it."""
    client = session.client("sagemaker")
    try:
        client.delete_project(ProjectName=project.name)
    except client.exceptions.ClientError as error:
        raise _told(error, f"project {project.name!r} cannot be deleted") from error


def wait_deleted(session: boto3.Session, project: Project, progress: Progress) -> None:
    """Return once the project is gone; raise `PlatformError` when its deletion failed."""
    while project.status != "DeleteCompleted":
        if project.status == "DeleteFailed":
            raise PlatformError(f"project {project.name!r} could not be deleted: {project.reason}")
        progress(project.status)
        time.sleep(POLL_SECONDS)
        try:
            project = find(session, project.name)
        except MissingProject:
            return


def _told(error: ClientError, what: str) -> Exception:
    """Return the error as the person who must act on it should read it."""
    kind = PlatformError if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500 else UserError
    return kind(f"{what}: {aws_words(error)}")
