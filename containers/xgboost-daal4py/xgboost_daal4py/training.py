"""The `train` command: processed channels and hyperparameters in, the model's three files out in /opt/ml/model."""

from __future__ import annotations

import hashlib
import json
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import xgboost

from xgboost_daal4py import __name__ as package_name
from xgboost_daal4py.boosting import Trained, fit_booster
from xgboost_daal4py.channels import Channel
from xgboost_daal4py.checkpoints import Checkpoints
from xgboost_daal4py.cross_validation import CrossValidation, cross_validate
from xgboost_daal4py.errors import PlatformError, UserError
from xgboost_daal4py.hosts import Hosts, find_most, gather, is_lost_host
from xgboost_daal4py.hyperparameters import BINARY, Hyperparameters
from xgboost_daal4py.job import run_job_apart
from xgboost_daal4py.job_data import JobData, read_job_data
from xgboost_daal4py.model_files import DEFAULT_THRESHOLD, Model, ModelInfo, save_model
from xgboost_daal4py.privileges import leave_root
from xgboost_daal4py.settings import Settings
from xgboost_daal4py.thresholds import choose_threshold


def main() -> int:
    """Run a training job as SageMaker starts it; returns the exit code."""
    settings = Settings.from_environment()
    root = settings.ml_root
    user = leave_root([root / "input"], [root / "model", root / "output", *root.glob("checkpoints")])
    print(json.dumps({"event": "training started", "user": user}), flush=True)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    reason_file = root / "output" / "failure"
    return run_job_apart(lambda: train(settings, stopped.is_set), reason_file)


def train(settings: Settings, is_stopped: Callable[[], bool] = lambda: False) -> None:
    """Train on the channels ``train``, ``validation`` and ``transform`` and write the model.

    Parameters
    ----------
    settings
        The environment.
    is_stopped
        Whether SageMaker wants the job to end: the model is then what the rounds so far have made of it.
    """
    config = settings.ml_root / "input" / "config"
    hyperparameters = Hyperparameters.parse(_read_strings(config / "hyperparameters.json"))
    hosts = Hosts.from_resources(_read_object(config / "resourceconfig.json"))
    inputs = _read_object(config / "inputdataconfig.json")
    try:
        with hosts.join(hyperparameters.tracker_port, hyperparameters.host_timeout):
            data = read_job_data(settings.ml_root / "input" / "data", inputs, hyperparameters, hosts)
            _Job(settings, hyperparameters, hosts, data).run(is_stopped)
    except xgboost.core.XGBoostError as error:
        if not is_lost_host(error):
            raise
        others = ", ".join(name for name in hosts.names if name != hosts.current)
        raise PlatformError(
            f"{hosts.current} has lost another host of this job ({others}), or waited for it for more than "
            f"{hyperparameters.host_timeout} s; if a host has a reason of its own, that one is the cause"
        ) from error


@dataclass(frozen=True)
class _Job:
    """One training job, its data read."""

    settings: Settings
    hyperparameters: Hyperparameters
    hosts: Hosts
    data: JobData

    def run(self, is_stopped: Callable[[], bool]) -> None:
        hyperparameters, data = self.hyperparameters, self.data
        folds = cross_validate(hyperparameters, data.training, self._tell) if hyperparameters.k_fold else None
        if folds and not data.validation:
            # Nothing is held out of the last training, which could tell it when to stop: the folds have told it.
            rounds = find_most(folds.rounds)
            hyperparameters = replace(hyperparameters, num_round=rounds, early_stopping_rounds=0)
        trained = fit_booster(
            hyperparameters,
            data.training,
            data.validation,
            tell=self._tell,
            checkpoints=self._checkpoints() if self.hosts.leads else None,
            is_stopped=is_stopped,
        )
        trained.booster.feature_names = [_plain_name(name) for name in data.transform.names]
        info = self._describe(trained, folds)
        if not self.hosts.leads:
            return
        self.settings.model_folder.mkdir(parents=True, exist_ok=True)
        save_model(Model(trained.booster, data.transform, info), self.settings.model_folder)
        told = {"threshold": info.threshold, "metrics": info.metrics, "rounds": trained.rounds}
        print(json.dumps({"event": "model trained", **told}), flush=True)

    def _tell(self, line: str) -> None:
        if self.hosts.leads:
            print(line, flush=True)

    def _checkpoints(self) -> Checkpoints:
        recipe = {
            "booster": self.hyperparameters.booster,
            "class_weights": self.hyperparameters.class_weights,
            "features": self.data.transform.names,
            "hosts": len(self.hosts.names),
            "train": self.data.training.sha256,
            "validation": self.data.validation.sha256 if self.data.validation else None,
        }
        digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()
        return Checkpoints(self.settings.ml_root / "checkpoints", digest)

    def _describe(self, trained: Trained, folds: CrossValidation | None) -> ModelInfo:
        metrics = {f"{trained.measured_on}_{name}": value for name, value in trained.metrics.items()}
        if folds:
            metrics |= {
                f"cross_validation_{name.replace('-', '_')}": value for name, value in folds.metrics.items()
            }
        return ModelInfo(
            threshold=self._choose_threshold(trained, folds),
            positive_label=self.hyperparameters.positive_label,
            negative_label=self.hyperparameters.negative_label,
            metrics=metrics,
            provenance=self._trace(trained),
            labels=self.hyperparameters.class_labels,
        )

    def _choose_threshold(self, trained: Trained, folds: CrossValidation | None) -> float:
        if self.hyperparameters.objective != BINARY[0]:
            return DEFAULT_THRESHOLD
        if self.data.validation:
            return choose_threshold(gather(self.data.validation.labels), gather(trained.scores))
        if folds:
            return choose_threshold(gather(folds.labels), gather(folds.scores))
        return DEFAULT_THRESHOLD

    def _trace(self, trained: Trained) -> dict[str, Any]:
        data = {"train": self.data.training, "validation": self.data.validation}
        return {
            "training_job": self.settings.training_job_name,
            "hyperparameters": _list_given(self.hyperparameters),
            "rounds": trained.rounds,
            **{name: _trace_channel(channel) for name, channel in data.items() if channel},
            "versions": {"xgboost": xgboost.__version__},
            "trained_by": package_name,
        }


def _list_given(hyperparameters: Hyperparameters) -> dict[str, Any]:
    """List the hyperparameters that were given or that every job has."""
    own = {
        item.name: getattr(hyperparameters, item.name)
        for item in fields(hyperparameters)
        if item.name not in ("booster", "positive_label", "negative_label", "class_labels", "num_round")
        and getattr(hyperparameters, item.name) != item.default
    }
    return {"num_round": hyperparameters.num_round, **hyperparameters.booster, **own}


def _trace_channel(channel: Channel) -> dict[str, Any]:
    return {"rows": len(channel), "sha256": channel.sha256}


def _plain_name(name: str) -> str:
    """XGBoost refuses these characters in feature names."""
    return name.translate(str.maketrans("[]<", "()_"))


def _read_strings(path: Path) -> dict[str, str]:
    return {name: str(value) for name, value in _read_object(path).items()}


def _read_object(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path.name} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise UserError(f"{path.name} must hold a JSON object")
    return document
