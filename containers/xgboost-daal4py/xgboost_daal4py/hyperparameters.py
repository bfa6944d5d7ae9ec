"""The strings that SageMaker passes in, checked values out: XGBoost's own hyperparameters, and this trainer's few."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from xgboost_daal4py.errors import UserError

Value: TypeAlias = int | float | str | bool | list[str]
BINARY = ("binary:logistic", "binary:hinge")
MULTICLASS = ("multi:softmax", "multi:softprob")
RANKING = ("rank:ndcg", "rank:map", "rank:pairwise")
REGRESSION = (
    "count:poisson",
    "reg:gamma",
    "reg:tweedie",
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:logistic",
    "reg:pseudohubererror",
    "reg:absoluteerror",
    "survival:cox",
)
METRICS = (
    *(
        "auc",
        "aucpr",
        "cox-nloglik",
        "error",
        "gamma-deviance",
        "gamma-nloglik",
        "logloss",
        "mae",
        "map",
        "mape",
    ),
    *("merror", "mlogloss", "mphe", "ndcg", "poisson-nloglik", "pre", "rmse", "rmsle", "tweedie-nloglik"),
)
"""Some take a suffix: ``error@0.4``, ``ndcg@10``."""
MAXIMISED = ("auc", "aucpr", "map", "ndcg", "pre")
DEFAULT_ROUNDS = 100


class Kind(Protocol):
    """What values a hyperparameter may have."""

    @property
    def allowed(self) -> str:
        """In words, after "must be"."""

    def parse(self, text: str) -> Any:
        """Return the value; `ValueError` when the text is none."""


@dataclass(frozen=True)
class Number:
    """A number from ``low`` to ``high``; with ``above``, ``low`` itself is too low."""

    low: float = -math.inf
    high: float = math.inf
    above: bool = False

    kind: type[int] | type[float] = float
    noun: str = "a number"

    @property
    def allowed(self) -> str:
        words = [self.noun]
        if self.low > -math.inf:
            words.append(
                f"{'above' if self.above else 'from' if self.high < math.inf else 'of at least'} {self.low:.10g}"
            )
        if self.high < math.inf:
            words.append(f"{'and at most' if self.above else 'to'} {self.high:.10g}")
        return " ".join(words)

    def parse(self, text: str) -> int | float:
        value = self.kind(text)
        if not self.low <= value <= self.high or (self.above and value == self.low) or math.isinf(value):
            raise ValueError
        return value


def whole(low: float = -math.inf, high: float = 2**31 - 1) -> Number:
    """Return the kind of whole numbers from ``low`` to ``high``."""
    return Number(low, high, kind=int, noun="a whole number")


@dataclass(frozen=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return f"one of {', '.join(self.words)}"

    def parse(self, text: str) -> str:
        if text not in self.words:
            raise ValueError
        return text


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    allowed: str = "true or false"

    def parse(self, text: str) -> bool:
        return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


@dataclass(frozen=True)
class Pattern:
    """Text of a form that XGBoost reads itself."""

    form: str
    allowed: str

    def parse(self, text: str) -> str:
        if not re.fullmatch(self.form, text):
            raise ValueError
        return text


@dataclass(frozen=True)
class Metrics:
    """Evaluation metrics, parted by commas."""

    allowed: str = f"of {', '.join(METRICS)}, parted by commas"

    def parse(self, text: str) -> list[str]:
        names = [name.strip() for name in text.strip("[]").replace("'", "").replace('"', "").split(",")]
        if any(name.partition("@")[0] not in METRICS for name in names):
            raise ValueError
        return names


@dataclass(frozen=True)
class ClassWeights:
    """``balanced``, or a JSON object from class to weight."""

    allowed: str = '"balanced" or a JSON object like {"0": 1, "1": 5} of weights above 0'

    def parse(self, text: str) -> str | dict[int, float]:
        if text == "balanced":
            return text
        weights = {int(name): float(weight) for name, weight in json.loads(text).items()}
        if not weights or not all(0 < weight < math.inf for weight in weights.values()):
            raise ValueError
        return weights


@dataclass(frozen=True)
class Names:
    """A JSON list of different names."""

    allowed: str = 'a JSON list of different names like ["low", "high"]'

    def parse(self, text: str) -> tuple[str, ...]:
        names = tuple(json.loads(text))
        if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
            raise ValueError
        return names


@dataclass(frozen=True)
class Text:
    """Any text."""

    allowed: str = "text"

    def parse(self, text: str) -> str:
        return text


SHARE = Number(0, 1)
SHARE_ABOVE_0 = Number(0, 1, above=True)
POSITIVE = Number(0)
OBJECTIVES = (*BINARY, *MULTICLASS, *RANKING, *REGRESSION)
BOOSTER: Mapping[str, Kind] = {
    "alpha": POSITIVE,
    "base_score": Number(),
    "booster": Choice(("gbtree", "dart", "gblinear")),
    "colsample_bylevel": SHARE_ABOVE_0,
    "colsample_bynode": SHARE_ABOVE_0,
    "colsample_bytree": SHARE_ABOVE_0,
    "eta": SHARE,
    "eval_metric": Metrics(),
    "feature_selector": Choice(("cyclic", "shuffle", "random", "greedy", "thrifty")),
    "gamma": POSITIVE,
    "grow_policy": Choice(("depthwise", "lossguide")),
    "huber_slope": POSITIVE,
    "interaction_constraints": Pattern(
        r"\[(\[\d+(,\s*\d+)*\](,\s*)?)*\]", "lists of feature numbers like [[0,1],[2,3]]"
    ),
    "lambda": POSITIVE,
    "lambdarank_num_pair_per_sample": whole(1),
    "lambdarank_pair_method": Choice(("mean", "topk")),
    "max_bin": whole(2, 65_536),
    "max_delta_step": POSITIVE,
    "max_depth": whole(0, 64),
    "max_leaves": whole(0),
    "min_child_weight": POSITIVE,
    "monotone_constraints": Pattern(r"\((-?[01](,\s*-?[01])*)?\)", "a list of -1, 0 and 1 like (1,0,-1)"),
    "normalize_type": Choice(("tree", "forest")),
    "nthread": whole(1),
    "num_class": whole(2),
    "num_parallel_tree": whole(1),
    "objective": Choice(OBJECTIVES),
    "one_drop": Flag(),
    "rate_drop": SHARE,
    "sample_type": Choice(("uniform", "weighted")),
    "scale_pos_weight": Number(0, above=True),
    "seed": whole(0),
    "skip_drop": SHARE,
    "subsample": SHARE_ABOVE_0,
    "top_k": whole(0),
    "tree_method": Choice(("auto", "hist", "approx", "exact")),
    "tweedie_variance_power": Number(1, 2, above=True),
    "updater": Choice(("coord_descent", "shotgun")),
}
"""Handed to XGBoost. https://xgboost.readthedocs.io explains them."""
OWN: Mapping[str, Kind] = {
    "class_labels": Names(),
    "class_weights": ClassWeights(),
    "early_stopping_rounds": whole(1),
    "external_memory": Choice(("auto", "always", "never")),
    "host_timeout": whole(5, 86_400),
    "k_fold": whole(2, 100),
    "negative_label": Text(),
    "num_round": whole(1, 1_000_000),
    "positive_label": Text(),
    "tracker_port": whole(1024, 65_535),
}
KINDS = {**BOOSTER, **OWN}


