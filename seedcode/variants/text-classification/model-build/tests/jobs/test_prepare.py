"""The preparation: what goes into each part, what is dropped, and what is refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from messages.labels import COLUMNS, LABELS
from messages.message_errors import DataError, run_job
from messages.prepare import prepare, read_messages
from messages.synthetic import make_messages

HEADER = ",".join(COLUMNS)


def prepared(folder: Path, text: str) -> dict[str, list[tuple[str, str]]]:
    (folder / "data").mkdir()
    (folder / "data" / "messages.csv").write_text(text, encoding="utf-8")
    prepare(folder / "data", folder / "output")
    return {path.stem: read_messages(path) for path in (folder / "output").rglob("*.csv")}


def test_the_same_messages_are_made_each_time_and_some_are_complaints() -> None:
    assert make_messages(50) == make_messages(50)
    assert make_messages(50).splitlines()[0] == HEADER
    labels = Counter(line.rsplit(",", 1)[1] for line in make_messages().splitlines()[1:])
    assert {*labels} == {*LABELS}
    assert min(labels.values()) > 1000


def test_each_label_is_split_by_the_same_shares_and_no_message_is_in_two_parts(tmp_path: Path) -> None:
    parts = prepared(tmp_path, make_messages(1000))
    assert {name: len(part) for name, part in parts.items()} == {"train": 700, "validation": 150, "test": 150}
    shares = {name: sum(label == LABELS[1] for _, label in part) / len(part) for name, part in parts.items()}
    assert max(shares.values()) - min(shares.values()) < 0.02
    assert len({text for part in parts.values() for text, _ in part}) == 1000


def test_what_is_empty_or_there_twice_is_dropped_and_texts_stay_as_they_are(tmp_path: Path) -> None:
    more = '"  Äpfel,  ""gut"" ",other\n"äpfel, ""GUT""",other\n ,other\n'
    parts = prepared(tmp_path, make_messages(1000) + more)
    messages = [message for part in parts.values() for message in part]
    assert len(messages) == 1001
    assert ('  Äpfel,  "gut" ', "other") in messages


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("message,label\nhello,other\n", "has no column text: its first line is 'message,label'"),
        (f"{HEADER}\nhello,other\nhello,bad\n", "line 3: the label is 'bad', not other or complaint"),
        (f"{HEADER}\nhello,you,other\n", "line 2: 3 values, not 2"),
        (f"{HEADER}\nhello,other\n", "1 messages are labelled other, at least 100 are needed"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        prepared(tmp_path, text)


def test_a_job_that_is_given_the_wrong_data_says_so_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> None:
        raise DataError("line 3 is empty")

    assert run_job(refuse) == 1
    assert capsys.readouterr().err == "error: line 3 is empty\n"
    assert run_job(lambda: None) == 0
