"""The operator's command line: arguments come in; a command runs, or a sentence tells what kept it from running."""

from __future__ import annotations

import typer

from mlproject import console, explanations, platform_commands, project_commands, rehearsal_commands

app = typer.Typer(
    name="mlproject",
    help="Publish the SageMaker project template, and live with the projects made from it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    # Boxes cut long options off in a narrow terminal.
    rich_markup_mode=None,
)
for commands in (platform_commands, project_commands, rehearsal_commands):
    app.add_typer(commands.app)


def main() -> None:
    """Run the command line; an expected failure is one sentence and exit code 1."""
    try:
        app()
    except explanations.EXPECTED as error:
        console.fail(explanations.sentence(error))
        raise SystemExit(1) from None
