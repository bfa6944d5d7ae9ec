"""A model's folder and texts in, scores out (to `evaluate`): by the code and on the processor that the endpoint has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from messages.answers import Scores
from messages.inference import model_fn


def score(folder: Path, texts: Sequence[str]) -> Scores:
    """Return what the model says of the texts."""
    classifier = model_fn(str(folder))
    return Scores(classifier.score([*texts]), classifier.decision.threshold)
