"""The `train` command: processed channels and hyperparameters in, the model's three files out in /opt/ml/model."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost

from xgboost_daal4py import __name__ as package_name
from xgboost_daal4py.errors import InvalidRecords, UserError
from xgboost_daal4py.features import FeatureTransform, Matrix
from xgboost_daal4py.job import run_job
from xgboost_daal4py.matrix import parse_matrix
from xgboost_daal4py.model_files import OBJECTIVE, Model, ModelInfo, load_transform, save_model
from xgboost_daal4py.settings import Settings

LABEL = "label"
LINES_OF_PROGRESS = 10
DEFAULT_ROUNDS = 100
ROWS_PER_THREAD = 20_000
"""On fewer rows a further thread costs more than it gives."""
BOOSTER_HYPERPARAMETERS: Mapping[str, Callable[[str], int | float]] = {
    "alpha": float,
    "colsample_bylevel": float,
    "colsample_bynode": float,
    "colsample_bytree": float,
    "eta": float,
    "gamma": float,
    "lambda": float,
    "max_delta_step": float,
    "max_depth": int,
    "min_child_weight": float,
    "num_parallel_tree": int,
    "scale_pos_weight": float,
    "seed": int,
    "subsample": float,
}


@dataclass(frozen=True)
class Hyperparameters:
    """What a training job may be told."""

    num_round: int
    booster: Mapping[str, int | float]
    positive_label: str
    negative_label: str

    @classmethod
    def parse(cls, document: Mapping[str, str]) -> Hyperparameters:
        """Read SageMaker's string values; an unknown name or a wrong value is named."""
        known = {*BOOSTER_HYPERPARAMETERS, "num_round", "positive_label", "negative_label"}
        for name in document:
            if name not in known:
                raise UserError(f"unknown hyperparameter {name!r}; known are {', '.join(sorted(known))}")
        num_round = _parse_number("num_round", document.get("num_round", str(DEFAULT_ROUNDS)), int)
        if num_round < 1:
            raise UserError(f"hyperparameter 'num_round' must be at least 1, not {num_round}")
        return cls(
            num_round=int(num_round),
            booster={
                name: _parse_number(name, document[name], kind)
                for name, kind in BOOSTER_HYPERPARAMETERS.items()
                if name in document
            },
            positive_label=document.get("positive_label", "True"),
            negative_label=document.get("negative_label", "False"),
        )


def main() -> int:
    """Run a training job as SageMaker starts it; returns the exit code."""
    settings = Settings.from_environment()
    return run_job(lambda: train(settings), settings.ml_root / "output" / "failure")


def train(settings: Settings) -> None:
    """Train on the channels ``train``, ``validation`` and ``transform`` and write the model."""
    config = settings.ml_root / "input" / "config"
    _refuse_several_hosts(config / "resourceconfig.json")
    hyperparameters = Hyperparameters.parse(_read_strings(config / "hyperparameters.json"))
    channels = settings.ml_root / "input" / "data"
    transform = load_transform(_only_file(channels / "transform"))
    training = _read_channel(channels / "train", transform)
    validation = _read_channel(channels / "validation", transform)
    booster, metrics = fit_booster(hyperparameters, transform, training, validation)
    scores = booster.inplace_predict(validation.features)
    provenance = {
        "training_job": settings.training_job_name,
        "hyperparameters": {"num_round": hyperparameters.num_round, **hyperparameters.booster},
        "train": {"rows": len(training.labels), "sha256": training.sha256},
        "validation": {"rows": len(validation.labels), "sha256": validation.sha256},
        "versions": {"xgboost": xgboost.__version__},
        "trained_by": package_name,
    }
    info = ModelInfo(
        threshold=choose_threshold(validation.labels, scores),
        positive_label=hyperparameters.positive_label,
        negative_label=hyperparameters.negative_label,
        metrics=metrics,
        provenance=provenance,
    )
    settings.model_folder.mkdir(parents=True, exist_ok=True)
    save_model(Model(booster, transform, info), settings.model_folder)
    print(json.dumps({"event": "model trained", "threshold": info.threshold, "metrics": metrics}), flush=True)


