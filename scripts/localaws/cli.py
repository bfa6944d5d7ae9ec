"""The command line of localaws: options in, a running server until Ctrl-C; errors end here in words."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Annotated

import typer

from localaws.errors import LocalAwsError
from localaws.server import LocalAws

cli = typer.Typer(add_completion=False, no_args_is_help=False, pretty_exceptions_enable=False)


@cli.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 4566,
    data: Annotated[
        Path | None, typer.Option(help="Folder for state; without it a temporary one.", file_okay=False)
    ] = None,
    verbose: Annotated[bool, typer.Option(help="Log every request.")] = False,
) -> None:
    """Serve an AWS stand-in that executes, for any client that uses AWS_ENDPOINT_URL."""
    if context.invoked_subcommand is not None:
        return
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with contextlib.ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="localaws-")))
        server = LocalAws(folder, port)
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        server.start()
        stack.callback(server.close)
        typer.echo(f"localaws serves AWS at {server.endpoint} (state in {server.data}); Ctrl-C ends it")
        stopped.wait()


def main() -> None:
    """Run the command line."""
    try:
        cli()
    except LocalAwsError as error:
        typer.echo(f"localaws: {error}", err=True)
        sys.exit(1)
