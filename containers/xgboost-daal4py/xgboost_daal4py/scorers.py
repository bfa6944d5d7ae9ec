"""A booster in, the quickest way to score it out: oneDAL where it agrees with XGBoost, XGBoost itself elsewhere."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

import daal4py
import daal4py.mb
import numpy as np
import numpy.typing as npt
import xgboost

from xgboost_daal4py.errors import InvalidRecords, Problem
from xgboost_daal4py.features import Matrix
from xgboost_daal4py.model_files import LearnerFacts, read_learner

Scores: TypeAlias = npt.NDArray[np.floating]
"""One number a row, or a row of numbers: a probability per class, a value per target."""

TOLERANCE = 1e-5
"""How far a converted model may be from XGBoost's own answer (times the answer where that is above 1)."""
PROBE_ROWS = 256
PROBE_SEED = 20_240_601
MISSING_SHARE = 0.1
MANY_ROWS = 500
"""From here on the work is worth more than one thread."""

Link: TypeAlias = Callable[[Scores], Scores]


def _identity(margins: Scores) -> Scores:
    return margins


def _sigmoid(margins: Scores) -> Scores:
    return 1 / (1 + np.exp(-margins))


LINKS: Mapping[str, Link] = {
    "binary:logitraw": _identity,
    "count:poisson": np.exp,
    "rank:map": _identity,
    "rank:ndcg": _identity,
    "rank:pairwise": _identity,
    "reg:absoluteerror": _identity,
    "reg:gamma": np.exp,
    "reg:logistic": _sigmoid,
    "reg:pseudohubererror": _identity,
    "reg:quantileerror": _identity,
    "reg:squarederror": _identity,
    "reg:squaredlogerror": _identity,
    "reg:tweedie": np.exp,
    "survival:aft": np.exp,
}
"""What turns the sum of the leaves into XGBoost's prediction, for objectives that oneDAL scores as a regression."""
CLASSIFICATIONS = ("binary:logistic", "multi:softprob", "multi:softmax")
PLAIN_MARGIN = ("binary:logitraw", "rank:map", "rank:ndcg", "rank:pairwise")
"""Objectives that the converter refuses or bends although their prediction is the plain sum of the leaves."""


class Scorer(Protocol):
    """Scores processed features; safe to share between threads."""

    name: str

    def score(self, matrix: Matrix) -> Scores:
        """Return one score, or one row of scores, per row of a contiguous matrix."""


def choose_scorer(booster: xgboost.Booster) -> tuple[Scorer, str]:
    """Return the scorer for a booster and, when that is XGBoost, why.

    A converted model is compared with XGBoost on rows made of the model's own thresholds before it is trusted.
    """
    reference = XGBoostScorer(booster)
    facts = read_learner(booster)
    reason = _find_obstacle(booster, facts)
    if reason:
        return reference, reason
    try:
        converted = OneDalScorer(booster, facts)
    except Exception as error:
        # The converter raises whatever its parsing of a model stumbles over; each means the same to us.
        return reference, f"daal4py cannot convert it: {error}"
    probe = make_probe(booster)
    wanted, got = reference.score(probe), converted.score(probe)
    if wanted.shape != got.shape:
        return reference, f"daal4py answers in shape {got.shape}, XGBoost in {wanted.shape}"
    difference = float((np.abs(wanted - got) / np.maximum(1, np.abs(wanted))).max())
    if not difference <= TOLERANCE:
        return reference, f"daal4py's answers differ from XGBoost's by {difference:.2g}"
    return converted, ""


_CORES = os.cpu_count() or 1
_threads = 0


def _use_threads(count: int) -> None:
    """Set the threads of oneDAL, which are the process's: waking one for a single row costs as much as the row."""
    global _threads
    if count != _threads:
        daal4py.daalinit(nthreads=count)
        _threads = count


class OneDalScorer:
    """A booster converted to oneDAL."""

    name = "daal4py"

    def __init__(self, booster: xgboost.Booster, facts: LearnerFacts) -> None:
        source = _as_regression(booster) if facts.objective in PLAIN_MARGIN else booster
        converted = daal4py.mb.convert_model(source)
        self._model = converted.daal_model_
        self._classes = int(converted.n_classes_)
        self._binary = facts.objective == "binary:logistic"
        self._link = None if facts.objective in CLASSIFICATIONS else LINKS[facts.objective]
        self._local = threading.local()

    def score(self, matrix: Matrix) -> Scores:
        """Score rows; one row costs some microseconds, all of them in this thread."""
        if len(matrix) > 1:
            _use_threads(_CORES if len(matrix) >= MANY_ROWS else 1)
            return self._read(self._make_algorithm().compute(matrix, self._model))
        _use_threads(1)
        # An algorithm writes its answers into the memory of its first one: it can serve one shape and one thread.
        try:
            algorithm = self._local.algorithm
        except AttributeError:
            algorithm = self._local.algorithm = self._make_algorithm()
        return self._read(algorithm.compute(matrix, self._model)).copy()

    def _make_algorithm(self) -> Any:
        if self._link is not None:
            return daal4py.gbt_regression_prediction(fptype="float")
        return daal4py.gbt_classification_prediction(
            nClasses=self._classes, fptype="float", resultsToEvaluate="computeClassProbabilities"
        )

    def _read(self, result: Any) -> Scores:
        if self._link is not None:
            return self._link(result.prediction[:, 0])
        probabilities: Scores = result.probabilities
        return probabilities[:, 1] if self._binary else probabilities


