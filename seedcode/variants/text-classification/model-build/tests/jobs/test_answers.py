"""What the endpoint is asked and answers, and what training leaves for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from messages.answers import Decision, read_texts
from messages.labels import LABELS
from messages.message_errors import DataError
from messages.training_job import channel, hyperparameters, save_script, tell_quality

JSON = "application/json"


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ('{"text": "hello"}', ["hello"]),
        ('[{"text": "a"}, {"text": "b"}]', ["a", "b"]),
        ('{"instances": [{"text": "a"}]}', ["a"]),
    ],
)
def test_a_record_and_lists_of_records_are_read(body: str, texts: list[str]) -> None:
    assert read_texts(body, f"{JSON}; charset=utf-8") == texts


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        ("hello", "text/csv", "takes application/json, not text/csv"),
        ("[]", JSON, "neither a record nor a list of records"),
        ('[{"text": "a"}, {"text": 1}]', JSON, "record 1 is not of the form"),
        ("{", JSON, "Expecting property name"),
    ],
)
def test_anything_else_is_refused_in_words(body: str, content_type: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_texts(body, content_type)


def test_the_inference_script_lies_in_the_archive_with_what_it_imports(tmp_path: Path) -> None:
    decision = Decision(LABELS, 0.4)
    save_script(tmp_path, decision)
    assert (tmp_path / "code" / "inference.py").is_file()
    assert (tmp_path / "code" / "messages" / "answers.py").is_file()
    assert Decision.read(tmp_path / "code") == decision
    assert decision.predictions([0.4, 0.3]) == {
        "predictions": [{"score": 0.4, "label": "complaint"}, {"score": 0.3, "label": "other"}]
    }


@dataclass(frozen=True)
class Options:
    epochs: int
    rate: float


def test_hyperparameters_are_numbers_and_none_may_be_missing() -> None:
    assert hyperparameters(Options, ["--epochs", "2", "--rate", "0.1"]) == Options(2, 0.1)
    with pytest.raises(SystemExit):
        hyperparameters(Options, ["--epochs", "two"])


def test_a_channel_without_messages_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SM_CHANNEL_TRAIN", str(tmp_path))
    with pytest.raises(DataError, match="the channel train holds no messages"):
        channel("train")


def test_the_log_tells_what_the_metric_definitions_read(capsys: pytest.CaptureFixture[str]) -> None:
    tell_quality([("bad", "complaint"), ("good", "other")], [0.9, 0.1], 0.5)
    assert (
        capsys.readouterr().out == "validation-accuracy:1.0000 validation-f1:1.0000 validation-auc:1.0000\n"
    )
