"""The command behind ``make rehearse``: a fresh local AWS, one life in it, the summary, and the end of it all."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from mlproject import console, projects
from mlproject.errors import PlatformError
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
)
from mlproject.rehearsal.isolated import Isolation, engine_options
from mlproject.rehearsal.life import IMAGES, Life
from mlproject.rehearsal.local import BUILD_ENVIRONMENT, Iam, LocalAws, check_output, running
from mlproject.rehearsal.rehearsal_options import RehearsalOptions
from mlproject.rehearsal.report import Summary


def rehearse(output: Path, options: RehearsalOptions, show: bool = True) -> Summary:
    """Live a project's life and write ``summary.json`` and the logs to ``output``.

    Parameters
    ----------
    output
        Folder to write to; what an earlier rehearsal left there goes. With IAM, its report goes to the folder ``iam``
        beside it.
    options
        What kind of life it is.
    show
        Print the summary for a person.

    Raises
    ------
    UserError
        The options name what there is not, or do not go together.
    MlprojectError
        A step failed; the summary, written all the same, names it.
    """
    options.check()
    check_output(output.resolve())
    tell = console.line if show else console.note
    summary = Summary(engine=options.engine)
    started = time.monotonic()
    try:
        with _local_aws(output, options) as local:
            summary.engine = local.engine.name
            console.note(f"engine: {local.engine.name} ({local.engine.reason})")
            life = Life(
                local,
                local.session(),
                summary,
                options.data,
                variant=options.project_variant,
                place=options.place,
            )
            try:
                _live(life, options, output)
            finally:
                denied_or_unused = _report_iam(local, options, output)
                logs.save(life.session, output / "logs")
                if options.keep:
                    _tell_server(local, tell)
            if options.iam is Iam.ENFORCE and not options.keep:
                _judge_iam(summary, denied_or_unused)
            if options.keep:
                _tell_project(life, local, tell)
    finally:
        summary.total_seconds = round(time.monotonic() - started, 1)
        summary.write(output / "summary.json")
        if show:
            summary.show()
    return summary


def _local_aws(output: Path, options: RehearsalOptions) -> AbstractContextManager[LocalAws]:
    choose = engine_options if options.isolated else engines.options
    carried = () if options.isolated else BUILD_ENVIRONMENT
    engine = choose(options.engine, list(IMAGES.values()))
    return running(output.resolve(), options.keep, options.iam, engine, carried)


def _live(life: Life, options: RehearsalOptions, output: Path) -> None:
    """Live the life that the options describe, to the project's deletion unless it is kept."""
    isolation = _prepare(life, options, output)
    if options.examples:
        life.begin()
        pipeline_examples.run(life, options.examples)
    elif options.other_mode:
        stage_modes.run(life, options.other_mode)
    else:
        life.run()
    if options.elsewhere or (options.usual and options.iam is not Iam.OFF):
        life.push()
    if options.iam is not Iam.OFF:
        # The project's roles go with it; localaws remembers their policies from here on.
        iam_report.read(life.local)
    if options.place is Place.S3:
        life.update()
    if not options.keep:
        life.delete()
    if isolation:
        isolation.judge()


def _prepare(life: Life, options: RehearsalOptions, output: Path) -> Isolation | None:
    """Give a life its people, accounts, network and repositories, as far as they are not the usual ones."""
    local, owner = life.local, life.session
    if options.iam is not Iam.OFF:
        life.people = people.in_own_roles(local, owner, stage_modes.FOR_CALLERS.get(options.other_mode, ()))
    isolation = Isolation(local, owner, life.summary, output) if options.isolated else None
    if isolation:
        life.publishing = isolation.prepare()
    if others := other_accounts.checked(options.accounts):
        life.accounts, life.publishing = others, others.publishing
        life.people = others.with_developer(local, life.people, in_a_role=options.iam is not Iam.OFF)
    if options.elsewhere:
        life.team = team_repositories.prepare(local, owner)
        life.publishing = {**life.publishing, "connections": [life.team.connection_arn]}
    return isolation


def _report_iam(local: LocalAws, options: RehearsalOptions, output: Path) -> list[str]:
    """Write the report of rights, and return what is wrong with them."""
    if options.iam is Iam.OFF:
        return []
    record = iam_report.read(local)
    wrong = iam_report.write(record, output.parent / "iam")
    # What rights nobody needs is judged by the life that every project begins with.
    return wrong if options.usual else [each["message"] for each in record["denied"]]


def _judge_iam(summary: Summary, wrong: list[str]) -> None:
    """Fail the rehearsal for denied requests and for rights that nobody needs."""
    with summary.step("everybody has the rights they need, and no others"):
        if wrong:
            raise PlatformError("; ".join(wrong))


def _tell_server(local: LocalAws, tell: Callable[[str], None]) -> None:
    """Print how to reach and how to end what was left up."""
    exports = " ".join(f"{name}={value}" for name, value in local.environment.items())
    tell(f"AWS endpoint:  {local.endpoint}")
    tell(f"any client:    export {exports}")
    tell(f"end it:        kill {local.process_id}")


def _tell_project(life: Life, local: LocalAws, tell: Callable[[str], None]) -> None:
    """Print how to work with the project and how to ask it."""
    outputs = projects.outputs(life.lead, life.project)
    through = f"--proxy {local.endpoint} --cacert {local.certificate_authority}"
    signed = "--aws-sigv4 aws:amz:{AWS_DEFAULT_REGION}:execute-api --user {AWS_ACCESS_KEY_ID}:{AWS_SECRET_ACCESS_KEY}"
    # With IAM, git's user is who an access key belongs to.
    clone = outputs["ModelBuildCloneUrl"].replace(
        "https://", "https://{AWS_ACCESS_KEY_ID}:any@".format(**local.environment)
    )
    tell(f"git, likewise: export HTTPS_PROXY={local.endpoint} GIT_SSL_CAINFO={local.certificate_authority}")
    tell(f"clone:         git clone {clone}")
    tell(
        f"predict:       curl {through} {signed.format(**local.environment)} -H 'content-type: application/json'"
        f" -d @{life.sample_record()} {outputs['ProductionApiUrl']}"
    )