class XGBoostScorer:
    """The booster itself, one call at a time: not every kind of booster may be shared between threads."""

    name = "xgboost"

    def __init__(self, booster: xgboost.Booster) -> None:
        facts = read_learner(booster)
        if facts.objective == "multi:softmax":
            booster = booster.copy()
            booster.set_param({"objective": "multi:softprob"})
        self._booster = booster
        self._linear = facts.kind == "gblinear"
        self._threads = 0
        self._lock = threading.Lock()

    def score(self, matrix: Matrix) -> Scores:
        """Score rows.

        Raises
        ------
        InvalidRecords
            When XGBoost refuses a value, such as a category below zero.
        """
        with self._lock:
            self._use_threads(1 if len(matrix) < MANY_ROWS else os.cpu_count() or 1)
            try:
                if self._linear:
                    return self._predict(matrix)
                scores: Scores = self._booster.inplace_predict(matrix)
            except xgboost.core.XGBoostError as error:
                raise InvalidRecords(
                    [Problem(None, None, f"XGBoost refuses the rows: {last_line(error)}")]
                ) from error
        return scores

    def contributions(self, matrix: Matrix) -> Scores:
        """Return what every feature adds to the margin (SHAP), the bias last; a further axis for classes."""
        with self._lock:
            try:
                return self._predict(matrix, pred_contribs=True)
            except xgboost.core.XGBoostError as error:
                raise InvalidRecords(
                    [Problem(None, None, f"XGBoost cannot explain: {last_line(error)}")]
                ) from error

    def _use_threads(self, count: int) -> None:
        """Waking threads for a few rows costs many times the work."""
        if count != self._threads:
            self._booster.set_param({"nthread": count})
            self._threads = count

    def _predict(self, matrix: Matrix, **options: bool) -> Scores:
        data = xgboost.DMatrix(
            matrix, feature_names=self._booster.feature_names, feature_types=self._booster.feature_types
        )
        scores: Scores = self._booster.predict(data, **options)
        return scores


def last_line(error: Exception) -> str:
    """Return what XGBoost says, without its stack trace and source lines."""
    lines = [
        line for line in str(error).splitlines() if line and not line.lstrip().startswith(("[bt]", "Stack"))
    ]
    return lines[-1].strip() if lines else str(error)


def make_probe(booster: xgboost.Booster) -> Matrix:
    """Make rows of the model's own thresholds, hit exactly and just missed, with missing values among them."""
    random = np.random.default_rng(PROBE_SEED)
    thresholds = _thresholds(booster)
    probe = np.zeros((PROBE_ROWS, booster.num_features()), dtype=np.float32)
    for feature, values in thresholds.items():
        below = np.nextafter(values, np.float32(-np.inf))
        probe[:, feature] = random.choice(np.concatenate([values, below]), PROBE_ROWS)
    probe[random.random(probe.shape) < MISSING_SHARE] = np.nan
    return probe


def _thresholds(booster: xgboost.Booster) -> dict[int, Matrix]:
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    found: dict[int, set[float]] = {}
    for tree in model.get("gbtree", model)["model"]["trees"]:
        inner = (left >= 0 for left in tree["left_children"])
        for feature, value, split in zip(tree["split_indices"], tree["split_conditions"], inner, strict=True):
            if split:
                found.setdefault(feature, set()).add(value)
    return {feature: np.array(sorted(values), dtype=np.float32) for feature, values in found.items()}


def _find_obstacle(booster: xgboost.Booster, facts: LearnerFacts) -> str:
    if facts.kind != "gbtree":
        return f"daal4py does not know the booster {facts.kind}"
    if facts.objective not in (*CLASSIFICATIONS, *LINKS):
        return f"daal4py does not know the objective {facts.objective}"
    if "c" in (booster.feature_types or ()):
        return "daal4py does not know categorical features"
    return ""


def _as_regression(booster: xgboost.Booster) -> xgboost.Booster:
    document = json.loads(booster.save_raw("json"))
    document["learner"]["objective"] = {
        "name": "reg:squarederror",
        "reg_loss_param": {"scale_pos_weight": "1"},
    }
    return xgboost.Booster(model_file=bytearray(json.dumps(document).encode()))
