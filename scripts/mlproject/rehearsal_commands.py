"""What anybody without an account types: lives, faults and the ML environment in a local AWS of this machine."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from mlproject import console
from mlproject.command_line import Json
from mlproject.platform_parameters import Place
from mlproject.rehearsal.engines import Engine
from mlproject.rehearsal.local import Iam, Network
from mlproject.rehearsal.team_repositories import Source

app = typer.Typer()


@app.command()
def rehearse(
    data: Annotated[
        Path | None, typer.Option(help="Data to train on; what the template makes up when left out.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything up, and tell how to reach it.")
    ] = False,
    output: Annotated[
        Path, typer.Option(help="Where summary.json and the logs go; an earlier rehearsal there is cleared.")
    ] = Path("build/rehearsal"),
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
        str,
        typer.Option(help="How the stages answer: real-time, serverless, asynchronous, batch, multi-model."),
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
    """Live a whole project's life in a local AWS. Publish, create, train, approve, deploy, predict, delete."""
    from mlproject.rehearsal.rehearsal_options import RehearsalOptions
    from mlproject.rehearsal.rehearse import rehearse as run

    options = RehearsalOptions(
        data=data,
        keep=keep,
        iam=iam,
        engine=engine,
        pipeline=pipeline,
        variant=variant,
        place=publish_to,
        mode=mode,
        network=network,
        accounts=accounts,
        source=source,
    )
    summary = run(output, options, show=not json)
    if json:
        console.result_json(dataclasses.asdict(summary))
    raise SystemExit(0 if summary.passed else 1)


@app.command()
def environment(
    output: Annotated[Path, typer.Option(help="Where summary.json and Terraform's log go.")] = Path(
        "build/environment"
    ),
) -> None:
    """Make and destroy the ML environment in a local AWS."""
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
    """Break what can break in a local AWS. Each must be told, end well and be recovered from."""
    from mlproject.faults import campaign

    raise SystemExit(0 if campaign.run(output, only, page, engine) else 1)
