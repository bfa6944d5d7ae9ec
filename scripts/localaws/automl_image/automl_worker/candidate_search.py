"""A job's configuration and table in; candidates out, one after another, each with its model and its metrics.

Every candidate that is ready is told by a line of output, so that nothing is lost when the time is up.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .candidate_models import ALGORITHMS, BINARY, REGRESSION, Learning, Values
from .candidate_reports import write_reports
from .candidate_scores import class_scores, regression_scores
from .tables import Encoding, Table, TableError, number, read_table

TOLD_BY = "automl-candidate "
RESOLVED_BY = "automl-resolved "
CANDIDATE_FILE = "candidate.json"
REPORTS = "reports"
"""Where each candidate's reports are, below the job's output."""
DEFAULT_OBJECTIVES = {REGRESSION: "MSE", BINARY: "F1", "MulticlassClassification": "Accuracy"}
FEW_VALUES = 20
"""A target of numbers with more values than these is one to regress on."""


@dataclass(frozen=True)
class Problem:
    """What is searched for, and in what."""

    kind: str
    objective: str
    classes: tuple[str, ...]
    positive: int | None
    encoding: Encoding
    learning: Learning
    held_out: Learning


def search(root: Path) -> None:
    """Search until there are enough candidates or the time is up."""
    configuration = json.loads((root / "input" / "config" / "automl.json").read_text())
    deadline = time.monotonic() + configuration["seconds"]
    problem = state_problem(configuration, root / "input" / "data")
    print(RESOLVED_BY + json.dumps({"ProblemType": problem.kind, "Objective": problem.objective}), flush=True)
    generator = random.Random(1)  # noqa: S311 - a search that can be repeated
    algorithms = configuration["algorithms"]
    for place in range(configuration["max_candidates"]):
        name = algorithms[place % len(algorithms)]
        drawn = ALGORITHMS[name].draw(generator)
        left = min(deadline - time.monotonic(), configuration["candidate_seconds"])
        if left <= 0:
            break
        number = f"{place + 1:03}"
        _try(problem, name, drawn, root / "model" / number, root / "output" / REPORTS / number, left)


def state_problem(configuration: Mapping[str, Any], data: Path) -> Problem:
    """Read the tables and find out what kind of problem they pose."""
    target = configuration["target"]
    table = read_table(data / "training")
    if target not in table.names:
        raise TableError(f"there is no column {target}: there is {', '.join(table.names)}")
    cells = table.column(target)
    kind = configuration.get("problem_type") or _kind(cells)
    classes = () if kind == REGRESSION else tuple(sorted({*cells}))
    _check(kind, cells, classes)
    if (data / "validation").is_dir():
        learned, held = table, read_table(data / "validation")
    else:
        learned, held = _split(table, configuration["validation_fraction"])
    features = learned.without(target)
    encoding = Encoding.fit(features)
    counted = Counter(cells)
    positive = classes.index(min(classes, key=lambda label: counted[label])) if kind == BINARY else None
    return Problem(
        kind,
        configuration.get("objective") or DEFAULT_OBJECTIVES[kind],
        classes,
        positive,
        encoding,
        _learning(learned, target, classes, encoding),
        _learning(held, target, classes, encoding),
    )


def _kind(cells: list[str]) -> str:
    values = {*cells}
    if len(values) > FEW_VALUES and not any(math.isnan(number(value)) for value in values):
        return REGRESSION
    return BINARY if len(values) == 2 else "MulticlassClassification"


def _check(kind: str, cells: list[str], classes: tuple[str, ...]) -> None:
    if kind == REGRESSION and any(math.isnan(number(cell)) for cell in cells):
        raise TableError("the target of a regression must be a number in every row")
    if kind == BINARY and len(classes) != 2:
        raise TableError(f"BinaryClassification needs two classes, not {len(classes)}")
    if kind != REGRESSION and len(classes) < 2:
        raise TableError("the target has one value only: there is nothing to tell apart")


def _split(table: Table, fraction: float) -> tuple[Table, Table]:
    rows = table.rows.copy()
    random.Random(1).shuffle(rows)  # noqa: S311 - likewise
    cut = max(1, round(len(rows) * fraction))
    return Table(table.names, rows[cut:]), Table(table.names, rows[:cut])


def _learning(table: Table, target: str, classes: tuple[str, ...], encoding: Encoding) -> Learning:
    places = {label: place for place, label in enumerate(classes)}
    cells = table.column(target)
    if classes and (unknown := {*cells} - {*classes}):
        raise TableError(f"the validation data has classes that the training data has not: {sorted(unknown)}")
    targets = np.array([places[cell] if classes else number(cell) for cell in cells], dtype=np.float64)
    features = table.without(target)
    if features.names != [column.name for column in encoding.columns]:
        raise TableError("the validation data has other columns than the training data")
    return Learning(encoding.matrix(features.rows), targets, None, len(classes))


def _try(
    problem: Problem, name: str, drawn: dict[str, float], folder: Path, reports: Path, seconds: float
) -> None:
    """Fit a candidate in a process of its own, which may take so long and no longer."""
    started = time.time()
    process = multiprocessing.get_context("fork").Process(
        target=_fit, args=(problem, name, drawn, folder, reports), name=folder.name
    )
    process.start()
    process.join(seconds)
    reason = ""
    if process.is_alive():
        process.kill()
        process.join()
        reason = f"the candidate was not ready in {seconds:.0f} s"
    elif process.exitcode:
        reason = f"{name} failed, exit code {process.exitcode}"
    told = {
        "name": folder.name,
        "algorithm": name,
        "hyperparameters": drawn,
        "started": started,
        "ended": time.time(),
    }
    if reason:
        told["reason"] = reason
    else:
        told["metrics"] = json.loads((folder / CANDIDATE_FILE).read_text())["metrics"]
    print(TOLD_BY + json.dumps(told), flush=True)


def _fit(problem: Problem, name: str, drawn: dict[str, float], folder: Path, reports: Path) -> None:
    fitted = ALGORITHMS[name].fit(problem.learning, drawn)
    predicted = fitted.predict(problem.held_out.matrix)
    folder.mkdir(parents=True)
    fitted.save(folder)
    document = {
        "problem_type": problem.kind,
        "classes": problem.classes,
        "columns": problem.encoding.document(),
        "algorithm": name,
        "hyperparameters": drawn,
        "metrics": _scores(problem, predicted),
    }
    (folder / CANDIDATE_FILE).write_text(json.dumps(document))
    write_reports(reports, fitted, problem.encoding, problem.learning, problem.held_out, problem.positive)


def _scores(problem: Problem, predicted: Values) -> dict[str, float]:
    truth = problem.held_out.targets
    if problem.kind == REGRESSION:
        return regression_scores(truth, predicted[:, 0])
    return class_scores(truth, predicted, problem.positive)