def choose_threshold(labels: npt.NDArray[np.float32], scores: npt.NDArray[np.float32]) -> float:
    """Return the threshold with the best F1, half-way between the two scores that it parts.

    Parameters
    ----------
    labels
        1 for positive, 0 for negative; of data that the booster was not trained on.
    scores
        The booster's probabilities for the same rows.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order].astype(np.float64)
    below = np.append(ranked[1:], 0.0)
    f1 = 2 * np.cumsum(labels[order]) / (np.arange(1, len(ranked) + 1) + labels.sum())
    best = int(np.where(ranked > below, f1, -1.0).argmax())
    return round(float(ranked[best] + below[best]) / 2, 6)


@dataclass(frozen=True)
class Channel:
    """A labelled, processed data set."""

    features: Matrix
    labels: npt.NDArray[np.float32]
    sha256: str = ""
    """Of the file that it was read from, if it was."""


def fit_booster(
    hyperparameters: Hyperparameters,
    transform: FeatureTransform,
    training: Channel,
    validation: Channel,
    progress: bool = True,
) -> tuple[xgboost.Booster, dict[str, float]]:
    """Train a booster and measure it on the validation set, which it does not learn from.

    Parameters
    ----------
    hyperparameters
        What the job was told.
    transform
        The transform that made the features; the booster takes their names from it.
    training, validation
        The two data sets.
    progress
        Whether to print metrics on the way.
    """
    history: dict[str, dict[str, list[float]]] = {}
    parameters: dict[str, Any] = {
        "objective": OBJECTIVE,
        "eval_metric": ["logloss", "auc"],
        "nthread": min(os.cpu_count() or 1, 1 + len(training.labels) // ROWS_PER_THREAD),
        **hyperparameters.booster,
    }
    try:
        booster = xgboost.train(
            parameters,
            xgboost.DMatrix(training.features, training.labels),
            num_boost_round=hyperparameters.num_round,
            evals=[(xgboost.DMatrix(validation.features, validation.labels), "validation")],
            evals_result=history,
            verbose_eval=max(1, hyperparameters.num_round // LINES_OF_PROGRESS) if progress else False,
        )
    except xgboost.core.XGBoostError as error:
        raise UserError(f"XGBoost refuses the hyperparameters: {_last_line(error)}") from error
    booster.feature_names = [_plain_name(name) for name in transform.names]
    return booster, {f"validation_{name}": values[-1] for name, values in history["validation"].items()}


def _plain_name(name: str) -> str:
    """XGBoost refuses these characters in feature names."""
    return name.translate(str.maketrans("[]<", "()_"))


def _last_line(error: Exception) -> str:
    lines = [
        line for line in str(error).splitlines() if line and not line.lstrip().startswith(("[bt]", "Stack"))
    ]
    return lines[-1].strip() if lines else str(error)


def _read_channel(folder: Path, transform: FeatureTransform) -> Channel:
    content = _only_file(folder).read_bytes()
    try:
        matrix = parse_matrix(content.decode("utf-8").splitlines(), (LABEL, *transform.names))
    except InvalidRecords as error:
        first = error.problems[0]
        where = "" if first.record is None else f"row {first.record + 1}, {first.column or 'width'}: "
        raise UserError(f"channel {folder.name!r}: {where}{first.message}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"channel {folder.name!r}: the file is not UTF-8 text") from error
    labels = matrix[:, 0]
    if not np.isin(labels, (0.0, 1.0)).all():
        raise UserError(f"channel {folder.name!r}: the first value of every row must be the label, 0 or 1")
    if len(set(labels.tolist())) < 2:
        raise UserError(f"channel {folder.name!r}: all labels are equal; both classes must occur")
    return Channel(np.ascontiguousarray(matrix[:, 1:]), labels, hashlib.sha256(content).hexdigest())


def _only_file(folder: Path) -> Path:
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    if len(files) != 1:
        raise UserError(f"channel {folder.name!r} must hold exactly one file, it holds {len(files)}")
    return files[0]


def _refuse_several_hosts(path: Path) -> None:
    hosts = _read_object(path).get("hosts", [])
    if len(hosts) > 1:
        raise UserError(
            f"this trainer works on one instance, but the job has {len(hosts)}: set the count to 1"
        )


def _read_strings(path: Path) -> dict[str, str]:
    return {name: str(value) for name, value in _read_object(path).items()}


def _read_object(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path.name} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise UserError(f"{path.name} must hold a JSON object")
    return document


def _parse_number(name: str, text: str, kind: Callable[[str], int | float]) -> int | float:
    try:
        return kind(text)
    except ValueError as error:
        wanted = "a whole number" if kind is int else "a number"
        raise UserError(f"hyperparameter {name!r} must be {wanted}, not {text!r}") from error
