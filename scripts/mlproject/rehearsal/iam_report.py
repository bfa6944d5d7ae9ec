"""The record of a rehearsal's IAM: localaws tells who used what; ``report.json`` and the page for people go out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import requests

from mlproject.rehearsal.local import LocalAws

PATH = "/_localaws/iam"


def read(local: LocalAws) -> dict[str, Any]:
    """Return localaws's record so far; it remembers the policies of roles that exist now."""
    answer = requests.get(f"{local.endpoint}{PATH}", timeout=30)
    answer.raise_for_status()
    record: dict[str, Any] = answer.json()
    return record


def write(local: LocalAws, folder: Path) -> None:
    """Write what was denied and what was granted for nothing."""
    record = read(local)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.json").write_text(json.dumps(record, indent=1) + "\n")
    unused = {
        arn.rpartition("/")[2]: sorted(set(each["granted"]) - set(each["used"]))
        for arn, each in record["principals"].items()
        if ":role/" in arn
    }
    report = {"denied": record["denied"], "unused": unused}
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n")
