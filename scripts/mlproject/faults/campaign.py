"""The command behind ``make faults``: one fault after the other in one world, the report, and that nothing is left."""

from __future__ import annotations

import importlib
import os
import re
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlproject import console
from mlproject.errors import UserError
from mlproject.faults.findings import (
    Finding,
    Row,
    failed_row,
    merged,
    page,
    read_report,
    row,
    write_report,
)
from mlproject.faults.model_versions import abandon_all
from mlproject.faults.world import World
from mlproject.rehearsal import engines, logs
from mlproject.rehearsal.engines import Engine
from mlproject.rehearsal.life import IMAGES
from mlproject.rehearsal.local import running

MODULES = ("runner_faults", "build_faults", "image_faults", "deploy_faults", "serving_faults", "power_faults")
"""In the order in which their faults happen: later ones find the project as far as earlier ones brought it."""

Prove = Callable[[World], Finding]


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes
    ----------
    name
        What it is called.
    injected
        What is done.
    prove
        Injects it, asserts what comes of it and recovers.
    in_docker
        What is done where containers are those of the Docker engine; empty for the same.
    """

    name: str
    injected: str
    prove: Prove
    in_docker: str

    def injected_in(self, engine: str) -> str:
        """Return what is done with this engine."""
        return self.in_docker if self.in_docker and engine == Engine.DOCKER else self.injected


_faults: list[Fault] = []


def fault(name: str, injected: str, in_docker: str = "") -> Callable[[Prove], Prove]:
    """Enter a function into the campaign; see `Fault`."""

    def enter(prove: Prove) -> Prove:
        _faults.append(Fault(name, injected, prove, in_docker))
        return prove

    return enter


def faults() -> Sequence[Fault]:
    """Return every fault in its order."""
    for name in MODULES:
        importlib.import_module(f"mlproject.faults.{name}")
    return tuple(_faults)


def run(output: Path, only: str, page_file: Path | None, engine: Engine = Engine.PROCESSES) -> bool:
    """Run the faults and write ``report.json``; return whether all recovered and nothing was left.

    Parameters
    ----------
    output
        Folder to write to; rows of faults that are not run are kept from the report that is there.
    only
        Regular expression: only faults whose name holds it.
    page_file
        Where the page for people goes, once every fault has a row; None for none.
    engine
        What runs builds and containers.

    Raises
    ------
    UserError
        No fault has such a name.
    """
    chosen = choose(only)
    ran: list[Row] = []
    leftovers: list[str] = []
    options = engines.options(engine, IMAGES.values())
    with running(output.resolve() / "localaws", keep=False, engine=options) as local:
        world = World(local)
        try:
            world.publish()
            for each in chosen:
                ran.append(prove(each, world))
                record(ran[-1], (), output / "report.json", page_file)
            leftovers += world.end()
        finally:
            logs.save(world.session, output / "logs")
            world.close()
    record(ran[-1], leftovers, output / "report.json", page_file)
    for entry in leftovers:
        console.fail(f"left over: {entry}")
    return all(each.recovered for each in ran) and not leftovers


def choose(only: str) -> list[Fault]:
    """Return the faults whose name holds the expression; see `run`."""
    try:
        wanted = re.compile(only)
    except re.error as error:
        raise UserError(f"{only!r} is no regular expression: {error}") from error
    chosen = [each for each in faults() if wanted.search(each.name)]
    if not chosen:
        names = ", ".join(each.name for each in faults())
        raise UserError(f"no fault is called {only!r}; there are: {names}")
    return chosen


def record(new: Row, leftovers: Sequence[str], report: Path, page_file: Path | None) -> None:
    """Put a row in its place in the report, and in the page when the report is whole."""
    names = [each.name for each in faults()]
    rows = merged(read_report(report), names, new)
    write_report(rows, leftovers, report)
    by_processes = [each.name for each in rows if each.engine == Engine.PROCESSES]
    if page_file is not None and by_processes == names:
        page_file.write_text(page(rows, os.cpu_count() or 1))


def prove(each: Fault, world: World) -> Row:
    """Inject one fault and return its row; one that does not end well must not keep the others from being tried."""
    started, engine = time.monotonic(), world.local.engine.name
    injected = each.injected_in(engine)
    try:
        found = row(each.name, engine, injected, each.prove(world), world.local.data)
    except Exception as error:
        found = failed_row(each.name, engine, injected, error, round(time.monotonic() - started, 1))
        console.note(traceback.format_exc())
        tidy(world)
    mark = "✓" if found.recovered else "✗"
    console.line(
        f"{mark} {each.name}: {found.seen} ({found.recovery}, {found.seconds:.1f} s;"
        f" {time.monotonic() - started:.0f} s in all)"
    )
    return found


def tidy(world: World) -> None:
    """Leave nothing of a fault that went wrong in the way of the next one."""
    # The world may be broken too; the fault's own error is the one to be told.
    try:
        abandon_all(world)
    except Exception:
        console.note(traceback.format_exc())
