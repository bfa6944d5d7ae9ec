"""Sample customers, and the folders of the two processing jobs as SageMaker lays them out."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

import pytest
import yaml

from churn.preprocess import CONFIGURATION, preprocess
from churn.synthetic import make_customers
from xgboost_daal4py.model_files import MODEL_FILES
from xgboost_daal4py.settings import Settings
from xgboost_daal4py.training import train

CONF = CONFIGURATION.parent / "conf" / "conf.yaml"


@pytest.fixture(scope="session")
def customers() -> str:
    """Return the text of a data file with 1,500 customers."""
    return make_customers(1500)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, customers: str) -> Path:
    """Return the preprocess job's output folder; do not change it."""
    root = tmp_path_factory.mktemp("preprocess")
    (root / "data").mkdir()
    (root / "data" / "churn.csv").write_text(customers)
    preprocess(root / "data", root / "output", hashlib.sha256(customers.encode()).hexdigest())
    return root / "output"


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    """Return the model.tar.gz that the train job leaves."""
    root = tmp_path_factory.mktemp("train")
    (root / "input" / "data").mkdir(parents=True)
    for channel in ("train", "validation", "transform"):
        (root / "input" / "data" / channel).symlink_to(prepared / channel)
    (root / "input" / "config").mkdir()
    hyperparameters = yaml.safe_load(CONF.read_text())["models"]["churn"]["train"]["hyperparameters"]
    lines = ",".join(f'"{name}": "{value}"' for name, value in hyperparameters.items())
    (root / "input" / "config" / "hyperparameters.json").write_text(f"{{{lines}}}")
    train(Settings(ml_root=root, port=0, workers=1, max_payload_bytes=1, training_job_name="job-1"))
    with tarfile.open(root / "model.tar.gz", "w:gz") as tar:
        for name in MODEL_FILES:
            tar.add(root / "model" / name, arcname=name)
    return root / "model.tar.gz"
