"""The program `train`: customers in /opt/ml/input/data/train in, the share of leavers by state in /opt/ml/model out."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections import Counter
from pathlib import Path

GROUP = "State"
LABEL = "Churn?"


def main() -> int:
    """Train as SageMaker starts it; the reason of a failure goes where SageMaker looks for it."""
    root = Path(os.environ.get("ML_ROOT", "/opt/ml"))
    try:
        rates = leaver_rates(root / "input" / "data" / "train")
        (root / "model" / "rates.json").write_text(json.dumps(rates, sort_keys=True, indent=1))
    except (OSError, KeyError, StopIteration) as error:
        (root / "output" / "failure").write_text(f"{type(error).__name__}: {error}")
        return 1
    print(f"{len(rates)} states", flush=True)
    return 0


def leaver_rates(folder: Path) -> dict[str, float]:
    """Return the share of leavers by state."""
    customers: Counter[str] = Counter()
    leavers: Counter[str] = Counter()
    with next(path for path in sorted(folder.iterdir())).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            customers[row[GROUP]] += 1
            leavers[row[GROUP]] += row[LABEL] == "True."
    return {state: leavers[state] / count for state, count in customers.items()}


if __name__ == "__main__":
    sys.exit(main())
