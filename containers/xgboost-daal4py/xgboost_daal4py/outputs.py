"""Scores and a wish for outputs in, the values of each output out; `answers` writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


def make_values(output: Output, predictor: Predictor, matrix: Matrix, scores: Scores) -> Sequence[Any]:
    """Return an output of every record as people take it: names for classes and features."""
    return _VALUES[output](predictor, matrix, scores)


def make_numbers(output: Output, predictor: Predictor, matrix: Matrix, scores: Scores) -> Scores:
    """Return an output of every record as arrays take it, a label being the number of its class."""
    return _NUMBERS[output](predictor, matrix, scores)


def _scores(predictor: Predictor, _: Matrix, scores: Scores) -> Scores:
    return scores.max(axis=1) if predictor.task is Task.MULTICLASS else scores


def _score_values(predictor: Predictor, matrix: Matrix, scores: Scores) -> Sequence[Any]:
    values: Sequence[Any] = _scores(predictor, matrix, scores).tolist()
    return values


def _classes(predictor: Predictor, scores: Scores) -> list[int]:
    if predictor.task is Task.MULTICLASS:
        classes: list[int] = scores.argmax(axis=1).tolist()
        return classes
    threshold = predictor.threshold
    return [score >= threshold for score in scores.tolist()]


def _label_values(predictor: Predictor, _: Matrix, scores: Scores) -> Sequence[str]:
    labels = predictor.labels
    return [labels[place] for place in _classes(predictor, scores)]


def _label_numbers(predictor: Predictor, _: Matrix, scores: Scores) -> Scores:
    return np.array(_classes(predictor, scores), dtype=np.float32)


def _probabilities(predictor: Predictor, _: Matrix, scores: Scores) -> Scores:
    return np.column_stack([1 - scores, scores]) if predictor.task is Task.BINARY else scores


def _probability_values(predictor: Predictor, matrix: Matrix, scores: Scores) -> Sequence[Any]:
    return _name(_probabilities(predictor, matrix, scores).tolist(), predictor.labels)


def _contributions(predictor: Predictor, matrix: Matrix, _: Scores) -> Scores:
    return predictor.contributions(matrix)


def _contribution_values(predictor: Predictor, matrix: Matrix, scores: Scores) -> Sequence[Any]:
    names = (*predictor.transform.names, "bias")
    return _name(_contributions(predictor, matrix, scores).tolist(), names)


def _name(rows: list[Any], names: Sequence[str]) -> list[Any]:
    """Name the values of every row; a multiclass model's contributions have a row per class."""
    return [
        _name(row, names) if isinstance(row[0], list) else dict(zip(names, row, strict=True)) for row in rows
    ]


_VALUES: Mapping[Output, Callable[[Predictor, Matrix, Scores], Sequence[Any]]] = {
    Output.SCORE: _score_values,
    Output.LABEL: _label_values,
    Output.PROBABILITIES: _probability_values,
    Output.CONTRIBUTIONS: _contribution_values,
}
_NUMBERS: Mapping[Output, Callable[[Predictor, Matrix, Scores], Scores]] = {
    Output.SCORE: _scores,
    Output.LABEL: _label_numbers,
    Output.PROBABILITIES: _probabilities,
    Output.CONTRIBUTIONS: _contributions,
}
