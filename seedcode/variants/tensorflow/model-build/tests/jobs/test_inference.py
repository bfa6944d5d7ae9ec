"""The inference script, as the container calls it around TensorFlow Serving."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from messages import inference
from messages.answers import Decision
from messages.labels import LABELS

CONTEXT = SimpleNamespace(request_content_type="application/json", accept_header="application/json")


def test_records_become_the_texts_that_the_model_takes() -> None:
    body = inference.input_handler(io.BytesIO('[{"text": "Grüß Gott"}, {"text": "b"}]'.encode()), CONTEXT)
    assert json.loads(body) == {"instances": ["Grüß Gott", "b"]}


def test_scores_become_predictions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "__file__", str(tmp_path / "inference.py"))
    Decision(LABELS, 0.5).write(tmp_path)
    answered = SimpleNamespace(status_code=200, content=b'{"predictions": [[0.75], [0.25]]}')
    body, media_type = inference.output_handler(answered, CONTEXT)
    assert json.loads(body)["predictions"] == [
        {"score": 0.75, "label": "complaint"},
        {"score": 0.25, "label": "other"},
    ]
    assert media_type == "application/json"


def test_what_tensorflow_serving_says_is_passed_on() -> None:
    with pytest.raises(ValueError, match="no such signature"):
        inference.output_handler(SimpleNamespace(status_code=400, content=b"no such signature"), CONTEXT)
