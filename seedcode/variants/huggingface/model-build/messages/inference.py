"""The inference script of the Hugging Face container: a model's folder and requests in, predictions out.

The container calls these functions by their names; `train` puts this file into the archive's `code/`. What they raise
it answers with 400, as a caller's mistake.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from messages.answers import Decision, read_texts
from transformers import AutoModelForSequenceClassification, AutoTokenizer

BATCH = 64


@dataclass(frozen=True)
class Classifier:
    """A tokenizer with its model, and how scores become labels."""

    tokenizer: Any
    model: Any
    decision: Decision

    def score(self, texts: list[str]) -> list[float]:
        """Return how sure the model is of the second label, for each text."""
        scores: list[float] = []
        for start in range(0, len(texts), BATCH):
            tokens = self.tokenizer(
                texts[start : start + BATCH], padding=True, truncation=True, return_tensors="pt"
            )
            with torch.inference_mode():
                logits = self.model(**tokens).logits
            scores += torch.softmax(logits, dim=-1)[:, 1].tolist()
        return scores


def model_fn(model_dir: str) -> Classifier:
    """Return the model of an archive that was unpacked into a folder; nothing comes from anywhere else."""
    return Classifier(
        tokenizer=AutoTokenizer.from_pretrained(model_dir, local_files_only=True),
        model=AutoModelForSequenceClassification.from_pretrained(
            model_dir, local_files_only=True, use_safetensors=True
        ).eval(),
        decision=Decision.read(Path(model_dir) / "code"),
    )


def input_fn(input_data: str, content_type: str) -> list[str]:
    """Return the texts of a request."""
    return read_texts(input_data, content_type)


def predict_fn(data: list[str], model: Classifier, context: Any) -> dict[str, Any]:
    """Return the answer to texts; a failure of the model itself is answered with 500, which alarms see.

    Parameters
    ----------
    data
        What `input_fn` has read: nothing is wrong with it.
    model
        What `model_fn` has loaded.
    context
        The model server's, of the request.
    """
    try:
        return model.decision.predictions(model.score(data))
    except Exception as error:
        logging.getLogger(__name__).exception("the model failed")
        context.set_response_status(code=500, phrase="Internal Server Error")
        return {"error": f"the model failed: {error}"}


def output_fn(prediction: dict[str, Any], accept: str) -> str:
    """Return the answer's JSON, whatever is asked for: there is no other form."""
    return json.dumps(prediction)
