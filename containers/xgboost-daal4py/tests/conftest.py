"""A small trained model and a record, for the tests of everything that needs one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from training_job import RECORD, SCHEMA, make_settings, write_job

from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.schema import Schema
from xgboost_daal4py.training import train


@pytest.fixture
def schema() -> Schema:
    return SCHEMA


@pytest.fixture
def record() -> dict[str, Any]:
    return dict(RECORD)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return /opt/ml after a training job; do not change it."""
    root = tmp_path_factory.mktemp("ml")
    write_job(root, {"num_round": "20", "max_depth": "3", "seed": "1"})
    train(make_settings(root))
    return root


@pytest.fixture(scope="session")
def predictor(trained: Path) -> Predictor:
    return Predictor.load(trained / "model")
