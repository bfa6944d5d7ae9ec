"""Scores and a wish for outputs in, named columns of values out; `answers` writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from xgboost_daal4py.errors import UserError
from xgboost_daal4py.features import Matrix
from xgboost_daal4py.predictor import Predictor, Scores, Task


class Output(Enum):
    """What an answer may hold for each record."""

    SCORE = "score"
    LABEL = "label"
    PROBABILITIES = "probabilities"
    CONTRIBUTIONS = "contributions"


DEFAULTS = {
    Task.BINARY: (Output.SCORE, Output.LABEL),
    Task.MULTICLASS: (Output.SCORE, Output.LABEL),
    Task.VALUE: (Output.SCORE,),
}


@dataclass(slots=True)
class Columns:
    """One output of all records, as people take it and, when asked for, as arrays do."""

    name: str
    values: Sequence[Any]
    make_numbers: Callable[[], Scores]


def parse_outputs(text: str) -> tuple[Output, ...]:
    """Read a comma-separated list of outputs; an empty one means the model's usual ones.

    Raises
    ------
    UserError
        Naming what is not an output.
    """
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    known = [output.value for output in Output]
    for name in names:
        if name not in known:
            raise UserError(f"unknown output {name[:40]!r}; known are {', '.join(known)}")
    return tuple(dict.fromkeys(Output(name) for name in names))


def check_outputs(wanted: Sequence[Output], predictor: Predictor) -> tuple[Output, ...]:
    """Return the outputs to give.

    Raises
    ------
    UserError
        When the model has no such output.
    """
    if not wanted:
        return DEFAULTS[predictor.task]
    without = {Output.LABEL, Output.PROBABILITIES} if predictor.task is Task.VALUE else set()
    if predictor.objective in ("binary:logitraw", "binary:hinge"):
        without.add(Output.PROBABILITIES)
    for output in wanted:
        if output in without:
            raise UserError(f"the model's objective, {predictor.objective}, has no {output.value}")
    return tuple(wanted)


def make_columns(
    predictor: Predictor, matrix: Matrix, scores: Scores, outputs: Sequence[Output]
) -> list[Columns]:
    """Return the outputs of a request, in the order in which they were asked for."""
    return [_make(output, predictor, matrix, scores) for output in outputs]


def _make(output: Output, predictor: Predictor, matrix: Matrix, scores: Scores) -> Columns:
    match output:
        case Output.SCORE:
            numbers = scores.max(axis=1) if predictor.task is Task.MULTICLASS else scores
            return Columns("score", numbers.tolist(), lambda: numbers)
        case Output.LABEL:
            return _label(predictor, scores)
        case Output.PROBABILITIES:
            return _probabilities(predictor, scores)
        case Output.CONTRIBUTIONS:
            return _contributions(predictor, matrix)


def _label(predictor: Predictor, scores: Scores) -> Columns:
    if predictor.task is Task.MULTICLASS:
        classes: list[int] = scores.argmax(axis=1).tolist()
    else:
        threshold = predictor.threshold
        classes = [score >= threshold for score in scores.tolist()]
    labels = predictor.labels
    return Columns("label", [labels[place] for place in classes], lambda: np.array(classes, dtype=np.float32))


def _probabilities(predictor: Predictor, scores: Scores) -> Columns:
    table = np.column_stack([1 - scores, scores]) if predictor.task is Task.BINARY else scores
    labels = predictor.labels
    values = [dict(zip(labels, row, strict=True)) for row in table.tolist()]
    return Columns("probabilities", values, lambda: table)


def _contributions(predictor: Predictor, matrix: Matrix) -> Columns:
    table = predictor.contributions(matrix)
    names = (*predictor.transform.names, "bias")
    values = [_name(row, names) for row in table.tolist()]
    return Columns("contributions", values, lambda: table.reshape(len(matrix), -1))


def _name(row: list[Any], names: Sequence[str]) -> Any:
    """Name the values of one record; a multiclass model has a list of them per class."""
    if isinstance(row[0], list):
        return [_name(part, names) for part in row]
    return dict(zip(names, row, strict=True))
