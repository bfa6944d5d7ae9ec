"""Training job: customers in, the principal components of their numbers out (to `project_customers`)."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA

from examples.multi_model.customer_numbers import read_customers


def main() -> None:
    """Fit and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--components", type=int, default=5)
    components = parser.parse_args().components
    numbers, _ = read_customers(Path(os.environ["SM_CHANNEL_TRAIN"]))
    mean, deviation = numbers.mean(axis=0), numbers.std(axis=0)
    fitted = PCA(components, random_state=1).fit((numbers - mean) / deviation)
    np.savez(
        Path(os.environ["SM_MODEL_DIR"]) / "pca.npz", mean=mean, deviation=deviation, axes=fitted.components_
    )
    print(f"explained variance: {fitted.explained_variance_ratio_.sum():.3f}", flush=True)


if __name__ == "__main__":
    main()
