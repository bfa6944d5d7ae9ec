"""Processing job: a CSV of messages and labels in; cleaned, split into train, validation and test out (to `train`).

A text is left as it is: what the model does with it before it reads it, is the model's own.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from messages.labels import COLUMNS, LABELS
from messages.message_errors import DataError, run_job

SHARES = (("train", 0.7), ("validation", 0.15), ("test", 0.15))
FEWEST = 100
"""Fewer messages of a label tell neither a model nor its judge anything."""
SEED = 1

Message = tuple[str, str]


def prepare(source: Path, target: Path) -> None:
    """Check the messages, drop what is empty or there twice, and split each label's at random.

    Raises
    ------
    DataError
        Naming the line that does not fit.
    """
    files = sorted(path for path in source.rglob("*") if path.is_file())
    found = [message for path in files for message in read_messages(path)]
    messages = _without_doubles(found)
    parts: dict[str, list[Message]] = {name: [] for name, _ in SHARES}
    generator = random.Random(SEED)  # noqa: S311 - a split that can be repeated
    for label in LABELS:
        of_label = [message for message in messages if message[1] == label]
        if len(of_label) < FEWEST:
            raise DataError(f"{len(of_label)} messages are labelled {label}, at least {FEWEST} are needed")
        generator.shuffle(of_label)
        start = 0.0
        for name, share in SHARES:
            parts[name] += of_label[round(start * len(of_label)) : round((start + share) * len(of_label))]
            start += share
    for name, part in parts.items():
        generator.shuffle(part)
        write_messages(target / name / f"{name}.csv", part)
    counts = {name: len(part) for name, part in parts.items()}
    print(
        json.dumps({"event": "messages prepared", "dropped": len(found) - len(messages), **counts}),
        flush=True,
    )


def read_messages(path: Path) -> list[Message]:
    """Return the texts and labels of a CSV file with a header.

    Raises
    ------
    DataError
        Naming the line that does not fit.
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        header = [name.strip().lower() for name in next(rows, [])]
        if missing := sorted({*COLUMNS} - {*header}):
            raise DataError(
                f"{path.name} has no column {', '.join(missing)}: its first line is {','.join(header)!r}"
            )
        text, label = (header.index(name) for name in COLUMNS)
        found = []
        for row in rows:
            if len(row) != len(header):
                raise DataError(f"{path.name}, line {rows.line_num}: {len(row)} values, not {len(header)}")
            if row[label].strip() not in LABELS:
                known = " or ".join(LABELS)
                raise DataError(
                    f"{path.name}, line {rows.line_num}: the label is {row[label]!r}, not {known}"
                )
            found.append((row[text], row[label].strip()))
    return found


def write_messages(path: Path, messages: Iterable[Sequence[str]]) -> None:
    """Write what `read_messages` reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(messages)


def _without_doubles(messages: Iterable[Message]) -> list[Message]:
    """Keep the first of equal texts: one in training and test alike would flatter the model."""
    first: dict[str, Message] = {}
    for message in messages:
        if key := " ".join(message[0].casefold().split()):
            first.setdefault(key, message)
    return list(first.values())


def main() -> int:
    """Run the job; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="folder of the data files")
    parser.add_argument("--target", type=Path, required=True, help="folder for the parts")
    options = parser.parse_args()
    return run_job(lambda: prepare(options.source, options.target))


if __name__ == "__main__":
    sys.exit(main())
