"""Processing job: a model and messages that it never saw in; metrics and golden records out (to the condition)."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from messages.answers import Scores
from messages.labels import LABELS
from messages.measures import measure
from messages.message_errors import DataError, run_job
from messages.prepare import Message, read_messages

GOLDEN_RECORDS = 20
Scorer: TypeAlias = Callable[[Path, Sequence[str]], Scores]


def evaluate(archive: Path, source: Path, target: Path, score: Scorer) -> None:
    """Score the test messages as the endpoint will, and write evaluation.json and golden.jsonl."""
    test = [message for path in sorted(source.glob("*.csv")) for message in read_messages(path)]
    with tempfile.TemporaryDirectory() as folder:
        _unpack(archive, Path(folder))
        answer = score(Path(folder), [text for text, _ in test])
    truth = [label == LABELS[1] for _, label in test]
    document = measure(truth, answer.scores, answer.threshold)
    target.mkdir(parents=True, exist_ok=True)
    _write(target / "evaluation.json", json.dumps(document, indent=1) + "\n")
    _write(target / "golden.jsonl", format_golden(test, answer.scores))
    metrics = document["binary_classification_metrics"]
    told = {name: metrics[name]["value"] for name in ("accuracy", "f1", "auc")}
    print(json.dumps({"event": "model evaluated", **told}), flush=True)


def format_golden(messages: Sequence[Message], scores: Sequence[float]) -> str:
    """Choose messages over the whole range of scores, so that a model that answers a constant is found out."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    count = min(GOLDEN_RECORDS, len(order))
    chosen = [order[round(place * (len(order) - 1) / max(count - 1, 1))] for place in range(count)]
    lines = [{"record": {"text": messages[row][0]}, "score": scores[row]} for row in chosen]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _unpack(archive: Path, folder: Path) -> None:
    if not archive.is_file():
        raise DataError(f"there is no model archive {archive.name}")
    # By hand: the first Pythons 3.11 do not have tarfile's filters.
    with tarfile.open(archive) as tar:
        for member in filter(tarfile.TarInfo.isreg, tar):
            target = (folder / member.name).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise DataError(f"{archive.name} has a file outside of its folder: {member.name}")
            target.parent.mkdir(parents=True, exist_ok=True)
            content = tar.extractfile(member)
            if content:
                with content, target.open("wb") as file:
                    shutil.copyfileobj(content, file)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def main() -> int:
    """Run the job; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="the model's archive")
    parser.add_argument("--test", type=Path, required=True, help="folder of the test messages")
    parser.add_argument("--target", type=Path, required=True, help="folder for the report")
    options = parser.parse_args()
    # It needs the framework, which is in the job's image alone.
    from messages.scoring import score

    return run_job(lambda: evaluate(options.model, options.test, options.target, score))


if __name__ == "__main__":
    sys.exit(main())
