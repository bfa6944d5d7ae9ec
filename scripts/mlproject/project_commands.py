"""What leads, data scientists and approvers type: each command reads its arguments, calls one module, and shows what
came of it and what comes next."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any

import boto3
import typer

from mlproject import approvals, console, projects, status, templates
from mlproject.command_line import Json, Region, session_in, show, waiting
from mlproject.errors import PlatformError, UserError
from mlproject.platform_parameters import Place

PENDING = "PendingManualApproval"

ProjectName = Annotated[str, typer.Argument(help="The project's name.", metavar="PROJECT")]
Comment = Annotated[str, typer.Option(help="Why, for those who read the history.")]
Version = Annotated[str, typer.Option(help="Template version; the newest when empty.")]
From = Annotated[
    Place, typer.Option("--from", help="Where the template is published: Service Catalog or the bucket.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return at once; `status` tells how it goes on.")]

ApproverEmail = Annotated[str, typer.Option(help="Who is told when production waits for approval.")]
StagingType = Annotated[str, typer.Option(help="Instance type of staging.")]
StagingCount = Annotated[int | None, typer.Option(help="Instances of staging.", min=1, max=10)]
ProductionType = Annotated[str, typer.Option(help="Instance type of production.")]
ProductionCount = Annotated[int | None, typer.Option(help="Instances of production.", min=1, max=10)]
ConnectionArn = Annotated[
    str, typer.Option(help="ARN of the connection to the team's repositories; empty: CodeCommit.")
]
DataLocation = Annotated[
    str, typer.Option(help="s3://bucket/key of the data to train on; empty: what the variant makes up.")
]
KeepData = Annotated[bool | None, typer.Option(help="Keep the project's bucket on delete, or do not.")]
Authorization = Annotated[str, typer.Option(help="Who may call the API: AWS_IAM or API_KEY.")]

PARAMETERS = {
    "variant": "ProjectVariant",
    "approver_email": "ApproverEmail",
    "staging_instance_type": "StagingInstanceType",
    "staging_instance_count": "StagingInstanceCount",
    "production_instance_type": "ProductionInstanceType",
    "production_instance_count": "ProductionInstanceCount",
    "connection": "ConnectionArn",
    "build_repository": "BuildRepositoryId",
    "deploy_repository": "DeployRepositoryId",
    "data_location": "DataLocation",
    "keep_data_on_delete": "KeepDataOnDelete",
    "api_authorization": "ApiAuthorization",
}
"""The product's parameter of each option."""

app = typer.Typer()


@app.command()
def create(
    name: ProjectName,
    variant: Annotated[
        str, typer.Option(help="What the modelbuild repository begins with; see docs/variants.md.")
    ] = "",
    approver_email: ApproverEmail = "",
    staging_instance_type: StagingType = "",
    staging_instance_count: StagingCount = None,
    production_instance_type: ProductionType = "",
    production_instance_count: ProductionCount = None,
    connection: ConnectionArn = "",
    build_repository: Annotated[
        str, typer.Option(help="With a connection: the team's repository for the model build, owner/name.")
    ] = "",
    deploy_repository: Annotated[
        str, typer.Option(help="With a connection: the team's repository for the deployment, owner/name.")
    ] = "",
    data_location: DataLocation = "",
    keep_data_on_delete: KeepData = None,
    api_authorization: Authorization = "",
    version: Version = "",
    place: From = Place.CATALOG,
    no_wait: NoWait = False,
    region: Region = "",
    json: Json = False,
) -> None:
    """Create a project from the published template. Options left out keep the product's defaults."""
    parameters = _parameters(locals())
    session = session_in(region)
    template = templates.find(session, place, version)
    with waiting(f"create {name}", _goes_on(name)) as progress:
        project = projects.create(session, template, name, parameters)
        if not no_wait:
            failed = f"when that is mended, `mlproject destroy {name}`, and create it again"
            project = _awaited(session, project, progress, failed)
    _show_project(session, project, json)


@app.command()
def update(
    name: ProjectName,
    approver_email: ApproverEmail = "",
    staging_instance_type: StagingType = "",
    staging_instance_count: StagingCount = None,
    production_instance_type: ProductionType = "",
    production_instance_count: ProductionCount = None,
    connection: ConnectionArn = "",
    data_location: DataLocation = "",
    keep_data_on_delete: KeepData = None,
    api_authorization: Authorization = "",
    version: Version = "",
    no_wait: NoWait = False,
    region: Region = "",
    json: Json = False,
) -> None:
    """Bring a project to another version of the template. Options left out keep the project's values."""
    parameters = _parameters(locals())
    session = session_in(region)
    project = _living(session, name)
    template = templates.find(session, Place.S3 if project.stack else Place.CATALOG, version)
    with waiting(f"update {name}", _goes_on(name)) as progress:
        project = projects.update(session, project, template, parameters)
        if not no_wait:
            project = _awaited(session, project, progress, "when that is mended, update it again")
    _show_project(session, project, json)


