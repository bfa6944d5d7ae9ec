"""Measured rows and goals in, a table on the screen, build/bench/<name>.json and charts in docs/benchmarks out."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "bench"
CHARTS = ROOT / "docs" / "benchmarks"


@dataclass(frozen=True)
class Goal:
    """What was to be reached, and what was."""

    name: str
    goal: str
    measured: float
    met: bool


def save(name: str, rows: Sequence[Mapping[str, Any]], goals: Sequence[Goal]) -> None:
    """Print the rows and goals and keep them as JSON."""
    document = {"machine": describe_machine(), "rows": rows, "goals": [asdict(goal) for goal in goals]}
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    columns = list(dict.fromkeys(column for row in rows for column in row))
    table = [columns, *([_format(row.get(column, "")) for column in columns] for row in rows)]
    widths = [max(len(line[place]) for line in table) for place in range(len(columns))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    for goal in goals:
        print(
            f"{'met   ' if goal.met else 'MISSED'}  {goal.name}: {goal.goal}, measured {_format(goal.measured)}"
        )


def draw_bars(name: str, title: str, values: Mapping[str, float]) -> None:
    """Draw one bar for each value."""
    import pygal

    chart = pygal.HorizontalBar(
        title=title,
        show_legend=False,
        print_values=True,
        width=1000,
        height=120 + 45 * len(values),
        margin=20,
        truncate_label=-1,
        # A picture, not a program; and equal from equal values.
        js=[],
        no_prefix=True,
    )
    chart.x_labels = list(values)
    chart.add("", list(values.values()))
    chart.value_formatter = _format
    CHARTS.mkdir(parents=True, exist_ok=True)
    (CHARTS / f"{name}.svg").write_bytes(chart.render(is_unicode=False))


def describe_machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    models = [line for line in _read(Path("/proc/cpuinfo")) if line.startswith("model name")]
    return {
        "processor": models[0].partition(":")[2].strip() if models else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _read(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _format(value: Any) -> str:
    return (
        f"{value:,.4g}"
        if isinstance(value, float) and abs(value) < 1000
        else f"{value:,.0f}"
        if isinstance(value, float)
        else str(value)
    )
