"""Training job in the TensorFlow container: messages in; a small Keras model, out as a SavedModel."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from messages.answers import Decision
from messages.labels import LABELS
from messages.message_errors import run_job
from messages.prepare import Message
from messages.training_job import channel, hyperparameters, model_folder, save_script, tell_quality

VERSION = "1"
NAME = "messages"


@dataclass(frozen=True)
class Options:
    """The hyperparameters."""

    epochs: int
    batch_size: int
    learning_rate: float
    width: int
    vocabulary: int
    longest: int
    threshold: float
    seed: int


def train(training: list[Message], validation: list[Message], options: Options) -> Any:
    """Return a model of the training messages; the log tells how good it is on the others."""
    keras.utils.set_random_seed(options.seed)
    texts = tf.constant([text for text, _ in training])
    model = build(texts, options)
    model.compile(optimizer=keras.optimizers.Adam(options.learning_rate), loss="binary_crossentropy")
    labels = tf.constant([[float(label == LABELS[1])] for _, label in training])
    for epoch in range(1, options.epochs + 1):
        history = model.fit(texts, labels, batch_size=options.batch_size, verbose=0).history
        print(f"epoch {epoch} train-loss:{history['loss'][0]:.4f}", flush=True)
    scores = model.predict(tf.constant([text for text, _ in validation]), verbose=0)[:, 0].tolist()
    tell_quality(validation, scores, options.threshold)
    return model


def build(texts: Any, options: Options) -> Any:
    """Return an untrained model, whose first layer knows the words of the texts: it takes texts as they are."""
    words = keras.layers.TextVectorization(
        max_tokens=options.vocabulary, output_sequence_length=options.longest
    )
    words.adapt(texts)
    given = keras.Input(shape=(), dtype="string", name="text")
    layer = keras.layers.Embedding(options.vocabulary, options.width)(words(given))
    layer = keras.layers.GlobalAveragePooling1D()(layer)
    layer = keras.layers.Dense(options.width, activation="relu")(layer)
    return keras.Model(given, keras.layers.Dense(1, activation="sigmoid", name="score")(layer))


def save(model: Any, decision: Decision, folder: Path) -> None:
    """Write the model as the container expects it: a SavedModel below its version, and the script in `code/`."""
    model.export(str(folder / NAME / VERSION))
    save_script(folder, decision)


def run() -> None:
    """Do the job."""
    options = hyperparameters(Options)
    model = train(channel("train"), channel("validation"), options)
    save(model, Decision(LABELS, options.threshold), model_folder())
    print(json.dumps({"event": "model saved", "parameters": model.count_params()}), flush=True)


if __name__ == "__main__":
    sys.exit(run_job(run, "failure"))
