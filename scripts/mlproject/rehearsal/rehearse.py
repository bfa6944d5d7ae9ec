"""The command behind ``make rehearse``: a fresh local AWS, one life in it, the summary, and the end of it all."""

from __future__ import annotations

import time
from pathlib import Path

from mlproject import console, projects
from mlproject.errors import PlatformError, UserError
from mlproject.platform_parameters import Place
from mlproject.rehearsal import (
    engines,
    iam_report,
    logs,
    other_accounts,
    people,
    pipeline_examples,
    stage_modes,
    team_repositories,
    variants,
)
from mlproject.rehearsal.isolated import Isolation, engine_options
from mlproject.rehearsal.life import IMAGES, Life
from mlproject.rehearsal.local import BUILD_ENVIRONMENT, Iam, LocalAws, Network, running
from mlproject.rehearsal.report import Summary
from mlproject.rehearsal.team_repositories import Source


def rehearse(
    output: Path,
    data: Path | None,
    keep: bool,
    iam: Iam = Iam.OFF,
    engine: engines.Engine = engines.Engine.AUTO,
    pipeline: str = pipeline_examples.DEFAULT,
    variant: str = variants.DEFAULT,
    place: Place = Place.CATALOG,
    mode: str = stage_modes.DEFAULT,
    network: Network = Network.OPEN,
    accounts: int = 1,
    source: Source = Source.CODECOMMIT,
) -> Summary:
    """Live a project's life and write ``summary.json`` and the logs to ``output``.

    Parameters
    ----------
    output
        Folder to write to; what an earlier rehearsal left there goes.
    data
        The user's own data; None for what the template makes up.
    keep
        Leave the project and the local AWS up, and tell how to reach them, instead of deleting the project.
    iam
        Let everybody act in a role of their own, and deny or write down what its policies do not allow; the report
        goes to the folder ``iam`` beside ``output``.
    engine
        What shall run builds, jobs, functions and endpoints.
    pipeline
        The example to run after the first training, in place of approving and deploying the model.
    variant
        What the project begins as.
    place
        Where the template is published; a project of a template in S3 is updated, too.
    mode
        How the stages answer.
    network
        Where builds and jobs are: in one without internet, packages come from the platform.
    accounts
        How many there are: with three, staging and production are in accounts of their own, with two in one.
    source
        Where the repositories are; to the team's own somebody pushes a change, too.

    Raises
    ------
    UserError
        ``data`` is no file, ``pipeline`` no example, ``variant`` or ``mode`` unknown, or they do not go
        together.
    MlprojectError
        A step failed; the summary, written all the same, names it.
    """
    if data is not None and not data.is_file():
        raise UserError(
            f"data {str(data)!r} is no file: name a CSV file with the columns of the variant's data"
        )
    examples = pipeline_examples.chosen(pipeline)
    variant = variants.checked(variant)
    answering = stage_modes.checked(mode)
    if variant != variants.DEFAULT and (examples or answering):
        raise UserError(
            f"PIPELINE and MODE are of the variant {variants.DEFAULT}: leave them out for {variant}"
        )
    isolated = network is Network.ISOLATED
    if isolated and (variant != variants.DEFAULT or examples or answering):
        raise UserError(f"NETWORK is of the variant {variants.DEFAULT}: leave out VARIANT, PIPELINE and MODE")
    if answering and examples:
        raise UserError("PIPELINE ends before a model is deployed: leave out MODE, or the pipeline")
    others = other_accounts.checked(accounts)
    if others and (isolated or examples or answering):
        raise UserError("ACCOUNTS goes with VARIANT and IAM: leave out NETWORK, PIPELINE and MODE")
    elsewhere = source is Source.CONNECTION
    usual = variant == variants.DEFAULT and not answering and not isolated and not others and not elsewhere
    chosen = (engine_options if isolated else engines.options)(engine, list(IMAGES.values()))
    summary = Summary(engine=engine)
    started = time.monotonic()
    try:
        carried = () if isolated else BUILD_ENVIRONMENT
        with running(output.resolve(), keep, iam, chosen, carried) as local:
            summary.engine = local.engine.name
            console.note(f"engine: {local.engine.name} ({local.engine.reason})")
            owner = local.session()
            life = Life(local, owner, summary, data, variant=variant, place=place)
            if iam is not Iam.OFF:
                life.people = people.in_own_roles(local, owner, stage_modes.FOR_CALLERS.get(answering, ()))
            isolation = Isolation(local, owner, summary, output) if isolated else None
            try:
                if isolation:
                    life.publishing = isolation.prepare()
                if others:
                    life.accounts, life.publishing = others, others.publishing
                    life.people = others.with_developer(local, life.people, in_a_role=iam is not Iam.OFF)
                if elsewhere:
                    life.team = team_repositories.prepare(local, owner)
                    life.publishing = {**life.publishing, "connections": [life.team.connection_arn]}
                if examples:
                    life.begin()
                    pipeline_examples.run(life, examples)
                elif answering:
                    stage_modes.run(life, answering)
                else:
                    life.run()
                if elsewhere or (usual and iam is not Iam.OFF):
                    life.push()
                if iam is not Iam.OFF:
                    # The project's roles go with it; localaws remembers their policies from here on.
                    iam_report.read(local)
                if place is Place.S3:
                    life.update()
                if not keep:
                    life.delete()
                if isolation:
                    isolation.judge()
            finally:
                if iam is not Iam.OFF:
                    record = iam_report.read(local)
                    wrong = iam_report.write(record, output.parent / "iam")
                    if not usual:
                        # What rights nobody needs is judged by the life that every project begins with.
                        wrong = [each["message"] for each in record["denied"]]
                logs.save(life.session, output / "logs")
                if keep:
                    _tell_server(local)
            if iam is Iam.ENFORCE and not keep:
                _judge_iam(summary, wrong)
            if keep:
                _tell_project(life, local)
    finally:
        summary.total_seconds = round(time.monotonic() - started, 1)
        summary.write(output / "summary.json")
        summary.show()
    return summary


