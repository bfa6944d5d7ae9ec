"""The folders of a training job in, its transform and checked channels out (to `training`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xgboost_daal4py.channels import Channel, ChannelFiles, find_files, read_channel
from xgboost_daal4py.errors import UserError
from xgboost_daal4py.features import FeatureTransform
from xgboost_daal4py.hosts import Hosts, add_up, find_most
from xgboost_daal4py.hyperparameters import MULTICLASS, RANKING, Hyperparameters
from xgboost_daal4py.labelled_files import count_features, name_features
from xgboost_daal4py.model_files import load_transform

REPLICATED = "FullyReplicated"


@dataclass(frozen=True)
class JobData:
    """What a job learns from."""

    transform: FeatureTransform
    """What made the features, or, when the job has no such channel, one that takes them as they are."""
    training: Channel
    validation: Channel | None


@dataclass(frozen=True)
class _Reader:
    """How this host reads its part of the channels."""

    folder: Path
    inputs: Mapping[str, Any]
    hyperparameters: Hyperparameters
    hosts: Hosts

    def find(self, name: str) -> ChannelFiles:
        return find_files(self.folder / name, self._input(name).get("ContentType", ""))

    def read(self, files: ChannelFiles, names: Sequence[str]) -> Channel:
        replicated = self._input(files.name).get("S3DistributionType", REPLICATED) == REPLICATED
        ranking = self.hyperparameters.objective in RANKING
        if ranking and replicated and self.hosts.several:
            raise UserError(
                f"channel {files.name!r}: rows that are ranked together must be on one host; shard it by S3 key"
            )
        external = self.hyperparameters.external_memory
        channel = read_channel(files, names, self.hosts.share(replicated), external)
        if ranking and next(iter(channel.batches)).groups is None:
            raise UserError(f"channel {files.name!r}: ranking needs groups, as 'qid' of libsvm or Parquet")
        return channel

    def _input(self, name: str) -> Mapping[str, Any]:
        return self.inputs.get(name) or {}


def read_job_data(
    folder: Path, inputs: Mapping[str, Any], hyperparameters: Hyperparameters, hosts: Hosts
) -> JobData:
    """Read the channels ``train``, ``validation`` and ``transform``, of which the first is required.

    Parameters
    ----------
    folder
        ``input/data`` below ``/opt/ml``.
    inputs
        SageMaker's ``inputdataconfig.json``.
    hyperparameters
        What the labels may be depends on them.
    hosts
        Every host reads its part; all of them must call this, and none goes on when one of them has failed.
    """
    reader = _Reader(folder, inputs, hyperparameters, hosts)
    reason: UserError | None = None
    data: JobData | None = None
    try:
        data = _read(reader)
    except UserError as error:
        reason = error
    failed = np.zeros(len(hosts.names))
    failed[hosts.place] = reason is not None
    failed = add_up(failed)
    if reason:
        raise reason
    if data is None or failed.any():
        names = ", ".join(name for name, bad in zip(hosts.names, failed, strict=True) if bad)
        raise UserError(f"{names} cannot read its part of the data: see its own reason")
    _check_widths(data)
    _check_labels("train", data.training, hyperparameters)
    if data.validation:
        _check_labels("validation", data.validation, hyperparameters)
    return data


def _read(reader: _Reader) -> JobData:
    training = reader.find("train")
    transform = _find_transform(reader.folder / "transform")
    if transform is None:
        transform = FeatureTransform.plain(_name_features(training))
    validation = None
    if (reader.folder / "validation").is_dir():
        validation = reader.read(reader.find("validation"), transform.names)
    return JobData(transform, reader.read(training, transform.names), validation)


def _find_transform(folder: Path) -> FeatureTransform | None:
    if not folder.is_dir():
        return None
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if len(files) != 1:
        raise UserError(f"channel {folder.name!r} must hold exactly one file, it holds {len(files)}")
    return load_transform(files[0])


def _name_features(files: ChannelFiles) -> tuple[str, ...]:
    if files.form == "libsvm":
        return tuple(f"f{number}" for number in range(max(count_features(path) for path in files.files)))
    return name_features(files.files[0], files.form)


def _check_widths(data: JobData) -> None:
    width = len(data.transform.names)
    if find_most(width) != width:
        raise UserError(
            f"channel 'train': this host's rows have {width} features, another's {find_most(width)}"
        )


def _check_labels(name: str, channel: Channel, hyperparameters: Hyperparameters) -> None:
    labels = channel.labels
    if np.isnan(labels).any():
        raise UserError(f"channel {name!r}: a row has no label, which is the first value")
    classes = hyperparameters.classes
    if not classes:
        return
    wrong = ~np.isin(labels, np.arange(classes))
    if wrong.any():
        allowed = "0 or 1" if classes == 2 else f"a whole number from 0 to {classes - 1}"
        raise UserError(
            f"channel {name!r}: the first value of every row must be the label, {allowed}, "
            f"not {labels[wrong][0]:g} as in row {int(wrong.argmax()) + 1}"
        )
    counts = add_up(np.bincount(labels.astype(np.intp), minlength=classes).astype(np.float64))
    if hyperparameters.objective not in MULTICLASS and not counts.all():
        raise UserError(f"channel {name!r}: all labels are equal; both classes must occur")
