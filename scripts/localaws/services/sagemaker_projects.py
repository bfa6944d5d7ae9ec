"""SageMaker projects: a Service Catalog product, or S3 templates, launched under a project name and id."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from moto.core.exceptions import ServiceException
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from localaws.operations import Operation, Request, graft, state_of
from localaws.runtime import runtime
from localaws.services.sagemaker.constraints import checked
from localaws.services.sagemaker.listing import listed
from localaws.services.sagemaker.resources import Region, Resource, merged_tags, now, suffix
from localaws.services.servicecatalog import provisioning
from localaws.services.servicecatalog.model import Record, catalog_of

_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
_PHASES = {"SUCCEEDED": "Completed", "FAILED": "Failed"}


class Conflict(ServiceException):
    """The project is busy."""

    code = "ConflictException"


class AccessDenied(ServiceException):
    """The caller may not do in CloudFormation what the project needs."""

    code = "AccessDeniedException"


@dataclass(eq=False)
class Project(Resource):
    """A project and what was launched for it.

    Attributes
    ----------
    verb
        The operation that determines the status: ``Create``, ``Update`` or ``Delete``.
    record
        Service Catalog's record of that operation; None for a project of S3 templates.
    provisioned_id
        The provisioned product.
    stacks
        For a project of S3 templates: template name -> stack id.
    """

    verb: str = "Create"
    record: Record | None = None
    provisioned_id: str = ""
    stacks: dict[str, str] = field(default_factory=dict)


class Projects:
    """The projects of one account and region, deleted ones too."""

    def __init__(self) -> None:
        self.everything: list[Project] = []
        self.portfolio_enabled = False

    def named(self, name: str) -> Project:
        """Return the newest project of this name, or refuse."""
        for project in reversed(self.everything):
            if project.name == name:
                return project
        raise ValidationError(f"Project {name} does not exist")


def install() -> None:
    """Add the project operations, which moto 5.2.5 lacks."""
    operations = {name: checked(name, operation) for name, operation in OPERATIONS.items()}
    graft(SageMakerResponse, "sagemaker", operations)


def projects_of(request: Request) -> Projects:
    """Return the projects of the caller's account and region."""
    return state_of(sagemaker_backends[request.account][request.region], Projects)


def create_project(request: Request) -> Mapping[str, Any]:
    """Launch a project."""
    params, projects = request.params, projects_of(request)
    name = params["ProjectName"]
    if any(item.name == name and _status(request, item) != "DeleteCompleted" for item in projects.everything):
        raise ValidationError(f"Project already exists: {name}")
    details, templates = (
        params.get("ServiceCatalogProvisioningDetails"),
        params.get("TemplateProviders") or (),
    )
    if bool(details) == bool(templates):
        raise ValidationError(
            "Exactly one of ServiceCatalogProvisioningDetails and TemplateProviders must be specified."
        )
    project = _new_project(request)
    if details:
        project.detail["ServiceCatalogProvisioningDetails"] = _complete(request, details)
        _provision(request, project)
    else:
        project.detail["TemplateProviderDetails"] = [_template_detail(item) for item in templates]
        for detail in project.detail["TemplateProviderDetails"]:
            _create_stack(request, project, detail["CfnTemplateProviderDetail"])
    projects.everything.append(project)
    return {"ProjectArn": project.arn, "ProjectId": project.detail["ProjectId"]}


def describe_project(request: Request) -> Mapping[str, Any]:
    """Show a project; its status is that of what was launched for it."""
    project = projects_of(request).named(request.params["ProjectName"])
    status, message = _state(request, project)
    shown = {**project.detail, "ProjectStatus": status}
    if project.record:
        shown["ServiceCatalogProvisionedProductDetails"] = {
            "ProvisionedProductId": project.provisioned_id,
            **({"ProvisionedProductStatusMessage": message} if message else {}),
        }
    return shown


def update_project(request: Request) -> Mapping[str, Any]:
    """Move a project to another version or other parameters."""
    params = request.params
    project = projects_of(request).named(params["ProjectName"])
    _check_idle(request, project, "update")
    changes, templates = (
        params.get("ServiceCatalogProvisioningUpdateDetails"),
        params.get("TemplateProvidersToUpdate"),
    )
    project.tags = merged_tags(project.tags, params.get("Tags") or [])
    if "ProjectDescription" in params:
        project.change(ProjectDescription=params["ProjectDescription"])
    if changes is not None:
        _update_product(request, project, changes)
    for item in templates or ():
        _update_stack(request, project, item["CfnTemplateProvider"])
    project.change(LastModifiedBy=_identity(request))
    return {"ProjectArn": project.arn}


def delete_project(request: Request) -> Mapping[str, Any]:
    """Take down what was launched for a project."""
    project = projects_of(request).named(request.params["ProjectName"])
    if _status(request, project) == "DeleteCompleted":
        raise ValidationError(f"Project {project.name} does not exist")
    _check_idle(request, project, "delete")
    if project.record:
        wanted = {"ProvisionedProductId": project.provisioned_id, "TerminateToken": str(uuid.uuid4())}
        project.record = _in_catalog(request, provisioning.terminate_provisioned_product, wanted)
    for stack_id in project.stacks.values():
        _forward(partial(_cloudformation(request).delete_stack, StackName=stack_id))
    project.verb = "Delete"
    project.change()
    return {}


