"""What a text model is asked and answers, on any framework: records in, texts out; scores in, predictions out.

It travels in the model's archive, beside the inference script that imports it: standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILE = "decision.json"


@dataclass(frozen=True)
class Decision:
    """How a score becomes a label.

    Attributes
    ----------
    labels
        The names of the two classes; a score is how sure the model is of the second.
    threshold
        From which score on it is the second.
    """

    labels: tuple[str, str]
    threshold: float

    @classmethod
    def read(cls, folder: Path) -> Decision:
        """Return what `write` left in a folder."""
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return cls(labels=tuple(found["labels"]), threshold=float(found["threshold"]))

    def write(self, folder: Path) -> None:
        """Leave it in a folder, for the inference script."""
        (folder / FILE).write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")

    def predictions(self, scores: Sequence[float]) -> dict[str, list[dict[str, Any]]]:
        """Return the answer to a request."""
        return {
            "predictions": [
                {"score": score, "label": self.labels[score >= self.threshold]} for score in scores
            ]
        }


@dataclass(frozen=True)
class Scores:
    """What a model says of texts, and from which score on it calls them the second label."""

    scores: list[float]
    threshold: float


def read_texts(body: str, content_type: str) -> list[str]:
    """Return the texts of a request: a record, a list of them, or `{"instances": [...]}`.

    Raises
    ------
    ValueError
        Saying which record is none.
    """
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise ValueError(f"the model takes application/json, not {content_type or 'nothing'}")
    asked = json.loads(body)
    if isinstance(asked, dict):
        asked = asked.get("instances", [asked])
    if not isinstance(asked, list) or not asked:
        raise ValueError("the request is neither a record nor a list of records")
    for number, record in enumerate(asked):
        if not isinstance(record, dict) or not isinstance(record.get("text"), str):
            raise ValueError(f'record {number} is not of the form {{"text": "..."}}')
    return [record["text"] for record in asked]
