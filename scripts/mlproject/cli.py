"""The operator's command line: each command reads its arguments, calls one module, and shows what came of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

from mlproject import approvals, console, projects, status, templates
from mlproject.errors import MlprojectError
from mlproject.platform_parameters import Place
from mlproject.rehearsal.engines import Engine
from mlproject.rehearsal.local import Iam, Network
from mlproject.rehearsal.team_repositories import Source

app = typer.Typer(
    name="mlproject",
    help="Publish the SageMaker project template, and live with the projects made from it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

ProjectName = Annotated[str, typer.Argument(help="The project's name.", metavar="PROJECT")]
Comment = Annotated[str, typer.Option(help="Why, for those who read the history.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Region = Annotated[
    str, typer.Option(help="AWS region; the credentials' own when empty.", envvar="AWS_REGION")
]
Version = Annotated[str, typer.Option(help="Template version; the newest when empty.")]
From = Annotated[
    Place, typer.Option("--from", help="Where the template is published: Service Catalog or the bucket.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return at once; `status` tells how it goes on.")]


def main() -> None:
    """Run the command line; an expected failure is one sentence and exit code 1."""
    with _told():
        app()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (MlprojectError, BotoCoreError) as error:
        _fail(str(error))
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        _fail(f"AWS refused {error.operation_name}: {message} ({code})")


def _fail(message: str) -> NoReturn:
    console.fail(message)
    raise SystemExit(1)


def _session(region: str) -> boto3.Session:
    return boto3.Session(region_name=region or None)


@app.command()
def publish(
    studio_role: Annotated[
        list[str] | None,
        typer.Option(help="ARN of a Studio execution role that may create projects; repeat for more."),
    ] = None,
    to: Annotated[
        list[Place] | None,
        typer.Option(
            help="Where leads find the template: Service Catalog (at first), or S3 without it; repeat for both."
        ),
    ] = None,
    studio_domain: Annotated[
        list[str] | None,
        typer.Option(help="Id of a domain whose Studio shall show the templates in S3; repeat for more."),
    ] = None,
    connection: Annotated[
        list[str] | None,
        typer.Option(
            help="ARN of a connection that projects may reach their teams' repositories by; repeat for more."
        ),
    ] = None,
    vendor: Annotated[
        Path | None,
        typer.Option(help="Folder that `mlproject vendor` has filled, for accounts without internet."),
    ] = None,
    network: Annotated[
        str,
        typer.Option(
            help="Where Parameter Store tells of the network of builds and jobs, such as /ml/network."
        ),
    ] = "",
    runner_in_network: Annotated[
        bool, typer.Option("--runner-in-network", help="Run Terraform in that network, too.")
    ] = False,
    staging_account: Annotated[
        str, typer.Option(help="Account that staging of new projects is in; see prepare-account.")
    ] = "",
    production_account: Annotated[
        str, typer.Option(help="Account that production of new projects is in; see prepare-account.")
    ] = "",
    region: Region = "",
    json: Json = False,
) -> None:
    """Publish this version of the template: bundles, platform stack, and the version for leads to find."""
    from mlproject import publish as publishing

    with console.progress("publish") as progress:
        published = publishing.publish(
            _session(region),
            studio_role or [],
            to=to or [],
            studio_domains=studio_domain or [],
            connections=connection or [],
            vendored=vendor,
            network=network,
            runner_in_network=runner_in_network,
            staging_account=staging_account,
            production_account=production_account,
            progress=progress,
        )
    _show(
        dataclasses.asdict(published),
        json,
        f"published version {published.version} of {published.product_name}",
    )


@app.command(name="prepare-account")
def prepare_account(
    profile: Annotated[
        str, typer.Option(help="Profile of the AWS configuration for an administrator of the account.")
    ] = "",
    role_arn: Annotated[
        str, typer.Option(help="Or a role of the account's administrators that you may assume.")
    ] = "",
    region: Region = "",
    json: Json = False,
) -> None:
    """Prepare an account that staging or production of projects is in, as the platform was published with."""
    from mlproject import publish, workload_accounts

    session = _session(region)
    account = workload_accounts.session_of(session, profile, role_arn)
    with console.progress("prepare-account") as progress:
        prepared = workload_accounts.prepare(
            session, account, progress, root=publish.ROOT, platform_stack=publish.STACK_NAME
        )
    _show(
        dataclasses.asdict(prepared),
        json,
        f"account {prepared.account_id} is ready for {' and '.join(prepared.stages)}",
    )


@app.command(name="vendor")
def fill_vendor_folder(
    folder: Annotated[Path, typer.Argument(help="Folder to fill; what is there is kept.", metavar="FOLDER")],
) -> None:
    """Download what the runner needs in an account without internet, for `publish --vendor`."""
    from mlproject import publish, vendor

    with console.progress("vendor") as progress:
        vendor.prepare(folder, publish.ROOT, progress)
    console.line(f"{folder} is complete: publish it with --vendor {folder}")


@app.command()
def create(
    name: ProjectName,
    variant: Annotated[
        str, typer.Option(help="What the modelbuild repository begins with; see docs/variants.md.")
    ] = "",
    approver_email: Annotated[str, typer.Option(help="Who is told when production waits for approval.")] = "",
    staging_instance_type: Annotated[str, typer.Option(help="Instance type of staging.")] = "",
    staging_instance_count: Annotated[
        int | None, typer.Option(help="Instances of staging.", min=1, max=10)
    ] = None,
    production_instance_type: Annotated[str, typer.Option(help="Instance type of production.")] = "",
    production_instance_count: Annotated[
        int | None, typer.Option(help="Instances of production.", min=1, max=10)
    ] = None,
    connection: Annotated[
        str, typer.Option(help="ARN of the connection to the team's repositories; empty: CodeCommit.")
    ] = "",
    build_repository: Annotated[
        str, typer.Option(help="With a connection: the team's repository for the model build, owner/name.")
    ] = "",
    deploy_repository: Annotated[
        str, typer.Option(help="With a connection: the team's repository for the deployment, owner/name.")
    ] = "",
    data_location: Annotated[
        str, typer.Option(help="s3://bucket/key of the data to train on; empty: a sample.")
    ] = "",
    keep_data_on_delete: Annotated[bool, typer.Option(help="Keep the project's bucket on delete.")] = False,
    api_authorization: Annotated[str, typer.Option(help="AWS_IAM or API_KEY.")] = "",
    version: Version = "",
    place: From = Place.CATALOG,
    no_wait: NoWait = False,
    region: Region = "",
    json: Json = False,
) -> None:
    """Create a project from the published template. Options left out keep the product's defaults."""
    chosen = {
        "ProjectVariant": variant,
        "ApproverEmail": approver_email,
        "StagingInstanceType": staging_instance_type,
        "StagingInstanceCount": staging_instance_count,
        "ProductionInstanceType": production_instance_type,
        "ProductionInstanceCount": production_instance_count,
        "ConnectionArn": connection,
        "BuildRepositoryId": build_repository,
        "DeployRepositoryId": deploy_repository,
        "DataLocation": data_location,
        "KeepDataOnDelete": "true" if keep_data_on_delete else "",
        "ApiAuthorization": api_authorization,
    }
    session = _session(region)
    template = templates.find(session, place, version)
    parameters = {key: str(value) for key, value in chosen.items() if value}
    with console.progress(f"create {name}") as progress:
        project = projects.create(session, template, name, parameters)
        project = project if no_wait else projects.wait(session, project, progress)
    _show_project(project, json)


