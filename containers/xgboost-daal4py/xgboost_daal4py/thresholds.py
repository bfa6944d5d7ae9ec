"""Labels and scores in, the threshold from which a score is labelled positive out (into the model)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def choose_threshold(labels: npt.NDArray[np.float32], scores: npt.NDArray[np.float32]) -> float:
    """Return the threshold with the best F1, half-way between the two scores that it parts.

    Parameters
    ----------
    labels
        1 for positive, 0 for negative; of data that the booster was not trained on.
    scores
        The booster's probabilities for the same rows.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order].astype(np.float64)
    below = np.append(ranked[1:], 0.0)
    f1 = 2 * np.cumsum(labels[order]) / (np.arange(1, len(ranked) + 1) + labels.sum())
    best = int(np.where(ranked > below, f1, -1.0).argmax())
    return round(float(ranked[best] + below[best]) / 2, 6)
