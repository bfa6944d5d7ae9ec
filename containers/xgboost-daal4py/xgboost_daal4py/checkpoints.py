"""A booster half-way in, a file that outlives an interruption out, and back; SageMaker copies it to and from S3."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import xgboost

FILE = "checkpoint.ubj"
SECONDS = 60.0
"""The least time between two checkpoints: a spot instance's end is announced two minutes before."""
RECIPE = "checkpoint_recipe"
HISTORY = "checkpoint_history"

History: TypeAlias = dict[int, dict[str, float]]
"""Metrics by round, for the rounds that were measured."""


@dataclass
class Progress:
    """What a job must know to go on: the booster, which counts its rounds itself, and what was measured on the way."""

    booster: xgboost.Booster
    history: History


@dataclass
class Checkpoints:
    """Keeps the latest state of one job in a folder; without that folder, which SageMaker makes, it keeps nothing."""

    folder: Path
    recipe: str
    """A job goes on only from a state of an equal recipe: the same data and hyperparameters."""
    seconds: float = SECONDS
    _saved: float = field(default_factory=time.monotonic)

    def load(self) -> Progress | None:
        """Return the state to go on from, if there is one."""
        if not self._path.is_file():
            return None
        booster = xgboost.Booster()
        try:
            booster.load_model(self._path)
        except xgboost.core.XGBoostError:
            _tell("checkpoint ignored", reason="it is damaged")
            return None
        if booster.attr(RECIPE) != self.recipe:
            _tell("checkpoint ignored", reason="it is of other data or hyperparameters")
            return None
        history = json.loads(booster.attr(HISTORY) or "{}")
        _tell("training resumed", rounds=booster.num_boosted_rounds())
        return Progress(booster, {int(number): metrics for number, metrics in history.items()})

    def save_if_due(self, progress: Progress) -> None:
        """Save the state when the last time is long enough ago."""
        if time.monotonic() - self._saved >= self.seconds:
            self.save(progress)

    def save(self, progress: Progress) -> None:
        """Save the state: all of it, or, when the machine goes away meanwhile, the one before stays."""
        self._saved = time.monotonic()
        if not self.folder.is_dir():
            return
        progress.booster.set_attr(**{RECIPE: self.recipe, HISTORY: json.dumps(progress.history)})
        part = self.folder / f".{FILE}"
        part.write_bytes(progress.booster.save_raw("ubj"))
        os.replace(part, self._path)
        progress.booster.set_attr(**{RECIPE: None, HISTORY: None})

    @property
    def _path(self) -> Path:
        return self.folder / FILE


def _tell(event: str, **facts: object) -> None:
    print(json.dumps({"event": event, **facts}), flush=True)
