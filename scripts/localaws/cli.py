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

from localaws.engine.choice import Wanted, choose
from localaws.errors import LocalAwsError, UserError
from localaws.iam.guard import Guard, Mode
from localaws.identity import Identities
from localaws.image_import import register
from localaws.images import ImageStore, Prepared
from localaws.server import LocalAws
from localaws.settings import HostSettings

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
image = typer.Typer(help="Prepare images for an engine that has no Docker.", no_args_is_help=True)
cli.add_typer(image, name="image")

ImageCache = Annotated[
    Path | None,
    typer.Option(help="Folder of prepared images; without it one in your cache folder.", file_okay=False),
]
Context = Annotated[Path, typer.Option(help="The build context.", exists=True, file_okay=False)]
Dockerfile = Annotated[str, typer.Option(help="The Dockerfile, taken from the context.")]
BuildArg = Annotated[list[str] | None, typer.Option(help="NAME=VALUE for an ARG; may be repeated.")]


@cli.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 4566,
    data: Annotated[
        Path | None, typer.Option(help="Folder for state; without it a temporary one.", file_okay=False)
    ] = None,
    image_cache: ImageCache = None,
    build_environment: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=VALUE (or NAME, to take this shell's value) that belongs to the build image, such as "
            "UV_CACHE_DIR or TF_CLI_CONFIG_FILE; may be repeated.",
        ),
    ] = None,
    build_mount: Annotated[
        list[str] | None,
        typer.Option(
            help="PATH or PATH:INSIDE: a file or folder of this machine that the build image holds (Docker only); "
            "may be repeated.",
        ),
    ] = None,
    engine: Annotated[
        Wanted, typer.Option(help="What runs containers; auto takes Docker where it can be had.")
    ] = Wanted.PROCESSES,
    base_image: Annotated[
        list[str] | None,
        typer.Option(
            help="An image that builds begin from: auto takes Docker only if it is there or can be pulled; may be "
            "repeated.",
        ),
    ] = None,
    iam: Annotated[
        Mode, typer.Option(help="IAM: enforce what policies say, only record it, or leave it alone.")
    ] = Mode.OFF,
    verbose: Annotated[bool, typer.Option(help="Log every request.")] = False,
) -> None:
    """Serve an AWS stand-in that executes.

    Any client reaches it with AWS_ENDPOINT_URL=http://127.0.0.1:4566 and any credentials. Builds, jobs, functions
    and endpoints run in containers, or as processes of this machine. Ctrl-C ends all of them.
    """
    if context.invoked_subcommand is not None:
        return
    _log_to_stderr(verbose)
    with contextlib.ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="localaws-")))
        settings = HostSettings()
        server = LocalAws(
            folder,
            port,
            settings,
            image_cache,
            _pairs(build_environment, settings.variables()),
            _mounts(build_mount),
            choose(engine, base_image or ()),
            guard=Guard(iam),
            keep_state=data is not None,
        )
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: stopped.set())
        server.start()
        stack.callback(server.close)
        typer.echo(f"localaws serves AWS at {server.endpoint} (state in {server.data}); Ctrl-C ends it")
        typer.echo(f"engine: {server.engine.name} ({server.engine_reason})")
        stopped.wait()


@image.command("prepare")
def prepare(
    context: Context,
    dockerfile: Dockerfile = "Dockerfile",
    build_arg: BuildArg = None,
    image_cache: ImageCache = None,
) -> None:
    """Make the image of a Dockerfile in the store, if it is not there yet; print the digest of its sources."""
    typer.echo(f"sha256:{_prepare(context, dockerfile, build_arg, image_cache).key}")


@image.command("import")
def import_image(
    context: Context,
    repository: Annotated[str, typer.Option(help="The ECR repository's name.")],
    tag: Annotated[str, typer.Option(help="The image's tag.")],
    dockerfile: Dockerfile = "Dockerfile",
    build_arg: BuildArg = None,
    region: Annotated[str, typer.Option(help="The repository's region.")] = "us-east-1",
    endpoint_url: Annotated[
        str, typer.Option(help="The running server.", envvar="AWS_ENDPOINT_URL")
    ] = "http://127.0.0.1:4566",
    wait: Annotated[float, typer.Option(help="Seconds to wait for the repository.")] = 0.0,
    image_cache: ImageCache = None,
) -> None:
    """Make the image of a Dockerfile, register it in a server's ECR and print its URI by digest."""
    prepared = _prepare(context, dockerfile, build_arg, image_cache)
    ecr = Identities(endpoint_url).client("ecr", region)
    typer.echo(register(ecr, prepared, repository, tag, wait))


def _prepare(
    context: Path, dockerfile: str, build_arg: list[str] | None, image_cache: Path | None
) -> Prepared:
    store = ImageStore(image_cache or HostSettings().images())
    file = context / dockerfile
    return store.prepare(context, file, _pairs(build_arg, {}), lambda line: typer.echo(line, err=True))


def _pairs(entries: list[str] | None, defaults: dict[str, str]) -> dict[str, str]:
    pairs = {}
    for entry in entries or ():
        name, given, value = entry.partition("=")
        if not given and name not in defaults:
            raise UserError(f"expected NAME=VALUE, not {entry}")
        pairs[name] = value if given else defaults[name]
    return pairs


def _mounts(entries: list[str] | None) -> dict[str, Path]:
    mounts = {}
    for entry in entries or ():
        path, _, inside = entry.partition(":")
        if not Path(path).exists():
            raise UserError(f"--build-mount {entry}: there is no {path}")
        mounts[inside or path] = Path(path)
    return mounts


def _log_to_stderr(verbose: bool) -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    logging.getLogger("localaws").setLevel(logging.DEBUG if verbose else logging.INFO)
    for noisy in ("werkzeug", "botocore", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def main() -> None:
    """Run the command line."""
    try:
        cli()
    except LocalAwsError as error:
        typer.echo(f"localaws: {error}", err=True)
        sys.exit(1)
