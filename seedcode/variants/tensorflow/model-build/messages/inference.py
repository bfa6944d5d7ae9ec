"""The inference script of the TensorFlow Serving container: records in, the model's inputs out, and its scores back.

The container calls these two functions by their names, around a call of TensorFlow Serving; `train` puts this file into
the archive's `code/`. TensorFlow itself is not there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from messages.answers import Decision, read_texts

JSON = "application/json"


def input_handler(data: Any, context: Any) -> str:
    """Return the request to TensorFlow Serving: the texts, which the model itself takes apart."""
    texts = read_texts(data.read().decode("utf-8"), context.request_content_type)
    return json.dumps({"instances": texts})


def output_handler(response: Any, context: Any) -> tuple[str, str]:
    """Return the answer to the scores that TensorFlow Serving gives, and its media type.

    Raises
    ------
    ValueError
        With what TensorFlow Serving says when it gives none.
    """
    if response.status_code != 200:
        raise ValueError(response.content.decode("utf-8"))
    scores = [row[0] for row in json.loads(response.content)["predictions"]]
    return json.dumps(Decision.read(Path(__file__).parent).predictions(scores)), JSON
