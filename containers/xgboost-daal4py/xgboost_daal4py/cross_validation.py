"""A channel in, what the hyperparameters are worth on parts that were held out in turn out (to `training`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xgboost_daal4py.boosting import Trained, fit_booster, format_metrics
from xgboost_daal4py.channels import Channel
from xgboost_daal4py.errors import UserError
from xgboost_daal4py.hyperparameters import Hyperparameters
from xgboost_daal4py.labelled_files import Batch


@dataclass(frozen=True)
class CrossValidation:
    """The folds together."""

    metrics: Mapping[str, float]
    """Mean and standard deviation over the folds."""
    rounds: int
    """The mean of the folds' best rounds."""
    labels: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    """Of every row, by the booster that did not learn from it."""


def cross_validate(
    hyperparameters: Hyperparameters, training: Channel, tell: Callable[[str], None]
) -> CrossValidation:
    """Train as often as there are folds, each time without one of them, and measure on that one."""
    if training.external:
        raise UserError("k_fold needs the data in memory, and it is too large: use a larger instance")
    rows = training.together()
    results: list[Trained] = []
    held_labels: list[npt.NDArray[np.float32]] = []
    for number, (learned, held) in enumerate(_split(hyperparameters, rows)):
        result = fit_booster(hyperparameters, _part(rows, learned), _part(rows, held))
        tell(format_metrics(f"fold {number}", "fold", result.metrics))
        results.append(result)
        held_labels.append(rows.labels[held])
    metrics = _summarise(results)
    tell(format_metrics("folds", "cross-validation", metrics))
    return CrossValidation(
        metrics,
        round(float(np.mean([result.rounds for result in results]))),
        np.concatenate(held_labels),
        np.concatenate([result.scores for result in results]),
    )


def _split(
    hyperparameters: Hyperparameters, rows: Batch
) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

    count, seed = hyperparameters.k_fold, int(str(hyperparameters.booster.get("seed", 0)))
    if rows.groups is not None:
        parts = GroupKFold(count)
    elif hyperparameters.classes:
        parts = StratifiedKFold(count, shuffle=True, random_state=seed)
        if np.unique(rows.labels, return_counts=True)[1].min() < count:
            raise UserError(f"channel 'train': k_fold {count} needs as many rows of every class")
    else:
        parts = KFold(count, shuffle=True, random_state=seed)
    try:
        for learned, held in parts.split(rows.labels, rows.labels, rows.groups):
            # In the file's order: rows that are ranked together stay together.
            yield np.sort(learned), np.sort(held)
    except ValueError as error:
        raise UserError(f"channel 'train': {error}") from error


def _part(rows: Batch, chosen: npt.NDArray[np.intp]) -> Channel:
    part = rows.take(chosen)
    return Channel([part], part.labels)


def _summarise(results: list[Trained]) -> dict[str, float]:
    summary: dict[str, float] = {}
    for name in results[0].metrics:
        values = [result.metrics[name] for result in results]
        summary |= {f"{name}-mean": float(np.mean(values)), f"{name}-std": float(np.std(values))}
    return summary