@app.command()
def update(
    name: ProjectName,
    version: Version = "",
    no_wait: NoWait = False,
    region: Region = "",
    json: Json = False,
) -> None:
    """Bring a project to another version of the template; its parameters keep their values."""
    session = _session(region)
    project = projects.find(session, name)
    template = templates.find(session, Place.S3 if project.stack else Place.CATALOG, version)
    with console.progress(f"update {name}") as progress:
        project = projects.update(session, project, template, {})
        project = project if no_wait else projects.wait(session, project, progress)
    _show_project(project, json)


@app.command(name="status")
def show_status(name: ProjectName, region: Region = "", json: Json = False) -> None:
    """Show where a project stands: pipelines, model versions, endpoints, and what waits for a decision."""
    session = _session(region)
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
    if read.gate:
        console.line(f"production waits for a decision: {read.gate.message} {read.gate.report_url}".rstrip())


@app.command(name="approve-model")
def approve_model(
    name: ProjectName,
    version: Annotated[
        int | None, typer.Option(help="Version; the newest pending one when left out.")
    ] = None,
    reject: Annotated[bool, typer.Option("--reject", help="Reject it instead.")] = False,
    comment: Comment = "",
    region: Region = "",
    json: Json = False,
) -> None:
    """Approve a model version for deployment, which starts the deploy pipeline."""
    session = _session(region)
    decision: approvals.Decision = "Rejected" if reject else "Approved"
    group = projects.find(session, name).names.model_package_group
    arn = approvals.decide_model(session, group, decision, version, comment)
    _show({"model_package_arn": arn, "decision": decision}, json, f"{decision.lower()} {arn}")


@app.command()
def approve(name: ProjectName, comment: Comment = "", region: Region = "", json: Json = False) -> None:
    """Let the deployment that waits at the gate go to production."""
    _decide(name, "Approved", comment, region, json)


