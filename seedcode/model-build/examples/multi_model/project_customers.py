"""Processing job: customers and a PCA in, labelled components out (to the training job of the same pipeline)."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import numpy as np

from examples.multi_model.customer_numbers import read_customers

VALIDATION = 5
"""Every fifth customer is not trained on."""


def main() -> None:
    """Project and split."""
    root = Path(os.environ.get("ML_ROOT", "/opt/ml")) / "processing"
    numbers, labels = read_customers(root / "input" / "customers")
    with tarfile.open(root / "input" / "model" / "model.tar.gz") as archive:
        content = archive.extractfile("pca.npz")
        if content is None:
            raise SystemExit("the PCA's archive has no pca.npz")
        with np.load(io.BytesIO(content.read()), allow_pickle=False) as pca:
            projected = ((numbers - pca["mean"]) / pca["deviation"]) @ pca["axes"].T
    table = np.column_stack([labels, projected])
    validated = np.arange(len(table)) % VALIDATION == 0
    for name, rows in (("train", table[~validated]), ("validation", table[validated])):
        target = root / "output" / name
        target.mkdir(parents=True, exist_ok=True)
        np.savetxt(target / f"{name}.csv", rows, delimiter=",", fmt="%.6g")
    print(f"{len(table)} customers projected on {projected.shape[1]} components", flush=True)


if __name__ == "__main__":
    main()