def list_projects(request: Request) -> Mapping[str, Any]:
    """List projects."""
    return listed(
        request.params,
        projects_of(request).everything,
        "ProjectSummaryList",
        lambda project: _summary(request, project),
    )


def enable_portfolio(request: Request) -> Mapping[str, Any]:
    """Switch SageMaker's own portfolio on."""
    projects_of(request).portfolio_enabled = True
    return {}


def disable_portfolio(request: Request) -> Mapping[str, Any]:
    """Switch SageMaker's own portfolio off."""
    projects_of(request).portfolio_enabled = False
    return {}


def portfolio_status(request: Request) -> Mapping[str, Any]:
    """Tell whether SageMaker's own portfolio is on."""
    return {"Status": "Enabled" if projects_of(request).portfolio_enabled else "Disabled"}


def _new_project(request: Request) -> Project:
    name, project_id = request.params["ProjectName"], f"p-{suffix(12)}"
    arn = Region(request.account, request.region).arn("project", name)
    moment = now()
    detail = {
        "ProjectArn": arn,
        "ProjectName": name,
        "ProjectId": project_id,
        "CreatedBy": _identity(request),
        "CreationTime": moment,
        "LastModifiedTime": moment,
        "LastModifiedBy": _identity(request),
    }
    if request.params.get("ProjectDescription"):
        detail["ProjectDescription"] = request.params["ProjectDescription"]
    own = [
        {"Key": "sagemaker:project-name", "Value": name},
        {"Key": "sagemaker:project-id", "Value": project_id},
    ]
    return Project(arn=arn, name=name, detail=detail, tags=merged_tags(request.params.get("Tags") or [], own))


def _identity(request: Request) -> dict[str, Any]:
    return {"IamIdentity": {"Arn": request.caller_arn, "PrincipalId": request.access_key}}


def _complete(request: Request, details: Mapping[str, Any]) -> dict[str, Any]:
    """Return provisioning details with the newest active version where the caller named none."""
    complete = dict(details)
    if not complete.get("ProvisioningArtifactId"):
        product = catalog_of(request).products.get(complete["ProductId"])
        active = [item for item in product.artifacts.values() if item.active] if product else []
        if not active:
            raise ValidationError(f"Product {complete['ProductId']} has no active provisioning artifact.")
        complete["ProvisioningArtifactId"] = max(active, key=lambda item: item.created).id
    return complete


def _provision(request: Request, project: Project) -> None:
    details = project.detail["ServiceCatalogProvisioningDetails"]
    wanted = {
        "ProductId": details["ProductId"],
        "ProvisioningArtifactId": details["ProvisioningArtifactId"],
        "ProvisionedProductName": f"{project.name}-{project.detail['ProjectId']}",
        "ProvisioningParameters": _with_own(project, details.get("ProvisioningParameters") or ()),
        "ProvisionToken": str(uuid.uuid4()),
        "Tags": project.tags,
    }
    if details.get("PathId"):
        wanted["PathId"] = details["PathId"]
    project.record = _in_catalog(request, provisioning.provision_product, wanted)
    project.provisioned_id = project.record.provisioned_id


def _update_product(request: Request, project: Project, changes: Mapping[str, Any]) -> None:
    details = project.detail.get("ServiceCatalogProvisioningDetails")
    if details is None:
        raise ValidationError(f"Project {project.name} was not created from a Service Catalog product.")
    updated = dict(details)
    if changes.get("ProvisioningArtifactId"):
        updated["ProvisioningArtifactId"] = changes["ProvisioningArtifactId"]
    updated["ProvisioningParameters"] = _merged(
        details.get("ProvisioningParameters") or (), changes.get("ProvisioningParameters") or ()
    )
    wanted = {
        "ProvisionedProductId": project.provisioned_id,
        "ProductId": updated["ProductId"],
        "ProvisioningArtifactId": updated["ProvisioningArtifactId"],
        "ProvisioningParameters": _with_own(project, updated["ProvisioningParameters"]),
        "Tags": project.tags,
        "UpdateToken": str(uuid.uuid4()),
    }
    project.record = _in_catalog(request, provisioning.update_provisioned_product, wanted)
    project.detail["ServiceCatalogProvisioningDetails"] = updated
    project.verb = "Update"


def _in_catalog(request: Request, operation: Operation, params: Mapping[str, Any]) -> Record:
    """Call Service Catalog on behalf of the project's caller, as SageMaker does."""
    forwarded = Request(request.account, request.region, request.access_key, params)
    try:
        answer = operation(forwarded) or {}
    except ServiceException as error:
        raise ValidationError(error.message) from error
    return catalog_of(request).records[answer["RecordDetail"]["RecordId"]]


def _template_detail(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"CfnTemplateProviderDetail": dict(item["CfnTemplateProvider"])}