@app.command(name="status")
def show_status(name: ProjectName, region: Region = "", json: Json = False) -> None:
    """Show where a project stands. Pipelines, model versions, endpoints, and what waits for a decision."""
    session = session_in(region)
    read = status.read(session, projects.find(session, name))
    if json:
        console.result_json(dataclasses.asdict(read))
        return
    console.line(f"{read.project} ({read.project_id}): {read.status} {read.reason}".rstrip())
    for pipeline, stages in read.pipelines.items():
        console.table(
            pipeline, ("stage", "status", "message"), [dataclasses.astuple(each) for each in stages]
        )
    console.table(
        "models", ("version", "approval", "ARN"), [dataclasses.astuple(each) for each in read.models]
    )
    elsewhere = [(name, f"in account {account}") for name, account in read.elsewhere.items()]
    console.table("endpoints", ("endpoint", "status"), [*read.endpoints.items(), *elsewhere])
    _show_decisions(read)


@app.command(name="approve-model")
def approve_model(
    name: ProjectName,
    version: Annotated[
        int | None, typer.Option(help="Version; the newest pending one when left out.", min=1)
    ] = None,
    reject: Annotated[bool, typer.Option("--reject", help="Reject it instead.")] = False,
    comment: Comment = "",
    region: Region = "",
    json: Json = False,
) -> None:
    """Approve a model version. That starts the deploy pipeline, which brings it to staging."""
    session = session_in(region)
    decision: approvals.Decision = "Rejected" if reject else "Approved"
    group = _living(session, name).names.model_package_group
    arn = approvals.decide_model(session, group, decision, version, comment)
    instead = "the newest version that is still approved is deployed instead"
    follows = instead if reject else f"staging comes next; {_follow(name)}"
    show({"model_package_arn": arn, "decision": decision}, json, f"{decision.lower()} {arn}: {follows}")


@app.command()
def approve(name: ProjectName, comment: Comment = "", region: Region = "", json: Json = False) -> None:
    """Let what waits at the gate go to production."""
    _decide(name, "Approved", f"production comes next; {_follow(name)}", comment, region, json)


@app.command()
def reject(name: ProjectName, comment: Comment = "", region: Region = "", json: Json = False) -> None:
    """Turn down the deployment that waits at the gate. Production stays as it is."""
    _decide(name, "Rejected", "production stays as it is", comment, region, json)


@app.command()
def destroy(
    name: ProjectName,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    no_wait: NoWait = False,
    region: Region = "",
    json: Json = False,
) -> None:
    """Delete a project and everything made in its name."""
    session = session_in(region)
    project = projects.find(session, name)
    if not yes:
        typer.confirm(
            f"Delete {name} ({project.project_id}), its repositories in CodeCommit, models and endpoints?",
            abort=True,
            err=True,
        )
    with waiting(f"destroy {name}", _goes_on(name)) as progress:
        projects.delete(session, project)
        if not no_wait:
            projects.wait_deleted(session, project, progress)
    become = f"is being deleted; {_follow(name)}" if no_wait else "is deleted"
    show({"name": name, "project_id": project.project_id}, json, f"project {name} {become}")


def _parameters(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the product's parameters that a command's options say something of."""
    said = {name: options[name] for name in PARAMETERS if options.get(name) not in (None, "")}
    return {
        PARAMETERS[name]: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in said.items()
    }


def _living(session: boto3.Session, name: str) -> projects.Project:
    """Return a project that has been created and not been deleted."""
    project = projects.find(session, name)
    if project.status not in status.LIVING:
        raise UserError(
            f"project {name!r} is {project.status}: it has no models and no pipelines;"
            f" `mlproject status {name}` says more"
        )
    return project


def _awaited(
    session: boto3.Session, project: projects.Project, progress: console.Progress, if_failed: str
) -> projects.Project:
    """Return the project once SageMaker is done with it; a failure says what to do then."""
    try:
        return projects.wait(session, project, progress)
    except PlatformError as error:
        raise PlatformError(f"{error}\n{if_failed}") from error


def _decide(
    name: str, decision: approvals.Decision, follows: str, comment: str, region: str, json: bool
) -> None:
    session = session_in(region)
    gate = approvals.decide_gate(
        session, _living(session, name).names.repository("modeldeploy"), decision, comment
    )
    show(dataclasses.asdict(gate), json, f"{decision.lower()} at {gate.stage} of {gate.pipeline}: {follows}")


def _show_project(session: boto3.Session, project: projects.Project, json: bool) -> None:
    """Show a project, and once it is ready what it answers: where to clone, where to ask for predictions."""
    sentence = f"project {project.name} ({project.project_id}) is {project.status}"
    ready = project.status.endswith("Completed")
    outputs = projects.outputs(session, project) if ready else {}
    show(
        {**dataclasses.asdict(project), "outputs": outputs},
        json,
        sentence if ready else f"{sentence}; {_follow(project.name)}",
    )
    if not json:
        for key, value in outputs.items():
            console.line(f"{key}: {value}")


def _show_decisions(read: status.Status) -> None:
    """Show what waits for somebody's decision, and the command for it."""
    if read.models and read.models[0].approval == PENDING:
        console.line(
            f"model version {read.models[0].version} waits for a decision: mlproject approve-model {read.project}"
        )
    if read.gate:
        console.line(f"production waits for a decision: {read.gate.message} {read.gate.report_url}".rstrip())
        console.line(f"mlproject approve {read.project}, or mlproject reject {read.project}")


def _goes_on(name: str) -> str:
    return f"AWS goes on with what has begun; {_follow(name)}"


def _follow(name: str) -> str:
    return f"`mlproject status {name}` shows how far it is"
