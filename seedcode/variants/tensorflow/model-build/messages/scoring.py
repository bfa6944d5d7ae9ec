"""A model's folder and texts in, scores out (to `evaluate`): of the SavedModel that TensorFlow Serving serves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf
from messages.answers import Decision, Scores

SIGNATURE = "serving_default"
BATCH = 64


def score(folder: Path, texts: Sequence[str]) -> Scores:
    """Return what the model says of the texts."""
    (saved,) = folder.rglob("saved_model.pb")
    signature = tf.saved_model.load(str(saved.parent)).signatures[SIGNATURE]
    _, inputs = signature.structured_input_signature
    (name,) = inputs
    scores: list[float] = []
    for start in range(0, len(texts), BATCH):
        (answer,) = signature(**{name: tf.constant(texts[start : start + BATCH])}).values()
        scores += answer.numpy()[:, 0].tolist()
    return Scores(scores, Decision.read(folder / "code").threshold)
