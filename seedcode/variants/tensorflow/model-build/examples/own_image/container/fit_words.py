"""Training script of the image: messages in, which words tell a complaint (a SavedModel, text in, score out) out."""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf


def read(folder: Path) -> tuple[Any, Any]:
    """Return the texts of a channel, and 1 for each complaint."""
    rows = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                rows += list(csv.DictReader(file))
    if not rows:
        raise SystemExit(f"there are no messages in {folder}")
    labels = [[float(row["label"].strip() == "complaint")] for row in rows]
    return tf.constant([row["text"] for row in rows]), tf.constant(labels)


def train(root: Path) -> None:
    """Train on what SageMaker has put below ``/opt/ml``, and leave the model there."""
    options = json.loads((root / "input/config/hyperparameters.json").read_text())
    keras.utils.set_random_seed(1)
    texts, labels = read(root / "input/data/train")
    words = keras.layers.TextVectorization(max_tokens=int(options["words"]), output_mode="multi_hot")
    words.adapt(texts)
    given = keras.Input(shape=(), dtype="string", name="text")
    model = keras.Model(given, keras.layers.Dense(1, activation="sigmoid")(words(given)))
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    history = model.fit(texts, labels, batch_size=32, epochs=int(options["epochs"]), verbose=0).history
    print(f"train-loss:{history['loss'][-1]:.4f}", flush=True)
    model.export(str(root / "model/words/1"))


if __name__ == "__main__":
    if sys.argv[1:] != ["train"]:
        raise SystemExit(f"this image has the command train, not {' '.join(sys.argv[1:])}")
    train(Path(os.environ.get("ML_ROOT", "/opt/ml")))
