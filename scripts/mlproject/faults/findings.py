"""What a fault campaign found: a row for each fault goes into ``report.json`` and into the page for people."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ENGINES = ("processes", "docker")
"""In the order of the report."""

LONGEST_SEEN = 400
MESSAGE = "Message returned: "
"""What CloudFormation puts before the words of a custom resource."""

_CONSOLE_LINK = re.compile(r"(https://console\.aws\.amazon\.com/)[^\s)]+")
_JOB_FOLDER = re.compile(r"/sagemaker/\d{12}/[a-z0-9-]+/[a-z]+/[^/\s]+/algo-\d+/")
"""Where the process engine has ``/opt/ml``."""

PAGE_HEAD = (
    "# Faults\n\n"
    "Written by `make faults`, which breaks what can break, one thing after the other, in a local AWS: the template's "
    "own code in its own builds, functions, pipelines and endpoints. Each row was injected for real; what the user "
    "sees is quoted from the run; the seconds are how long the recovery took, on a machine of {processors} processors. "
    "`make faults ONLY=name` runs some and renews their rows; [rehearsal.md](rehearsal.md) has the life without faults."
    "\n\n"
)
DOCKER_HEAD = (
    "\n## In Docker\n\n"
    "By `make faults ENGINE=docker`: the images are built from their Dockerfiles, and builds, jobs, functions and "
    "endpoints are containers of the Docker engine.\n\n"
)
TABLE_HEAD = (
    "| fault | injected | what the user sees | end state | recovered by | seconds |\n"
    "|---|---|---|---|---|---|\n"
)


@dataclass(frozen=True)
class Finding:
    """What came of a fault.

    Attributes
    ----------
    seen
        What the user is told, in the words that they are told it in.
    end_state
        What the fault left, before anybody did anything.
    recovery
        What made it good: ``retry``, ``delete``, ``by itself`` ...
    seconds
        How long that took.
    """

    seen: str
    end_state: str
    recovery: str
    seconds: float


@dataclass(frozen=True)
class Row:
    """A fault in the report; ``recovered`` is false for one that did not end as it should, and ``seen`` says why."""

    name: str
    injected: str
    seen: str
    end_state: str
    recovery: str
    recovered: bool
    seconds: float
    engine: str = ENGINES[0]


def row(name: str, engine: str, injected: str, finding: Finding, data: Path) -> Row:
    """Return the row of a fault that ended as it should; paths below ``data`` are told as in a container."""
    seen = shortened(_JOB_FOLDER.sub("/opt/ml/", finding.seen.replace(str(data), "")))
    seconds = round(finding.seconds, 1)
    return Row(name, injected, seen, finding.end_state, finding.recovery, True, seconds, engine)


def failed_row(name: str, engine: str, injected: str, error: Exception, seconds: float) -> Row:
    """Return the row of a fault that did not end as it should."""
    seen = f"{type(error).__name__}: {error}"
    return Row(name, injected, seen, "not as it should be", "-", False, seconds, engine)


def shortened(text: str) -> str:
    """Return one line of bearable length."""
    line = _CONSOLE_LINK.sub(r"\1...", " ".join(text.partition(MESSAGE)[2].split() or text.split()))
    return line if len(line) <= LONGEST_SEEN else f"{line[:LONGEST_SEEN]}..."


def read_report(path: Path) -> list[Row]:
    """Return the rows of an earlier run, none when there was none."""
    if not path.exists():
        return []
    return [Row(**each) for each in json.loads(path.read_text())["faults"]]


def merged(known: Sequence[Row], names: Sequence[str], new: Row) -> list[Row]:
    """Return the rows with ``new`` in its place, by engine and then by ``names``; what is no fault any more goes."""
    by_fault = {(each.engine, each.name): each for each in (*known, new)}
    return [by_fault[engine, name] for engine in ENGINES for name in names if (engine, name) in by_fault]


def write_report(rows: Sequence[Row], leftovers: Sequence[str], path: Path) -> None:
    """Write ``report.json``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    report = {"faults": [dataclasses.asdict(each) for each in rows], "leftovers": list(leftovers)}
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")


def page(rows: Sequence[Row], processors: int) -> str:
    """Return the page for people."""
    head = PAGE_HEAD.format(processors=processors)
    tables = [_table([each for each in rows if each.engine == engine]) for engine in ENGINES]
    return head + DOCKER_HEAD.join(filter(None, tables))


def _table(rows: Sequence[Row]) -> str:
    lines = [
        f"| {' | '.join(_cell(cell) for cell in (each.name, each.injected, each.seen, each.end_state))} "
        f"| {_cell(each.recovery)} | {each.seconds:.1f} |\n"
        for each in rows
    ]
    return TABLE_HEAD + "".join(lines) if lines else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
