"""Training script of the image: messages in, which words tell a complaint (weights and the endpoint's script) out."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from pathlib import Path

import inference
import torch


def read(folder: Path) -> tuple[list[str], list[float]]:
    """Return the texts of a channel, and 1 for each complaint."""
    rows = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                rows += list(csv.DictReader(file))
    if not rows:
        raise SystemExit(f"there are no messages in {folder}")
    return [row["text"] for row in rows], [float(row["label"].strip() == "complaint") for row in rows]


def train(root: Path) -> None:
    """Train on what SageMaker has put below ``/opt/ml``, and leave the model there."""
    options = json.loads((root / "input/config/hyperparameters.json").read_text())
    torch.manual_seed(1)
    texts, labels = read(root / "input/data/train")
    model = inference.make(int(options["words"]))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(int(options["epochs"])):
        total = 0.0
        for rows in torch.randperm(len(texts)).split(32):
            said = inference.ask(model, [texts[row] for row in rows])
            truth = torch.tensor([labels[row] for row in rows])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(said, truth)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        print(f"train-loss:{total / len(texts):.4f}", flush=True)
    inference.save(model, root / "model")
    (root / "model/code").mkdir()
    shutil.copy(inference.__file__, root / "model/code/inference.py")


if __name__ == "__main__":
    if sys.argv[1:] != ["train"]:
        raise SystemExit(f"this image has the command train, not {' '.join(sys.argv[1:])}")
    train(Path(os.environ.get("ML_ROOT", "/opt/ml")))
