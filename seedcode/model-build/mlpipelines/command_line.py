"""The command line: validate, show, diff, run and images; errors come to people here."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlpipelines.configuration import Configuration, find_files, read_configuration
from mlpipelines.pipeline_errors import ConfigurationError, PipelineError, UserError
from mlpipelines.plan import PipelinePlan
from mlpipelines.planning import Surroundings, plan_all
from mlpipelines.project_images import FindImage, is_context
from mlpipelines.project_settings import (
    ProjectSettings,
    configured_pattern,
    repository_root,
    stand_in_settings,
)
from mlpipelines.schema_errors import one_of
from mlpipelines.step_code import ContentStaging, NoStaging, Staging

SHOW_FORMATS = ("mermaid", "png", "json")
NOTHING = "no pipeline: no file has a sagemakerPipeline"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = _parser().parse_args(arguments)
    # The SDK makes every library's small talk visible; this program says itself what happens.
    logging.disable(logging.WARNING)
    try:
        return int(options.command(options))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        count = len(error.problems)
        print(f"error: {count} problem{'s' * (count != 1)} in the configuration", file=sys.stderr, flush=True)
    except PipelineError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mlpipelines", description="SageMaker pipelines out of YAML."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name: str, command: Any, words: str) -> argparse.ArgumentParser:
        found = commands.add_parser(name, help=words, description=words)
        found.set_defaults(command=command)
        return found

    validate = add("validate", _validate, "Check all configuration files; needs no AWS.")
    validate.add_argument("files", nargs="*", type=Path, help="only these files")
    show = add("show", _show, "Show a pipeline's steps; needs no AWS.")
    show.add_argument("name", help="pipelineName")
    show.add_argument("--format", choices=SHOW_FORMATS, default="mermaid", help="mermaid without it")
    show.add_argument("--output", type=Path, help="file to write; for a PNG, <name>.png without it")
    add("images", _images, "List the folders whose images the pipelines need, a line each; needs no AWS.")
    for name, command, words in (
        ("diff", _diff, "Show what would change of a deployed pipeline."),
        ("run", _run, "Write pipelines, start them and wait."),
    ):
        each = add(name, command, words)
        each.add_argument(
            "--project", metavar="NAME", help="the SageMaker project, where no build's environment says it"
        )
        each.add_argument(
            "--local",
            action="store_true",
            help="only if AWS_ENDPOINT_URL is on this machine: never against AWS itself",
        )
        if name == "diff":
            each.add_argument("name", help="pipelineName")
        else:
            each.add_argument(
                "names", nargs="*", help="pipelineNames; without any, all that their start says"
            )
            each.add_argument(
                "--parameter", action="append", default=[], metavar="NAME=VALUE", help="of the execution"
            )
    return parser


def _read(settings: ProjectSettings, files: Sequence[Path] = ()) -> Configuration:
    root = repository_root().resolve()
    if missing := [path for path in files if not path.is_file()]:
        raise UserError(f"there is no file {missing[0]}")
    if outside := [path for path in files if not path.resolve().is_relative_to(root)]:
        raise UserError(f"{outside[0]} is outside of this repository")
    found = [path.resolve() for path in files] or find_files(root, configured_pattern())
    return read_configuration(root, found, settings.variables())


def _plan(
    configuration: Configuration, settings: ProjectSettings, staging: Staging, find_image: FindImage = str
) -> dict[str, PipelinePlan]:
    if not configuration.problems:
        plans = plan_all(configuration, Surroundings(settings, staging, find_image))
    configuration.raise_problems()
    return plans


def _choose(plans: dict[str, PipelinePlan], name: str) -> PipelinePlan:
    if name not in plans:
        raise UserError(f"there is no pipeline {name}{one_of(name, plans)}")
    return plans[name]


def _validate(options: argparse.Namespace) -> int:
    settings = stand_in_settings()
    configuration = _read(settings, options.files)
    plans = _plan(configuration, settings, NoStaging())
    for name, plan in plans.items():
        print(f"{name}: {len(plan.steps)} steps, fine")
    if not plans:
        print(NOTHING)
    return 0


def _show(options: argparse.Namespace) -> int:
    settings = stand_in_settings()
    configuration = _read(settings)
    staging = ContentStaging(configuration.root, settings.project_bucket)
    plan = _choose(
        _plan(configuration, settings, staging if options.format == "json" else NoStaging()), options.name
    )
    if options.format == "png":
        from mlpipelines.drawing import write_png

        target = options.output or Path(f"{options.name}.png")
        write_png(plan, target)
        print(f"wrote {target}")
        return 0
    text = _text(plan, options.format)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


def _text(plan: PipelinePlan, chosen: str) -> str:
    if chosen == "json":
        from mlpipelines.sdk_compiler import compile_pipeline

        return compile_pipeline(plan)
    from mlpipelines.drawing import mermaid

    return mermaid(plan)


def _images(options: argparse.Namespace) -> int:
    settings = stand_in_settings()
    configuration = _read(settings)
    wanted: list[str] = []

    def note(folder: str) -> str:
        wanted.append(folder)
        return folder

    _plan(configuration, settings, NoStaging(), note)
    for folder in sorted(set(wanted)):
        if is_context(configuration.root, folder):
            print(folder)
    return 0


def _diff(options: argparse.Namespace) -> int:
    from mlpipelines.project_access import Access

    with Access.open(options.project, options.local, _tell) as access:
        configuration = _read(access.settings)
        staging = ContentStaging(configuration.root, access.settings.project_bucket)
        plan = _choose(_plan(configuration, access.settings, staging, access.find_image), options.name)
        print(access.deployer.difference(plan) or f"{plan.name} is as here")
    return 0


def _run(options: argparse.Namespace) -> int:
    from mlpipelines.project_access import Access

    parameters = dict(_split(each) for each in options.parameter)
    with Access.open(options.project, options.local, _tell) as access:
        configuration = _read(access.settings)
        staging = ContentStaging(configuration.root, access.settings.project_bucket)
        plans = _plan(configuration, access.settings, staging, access.find_image)
        chosen = [_choose(plans, name) for name in options.names] or list(plans.values())
        if not chosen:
            _tell(NOTHING)
        deployer, started = access.deployer, []
        for plan in chosen:
            changed = deployer.write(plan, staging)
            reason = "you ask for it" if options.names else deployer.reason_to_start(plan, changed)
            _tell(
                f"{plan.name}: {'started, as ' + reason if reason else 'not started: nothing of it has changed'}"
            )
            if reason:
                started.append((plan, deployer.start(plan, parameters)))
        failures = []
        for plan, execution in started:
            try:
                for package in execution.wait():
                    _tell(f"{plan.name}: registered {package}")
            except UserError as error:
                failures.append(f"{plan.name}: {error}")
    if failures:
        raise UserError("\n".join(failures))
    return 0


def _split(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UserError(f"{text!r} is no parameter: write NAME=VALUE")
    return name, value


def _tell(line: str) -> None:
    print(line, flush=True)
