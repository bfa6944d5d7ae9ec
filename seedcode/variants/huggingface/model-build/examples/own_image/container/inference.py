"""Texts in, how likely each is a complaint out: for `fit_words`, and for the endpoint's container.

The container calls the functions whose names end in `_fn`; training puts this file into the archive's `code/`. Words
are known by a hash, so that there is no vocabulary to keep; the first row of the model counts for every text.
"""

from __future__ import annotations

import json
import re
import zlib
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

WEIGHTS = "model.safetensors"


def make(words: int) -> Any:
    """Return an untrained model that tells so many words apart."""
    model = torch.nn.EmbeddingBag(words, 1, mode="sum")
    torch.nn.init.zeros_(model.weight)
    return model


def ask(model: Any, texts: list[str]) -> Any:
    """Return what the model says of each text: above zero, a complaint."""
    rows = model.num_embeddings - 1
    bags = [
        [0, *(1 + zlib.crc32(word.encode()) % rows for word in re.findall(r"[\w']+", text.lower()))]
        for text in texts
    ]
    starts = [0, *accumulate(map(len, bags))][:-1]
    return model(torch.tensor([row for bag in bags for row in bag]), torch.tensor(starts))[:, 0]


def save(model: Any, folder: Path) -> None:
    """Write what `model_fn` reads."""
    save_file(model.state_dict(), folder / WEIGHTS)


def model_fn(model_dir: str) -> Any:
    """Return the model of an archive that was unpacked into a folder."""
    weights = load_file(Path(model_dir) / WEIGHTS)
    model = make(len(weights["weight"]))
    model.load_state_dict(weights)
    return model.eval()


def input_fn(input_data: str, content_type: str) -> list[str]:
    """Return the texts of a request, a list of records."""
    return [record["text"] for record in json.loads(input_data)]


def predict_fn(data: list[str], model: Any) -> dict[str, Any]:
    """Return the answer to texts."""
    with torch.inference_mode():
        scores = torch.sigmoid(ask(model, data)).tolist()
    labels = ("other", "complaint")
    return {"predictions": [{"score": score, "label": labels[score >= 0.5]} for score in scores]}


def output_fn(prediction: dict[str, Any], accept: str) -> str:
    """Return the answer's JSON."""
    return json.dumps(prediction)
