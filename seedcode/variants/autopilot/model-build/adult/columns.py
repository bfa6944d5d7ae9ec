"""What the flow makes of a census record: the columns of the UCI Adult data that are learned from, in their order."""

from __future__ import annotations

NUMBERS = ("age", "education-num", "capital-gain", "capital-loss", "hours-per-week")
TARGET = "income"
LABELS = ("<=50K", ">50K")
COLUMNS = (
    "age", "workclass", "education-num", "marital-status", "occupation", "relationship", "race", "sex",
    "capital-gain", "capital-loss", "hours-per-week", "native-country", TARGET,
)  # fmt: skip
