"""The inference script's answers, as the container asks for them; the frameworks themselves are in its image alone."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from messages.answers import Decision
from messages.labels import LABELS

SCRIPT = "messages.inference"


class Context:
    """The model server's: keeps the status of the answer."""

    status = 200

    def set_response_status(self, code: int, phrase: str) -> None:
        self.status = code


@pytest.fixture
def inference(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    transformers = ModuleType("transformers")
    vars(transformers).update(AutoModelForSequenceClassification=None, AutoTokenizer=None)
    for framework in (ModuleType("torch"), transformers):
        monkeypatch.setitem(sys.modules, framework.__name__, framework)
    sys.modules.pop(SCRIPT, None)
    yield importlib.import_module(SCRIPT)
    del sys.modules[SCRIPT]


def test_texts_become_predictions(inference: Any) -> None:
    model, context = (
        SimpleNamespace(decision=Decision(LABELS, 0.5), score=lambda texts: [0.75, 0.25]),
        Context(),
    )
    texts = inference.input_fn('[{"text": "a"}, {"text": "b"}]', "application/json")
    answer = inference.output_fn(inference.predict_fn(texts, model, context), "application/json")
    assert answer == (
        '{"predictions": [{"score": 0.75, "label": "complaint"}, {"score": 0.25, "label": "other"}]}'
    )
    assert context.status == 200


def test_a_caller_s_mistake_is_raised_which_the_container_answers_with_400(inference: Any) -> None:
    with pytest.raises(ValueError, match="record 0 is not of the form"):
        inference.input_fn('[{"words": "a"}]', "application/json")


def test_a_failure_of_the_model_is_answered_with_500(inference: Any) -> None:
    def fail(texts: list[str]) -> list[float]:
        raise RuntimeError("out of memory")

    model, context = SimpleNamespace(decision=Decision(LABELS, 0.5), score=fail), Context()
    assert inference.predict_fn(["a"], model, context) == {"error": "the model failed: out of memory"}
    assert context.status == 500
