"""A channel in, the matrix that XGBoost trains on or is measured by out (to `boosting`): in memory or on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost

from xgboost_daal4py.channels import Channel
from xgboost_daal4py.errors import UserError
from xgboost_daal4py.labelled_files import Batch

DEFAULT_BINS = 256


class MatrixMaker(AbstractContextManager["MatrixMaker"]):
    """Makes matrices for one job; what they keep on disk is gone when the context ends."""

    def __init__(self, booster: Mapping[str, Any], class_weights: Mapping[int, float]) -> None:
        self._booster = booster
        self._weights = class_weights
        self._folder = TemporaryDirectory(prefix="pages-")

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def for_training(self, channel: Channel) -> xgboost.DMatrix:
        """Return a matrix to learn from."""
        return self._make(channel, self._weights, None)

    def for_measuring(self, channel: Channel, training: xgboost.DMatrix) -> xgboost.DMatrix:
        """Return a matrix to measure on, for a booster that learns from ``training``."""
        return self._make(channel, {}, training)

    def _make(
        self, channel: Channel, weights: Mapping[int, float], training: xgboost.DMatrix | None
    ) -> xgboost.DMatrix:
        if not self._uses_bins:
            return self._make_plain(channel, weights)
        bins = int(self._booster.get("max_bin", DEFAULT_BINS))
        threads = self._booster.get("nthread")
        if not channel.external:
            batches = _Batches(channel, weights)
            return xgboost.QuantileDMatrix(batches, ref=training, max_bin=bins, nthread=threads)
        pages = str(Path(self._folder.name) / ("measured" if training else "trained"))
        batches = _Batches(channel, weights, pages)
        return xgboost.ExtMemQuantileDMatrix(batches, ref=training, max_bin=bins, nthread=threads)

    def _make_plain(self, channel: Channel, weights: Mapping[int, float]) -> xgboost.DMatrix:
        if channel.external:
            raise UserError(
                "the data is too large for the memory: use tree_method 'hist', whose data may stay on disk, or a "
                "larger instance"
            )
        rows = channel.together()
        return xgboost.DMatrix(
            rows.features,
            rows.labels,
            weight=weigh(rows.labels, weights),
            qid=rows.groups,
            nthread=self._booster.get("nthread"),
        )

    @property
    def _uses_bins(self) -> bool:
        trees = self._booster.get("booster", "gbtree") != "gblinear"
        return trees and self._booster.get("tree_method", "auto") in ("auto", "hist")


def weigh(labels: npt.NDArray[np.float32], weights: Mapping[int, float]) -> npt.NDArray[np.float32] | None:
    """Return each row's weight by its class, if there are weights."""
    if not weights:
        return None
    by_class = np.ones(max(max(weights), int(labels.max())) + 1, dtype=np.float32)
    by_class[list(weights)] = list(weights.values())
    return by_class[labels.astype(np.intp)]


class _Batches(xgboost.DataIter):  # type: ignore[misc]
    """Hands a channel to XGBoost batch by batch, as often as it asks."""

    def __init__(self, channel: Channel, weights: Mapping[int, float], pages: str | None = None) -> None:
        super().__init__(cache_prefix=pages)
        self._channel = channel
        self._weights = weights
        self._rest: Iterator[Batch] = iter(channel.batches)

    def next(self, input_data: Callable[..., None]) -> bool:
        batch = next(self._rest, None)
        if batch is None:
            return False
        weight = weigh(batch.labels, self._weights)
        input_data(data=batch.features, label=batch.labels, weight=weight, qid=batch.groups)
        return True

    def reset(self) -> None:
        self._rest = iter(self._channel.batches)