def _judge_iam(summary: Summary, wrong: list[str]) -> None:
    """Fail the rehearsal for denied requests and for rights that nobody needs."""
    with summary.step("everybody has the rights they need, and no others"):
        if wrong:
            raise PlatformError("; ".join(wrong))


def _tell_server(local: LocalAws) -> None:
    """Print how to reach and how to end what was left up."""
    exports = " ".join(f"{name}={value}" for name, value in local.environment.items())
    console.line(f"AWS endpoint:  {local.endpoint}")
    console.line(f"any client:    export {exports}")
    console.line(f"end it:        kill {local.process_id}")


def _tell_project(life: Life, local: LocalAws) -> None:
    """Print how to work with the project and how to ask it."""
    outputs = projects.outputs(life.lead, life.project)
    through = f"--proxy {local.endpoint} --cacert {local.certificate_authority}"
    signed = "--aws-sigv4 aws:amz:{AWS_DEFAULT_REGION}:execute-api --user {AWS_ACCESS_KEY_ID}:{AWS_SECRET_ACCESS_KEY}"
    # With IAM, git's user is who an access key belongs to.
    clone = outputs["ModelBuildCloneUrl"].replace(
        "https://", "https://{AWS_ACCESS_KEY_ID}:any@".format(**local.environment)
    )
    console.line(
        f"git, likewise: export HTTPS_PROXY={local.endpoint} GIT_SSL_CAINFO={local.certificate_authority}"
    )
    console.line(f"clone:         git clone {clone}")
    console.line(
        f"predict:       curl {through} {signed.format(**local.environment)} -H 'content-type: application/json'"
        f" -d @{life.sample_record()} {outputs['ProductionApiUrl']}"
    )