@app.command()
def reject(name: ProjectName, comment: Comment = "", region: Region = "", json: Json = False) -> None:
    """Turn down the deployment that waits at the gate; production stays as it is."""
    _decide(name, "Rejected", comment, region, json)


@app.command()
def destroy(
    name: ProjectName,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    no_wait: NoWait = False,
    region: Region = "",
    json: Json = False,
) -> None:
    """Delete a project and everything made in its name."""
    session = _session(region)
    project = projects.find(session, name)
    if not yes:
        typer.confirm(
            f"Delete {name} ({project.project_id}), its repositories in CodeCommit, models and endpoints?",
            abort=True,
            err=True,
        )
    with console.progress(f"destroy {name}") as progress:
        projects.delete(session, project)
        if not no_wait:
            projects.wait_deleted(session, project, progress)
    _show({"name": name, "project_id": project.project_id}, json, f"project {name} is deleted")


@app.command()
def rehearse(
    data: Annotated[
        Path | None, typer.Option(help="Data to train on; what the template makes up when left out.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything up, and tell how to reach it.")
    ] = False,
    output: Annotated[Path, typer.Option(help="Where summary.json and the logs go.")] = Path(
        "build/rehearsal"
    ),
    iam: Annotated[
        Iam, typer.Option(help="Everybody in a role of their own: enforce or record IAM.")
    ] = Iam.OFF,
    engine: Annotated[
        Engine, typer.Option(help="What runs builds, jobs, functions and endpoints; auto: Docker if it can.")
    ] = Engine.AUTO,
    pipeline: Annotated[
        str, typer.Option(help="Run this example of the modelbuild repository instead of deploying; or all.")
    ] = "churn",
    variant: Annotated[
        str, typer.Option(help="Live the life of a project of this variant; see docs/variants.md.")
    ] = "churn-xgboost-daal4py",
    publish_to: Annotated[
        Place, typer.Option(help="Where the template is published, and the project created from.")
    ] = Place.CATALOG,
    mode: Annotated[
        str, typer.Option(help="How the stages answer: real-time, serverless, asynchronous or batch.")
    ] = "real-time",
    network: Annotated[
        Network, typer.Option(help="Where builds and jobs are; isolated: in one without internet.")
    ] = Network.OPEN,
    accounts: Annotated[
        int, typer.Option(help="3: staging and production in accounts of their own; 2: both in one.")
    ] = 1,
    source: Annotated[
        Source,
        typer.Option(help="Where the repositories are: CodeCommit, or the team's own by a connection."),
    ] = Source.CODECOMMIT,
    json: Json = False,
) -> None:
    """Live a whole project's life in a local AWS: publish, create, train, approve, deploy, predict, delete."""
    from mlproject.rehearsal.rehearse import rehearse as run

    summary = run(
        output, data, keep, iam, engine, pipeline, variant, publish_to, mode, network, accounts, source
    )
    if json:
        console.result_json(dataclasses.asdict(summary))
    raise SystemExit(0 if summary.passed else 1)


@app.command()
def environment(
    output: Annotated[Path, typer.Option(help="Where summary.json and Terraform's log go.")] = Path(
        "build/environment"
    ),
) -> None:
    """Plan, apply and destroy the ML environment in a local AWS."""
    from mlproject.rehearsal.environment import rehearse_environment

    raise SystemExit(0 if rehearse_environment(output).passed else 1)


@app.command()
def faults(
    only: Annotated[
        str,
        typer.Option(help="Regular expression: only faults whose name holds it; the rows of others stay."),
    ] = "",
    output: Annotated[Path, typer.Option(help="Where report.json and the logs go.")] = Path("build/faults"),
    page: Annotated[
        Path | None, typer.Option(help="Write the table for people there, once every fault has run.")
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="What runs containers there: processes or docker; each has its rows.")
    ] = Engine.PROCESSES,
) -> None:
    """Break what can break in a local AWS, and see that each is told, ends well and can be recovered from."""
    from mlproject.faults import campaign

    raise SystemExit(0 if campaign.run(output, only, page, engine) else 1)


def _decide(name: str, decision: approvals.Decision, comment: str, region: str, json: bool) -> None:
    session = _session(region)
    gate = approvals.decide_gate(
        session, projects.find(session, name).names.repository("modeldeploy"), decision, comment
    )
    _show(dataclasses.asdict(gate), json, f"{decision.lower()} at {gate.stage} of {gate.pipeline}")


def _show_project(project: projects.Project, json: bool) -> None:
    _show(
        dataclasses.asdict(project),
        json,
        f"project {project.name} ({project.project_id}) is {project.status}",
    )


def _show(result: dict[str, Any], json: bool, sentence: str) -> None:
    if json:
        console.result_json(result)
    else:
        console.line(sentence)