@dataclass(frozen=True)
class Hyperparameters:
    """What a training job may be told."""

    num_round: int = DEFAULT_ROUNDS
    booster: Mapping[str, Value] = field(default_factory=dict)
    """Those that XGBoost takes."""
    positive_label: str = "True"
    negative_label: str = "False"
    class_labels: tuple[str, ...] = ()
    """Of a multiclass model, in the order of its classes."""
    class_weights: Literal["balanced"] | Mapping[int, float] | None = None
    early_stopping_rounds: int = 0
    """Stop when the last metric has not become better for so many rounds; 0: never."""
    k_fold: int = 0
    external_memory: Literal["auto", "always", "never"] = "auto"
    host_timeout: int = 600
    """Seconds for which the hosts of a job wait for one another."""
    tracker_port: int = 9099
    """Where the first of several hosts listens for the others."""

    @classmethod
    def parse(cls, document: Mapping[str, str]) -> Hyperparameters:
        """Read SageMaker's string values.

        Names that begin with an underscore are the platform's own (a tuning job passes one) and left alone.

        Raises
        ------
        UserError
            Naming a hyperparameter that is unknown, and what one may be that is wrong.
        """
        values = {name: _parse(name, text) for name, text in document.items() if not name.startswith("_")}
        parsed = cls(
            booster={name: value for name, value in values.items() if name in BOOSTER},
            **{name: value for name, value in values.items() if name in OWN},
        )
        parsed._check_together()
        return parsed

    @property
    def objective(self) -> str:
        return str(self.booster.get("objective", BINARY[0]))

    @property
    def classes(self) -> int:
        """How many classes the labels may have; 0 where labels are no classes."""
        if self.objective in MULTICLASS:
            return int(str(self.booster["num_class"]))
        return 2 if self.objective in BINARY else 0

    def _check_together(self) -> None:
        multiclass = self.objective in MULTICLASS
        if multiclass != ("num_class" in self.booster):
            wanted = "needs" if multiclass else "takes no"
            raise UserError(f"the objective {self.objective} {wanted} hyperparameter 'num_class'")
        if self.class_labels and (not multiclass or len(self.class_labels) != self.classes):
            wanted = f"{self.classes} names" if multiclass else "a multiclass objective"
            raise UserError(f"hyperparameter 'class_labels' needs {wanted}")
        if self.class_weights and not self.classes:
            raise UserError(f"hyperparameter 'class_weights' needs classes, {self.objective} has none")
        if isinstance(self.class_weights, Mapping) and max(self.class_weights) >= self.classes:
            raise UserError(f"hyperparameter 'class_weights' names classes beyond {self.classes - 1}")
        if self.booster.get("booster") == "gblinear" and self.early_stopping_rounds:
            raise UserError(
                "hyperparameter 'early_stopping_rounds' needs trees: gblinear keeps no earlier round"
            )


def _parse(name: str, text: str) -> Any:
    if name not in KINDS:
        close = difflib.get_close_matches(name, KINDS, n=1)
        hint = f"did you mean {close[0]!r}? known" if close else "known"
        raise UserError(f"unknown hyperparameter {name!r}; {hint} are {', '.join(sorted(KINDS))}")
    try:
        return KINDS[name].parse(text.strip())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"hyperparameter {name!r} must be {KINDS[name].allowed}, not {text!r}") from error
