"""A data file in, the test AUC over several random splits out: how good this configuration is, beyond one lucky split.

Run it before changing `features.toml` or `conf/conf.yaml`, and after: `python -m churn.cross_check <file> --seeds 20`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml
from sklearn.metrics import roc_auc_score

from churn.preprocess import Configuration, read_customers, split_by_label
from xgboost_daal4py.boosting import fit_booster
from xgboost_daal4py.channels import Channel
from xgboost_daal4py.errors import ContainerError
from xgboost_daal4py.features import Cells, FeatureTransform
from xgboost_daal4py.hyperparameters import Hyperparameters
from xgboost_daal4py.raw_columns import take_rows

CONFIGURATION_FILE = Path(__file__).parent / "conf" / "conf.yaml"


def main() -> int:
    """Print one line of JSON per split and one for all of them; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a CSV file with the churn columns")
    parser.add_argument("--seeds", type=int, default=5, help="how many splits, with the seeds 1, 2, ...")
    options = parser.parse_args()
    try:
        aucs = list(measure_splits(options.data, range(1, options.seeds + 1)))
    except ContainerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for seed, auc in enumerate(aucs, start=1):
        print(json.dumps({"seed": seed, "auc": round(auc, 4)}))
    print(
        json.dumps(
            {"splits": len(aucs), "mean": round(float(np.mean(aucs)), 4), "least": round(min(aucs), 4)}
        )
    )
    return 0


def measure_splits(data: Path, seeds: range) -> Iterator[float]:
    """Yield, for every seed of the split, the AUC on the test part of a model trained on the train part."""
    configuration = Configuration.read()
    table, labels = read_customers(data, configuration)
    hyperparameters = read_hyperparameters()
    for seed in seeds:
        split = split_by_label(labels, replace(configuration, seed=seed))
        transform = FeatureTransform.fit(take_rows(table, split.train), configuration.schema)
        train, validation, test = (
            _channel(transform, table, labels, rows) for rows in (split.train, split.validation, split.test)
        )
        booster = fit_booster(hyperparameters, train, validation).booster
        yield float(roc_auc_score(test.labels, booster.inplace_predict(test.together().features)))


def read_hyperparameters(path: Path = CONFIGURATION_FILE) -> Hyperparameters:
    """Read the hyperparameters as the training job gets them: as strings."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    written = document["models"]["churn"]["train"]["hyperparameters"]
    return Hyperparameters.parse({name: str(value) for name, value in written.items()})


def _channel(
    transform: FeatureTransform,
    table: Mapping[str, Cells],
    labels: npt.NDArray[np.float32],
    rows: npt.NDArray[np.intp],
) -> Channel:
    return Channel.of(transform.transform(take_rows(table, rows)), labels[rows])


if __name__ == "__main__":
    sys.exit(main())