def _create_stack(request: Request, project: Project, provider: dict[str, Any]) -> None:
    stack_name = f"SP-{request.account}-{project.detail['ProjectId']}"
    client = _cloudformation(request)
    role = {"RoleARN": provider["RoleARN"]} if provider.get("RoleARN") else {}
    answer = _forward(
        lambda: client.create_stack(StackName=stack_name, **role, **_stack_arguments(project, provider))
    )
    project.stacks[provider["TemplateName"]] = answer["StackId"]
    provider["StackDetail"] = {"Name": stack_name, "Id": answer["StackId"], "StatusMessage": "Creating"}


def _update_stack(request: Request, project: Project, changes: Mapping[str, Any]) -> None:
    for detail in project.detail.get("TemplateProviderDetails", ()):
        provider = detail["CfnTemplateProviderDetail"]
        if provider["TemplateName"] == changes["TemplateName"]:
            break
    else:
        raise ValidationError(f"Project {project.name} has no template {changes['TemplateName']}")
    updated = {**provider, **changes}
    client, stack_id = _cloudformation(request), project.stacks[provider["TemplateName"]]
    _forward(lambda: client.update_stack(StackName=stack_id, **_stack_arguments(project, updated)))
    provider.update(updated)
    project.verb = "Update"


def _stack_arguments(project: Project, provider: Mapping[str, Any]) -> dict[str, Any]:
    parameters = _with_own(project, provider.get("Parameters") or ())
    return {
        "TemplateURL": provider["TemplateURL"],
        "Parameters": [{"ParameterKey": item["Key"], "ParameterValue": item["Value"]} for item in parameters],
        "Tags": project.tags,
        "Capabilities": _CAPABILITIES,
    }


def _cloudformation(request: Request) -> Any:
    """Return CloudFormation's client for the project's caller: it is they who make, change and delete stacks."""
    return runtime().client("cloudformation", request.region, request.caller_role, request.account)


def _forward(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        raise (AccessDenied if code.startswith("AccessDenied") else ValidationError)(message) from error


def _with_own(project: Project, given: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    own = [
        {"Key": "SageMakerProjectName", "Value": project.name},
        {"Key": "SageMakerProjectId", "Value": project.detail["ProjectId"]},
    ]
    return _merged(given, own)


def _merged(
    present: Sequence[Mapping[str, str]], changes: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    values = {item["Key"]: item.get("Value", "") for item in (*present, *changes)}
    return [{"Key": key, "Value": value} for key, value in values.items()]


def _state(request: Request, project: Project) -> tuple[str, str]:
    """Return a project's status and the message that explains a failure."""
    if project.record:
        problem = "; ".join(error["Description"] for error in project.record.errors)
        return f"{project.verb}{_PHASES.get(project.record.status, 'InProgress')}", problem
    phases = [_stack_phase(request, project, name) for name in project.stacks]
    failed = next((message for phase, message in phases if phase == "Failed"), "")
    if any(phase == "InProgress" for phase, _ in phases):
        return f"{project.verb}InProgress", ""
    return f"{project.verb}{'Failed' if failed else 'Completed'}", failed


def _stack_phase(request: Request, project: Project, template: str) -> tuple[str, str]:
    provider = next(
        detail["CfnTemplateProviderDetail"]
        for detail in project.detail["TemplateProviderDetails"]
        if detail["CfnTemplateProviderDetail"]["TemplateName"] == template
    )
    client = runtime().client("cloudformation", request.region, account=request.account)
    stack = client.describe_stacks(StackName=project.stacks[template])["Stacks"][0]
    status = str(stack["StackStatus"])
    message = stack.get("StackStatusReason") or status
    provider["StackDetail"]["StatusMessage"] = message
    if status.endswith("_IN_PROGRESS"):
        return "InProgress", ""
    done = {"Create": "CREATE_COMPLETE", "Update": "UPDATE_COMPLETE", "Delete": "DELETE_COMPLETE"}
    return ("Completed", "") if status == done[project.verb] else ("Failed", message)


def _status(request: Request, project: Project) -> str:
    return _state(request, project)[0]


def _check_idle(request: Request, project: Project, what: str) -> None:
    status = _status(request, project)
    if status.endswith("InProgress"):
        raise Conflict(f"Cannot {what} project {project.name} in status {status}.")


def _summary(request: Request, project: Project) -> dict[str, Any]:
    names = ("ProjectName", "ProjectDescription", "ProjectArn", "ProjectId", "CreationTime")
    shown = {name: project.detail[name] for name in names if name in project.detail}
    return shown | {"ProjectStatus": _status(request, project)}


OPERATIONS: dict[str, Operation] = {
    "CreateProject": create_project,
    "DeleteProject": delete_project,
    "DescribeProject": describe_project,
    "DisableSagemakerServicecatalogPortfolio": disable_portfolio,
    "EnableSagemakerServicecatalogPortfolio": enable_portfolio,
    "GetSagemakerServicecatalogPortfolioStatus": portfolio_status,
    "ListProjects": list_projects,
    "UpdateProject": update_project,
}
