"""The images' entry point: `train` runs a training script, `serve` answers behind endpoints and in batch transform."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from . import http_serving, training_toolkit

SERVERS = {"huggingface": "huggingface_serving", "tensorflow": "tensorflow_serving"}


def main() -> int:
    """Run the command that the image has; returns the exit code."""
    root = Path(os.environ.get("ML_ROOT", "/opt/ml"))
    wanted, has = sys.argv[1:] or [""], os.environ["FRAMEWORK_COMMAND"]
    if wanted != [has]:
        print(f"error: this image has the command {has}, not {' '.join(wanted) or 'none'}", file=sys.stderr)
        return 127
    if has == "train":
        return training_toolkit.train(root)
    server = importlib.import_module(f".{SERVERS[os.environ['FRAMEWORK']]}", __package__)
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    http_serving.serve(server.load(root / "model"), port)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
