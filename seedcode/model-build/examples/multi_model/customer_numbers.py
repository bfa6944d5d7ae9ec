"""The churn data's CSV file in, its numbers and labels out; both scripts of this example read it so."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt

LABEL = "Churn?"
NUMBERS = (
    "Day Mins",
    "Day Calls",
    "Eve Mins",
    "Eve Calls",
    "Night Mins",
    "Night Calls",
    "Intl Mins",
    "CustServ Calls",
)


def read_customers(folder: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the numbers, a row a customer, and whether each left."""
    with next(iter(sorted(folder.iterdir()))).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    numbers = np.array([[float(row[name] or "nan") for name in NUMBERS] for row in rows])
    return np.nan_to_num(numbers), np.array([float(row[LABEL] == "True.") for row in rows])
