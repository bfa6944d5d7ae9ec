"""What the platform engineer types: each command reads its arguments, calls one module, and shows what came of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from mlproject import console
from mlproject.command_line import Json, Region, session_in, show, waiting
from mlproject.platform_parameters import Place

AGAIN = "what CloudFormation has begun goes on there; run the same command again to finish"

app = typer.Typer()


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
    """Publish this version of the template. Makes the platform, if it is not there, and leaves projects as they are."""
    from mlproject import publish as publishing

    with waiting("publish", AGAIN) as progress:
        published = publishing.publish(
            session_in(region),
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
    show(
        dataclasses.asdict(published),
        json,
        f"published version {published.version} of {published.product_name}: leads find it in Studio and by"
        " `mlproject create`",
    )
    if (staging_account or production_account) and not json:
        console.line(
            "prepare the accounts of stages before a project is created: `mlproject prepare-account`"
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
    """Prepare an account for stages of projects. The platform is published with it before."""
    from mlproject import publish, workload_accounts

    session = session_in(region)
    account = workload_accounts.session_of(session, profile, role_arn)
    with waiting("prepare-account", AGAIN) as progress:
        prepared = workload_accounts.prepare(
            session, account, progress, root=publish.ROOT, platform_stack=publish.STACK_NAME
        )
    show(
        dataclasses.asdict(prepared),
        json,
        f"account {prepared.account_id} is ready for {' and '.join(prepared.stages)}",
    )


@app.command(name="vendor")
def fill_vendor_folder(
    folder: Annotated[Path, typer.Argument(help="Folder to fill; what is there is kept.", metavar="FOLDER")],
) -> None:
    """Download what builds need without internet. For `publish --vendor`."""
    from mlproject import publish, vendor

    with waiting("vendor", "run the same command again: what is there is kept") as progress:
        vendor.prepare(folder, publish.ROOT, progress)
    console.line(f"{folder} is complete: publish it with --vendor {folder}")
