"""The usual way to preprocess churn data, to compare with: pandas and scikit-learn, a CSV file in, three CSV files out.

Drops the phone number, fills in what is missing, makes indicators of categories, scales numbers, splits at random.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

CATEGORIES = ["State", "Area Code", "Int'l Plan", "VMail Plan"]
SEED = 1


def preprocess(source: Path, target: Path) -> None:
    """Write train.csv, validation.csv and test.csv, the label first."""
    data = pd.read_csv(source).drop(columns=["Phone"])
    labels = (data.pop("Churn?").str.strip() == "True.").astype(int)
    data["Area Code"] = data["Area Code"].astype(str)
    numbers = [name for name in data.columns if name not in CATEGORIES]
    transformer = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), CATEGORIES),
        ]
    )
    train, rest, train_labels, rest_labels = train_test_split(
        data, labels, test_size=0.3, random_state=SEED, stratify=labels
    )
    validation, test, validation_labels, test_labels = train_test_split(
        rest, rest_labels, test_size=0.5, random_state=SEED, stratify=rest_labels
    )
    transformer.fit(train)
    target.mkdir(parents=True, exist_ok=True)
    for name, part, answers in (
        ("train", train, train_labels),
        ("validation", validation, validation_labels),
        ("test", test, test_labels),
    ):
        features = pd.DataFrame(transformer.transform(part))
        features.insert(0, "label", answers.to_numpy())
        features.to_csv(target / f"{name}.csv", header=False, index=False)


if __name__ == "__main__":
    preprocess(Path(sys.argv[1]), Path(sys.argv[2]))
