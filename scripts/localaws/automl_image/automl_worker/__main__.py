"""The image's entry point: `search` in an AutoML job, `serve` behind endpoints and in batch transform."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from . import candidate_search, candidate_server
from .tables import TableError


def main() -> int:
    """Run a command; returns the exit code, and leaves why it failed where SageMaker looks."""
    root = Path(os.environ.get("ML_ROOT", "/opt/ml"))
    if sys.argv[1:] == ["serve"]:
        candidate_server.serve(root / "model", int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")))
        return 0
    try:
        candidate_search.search(root)
    except TableError as error:
        print(f"error: {error}", file=sys.stderr)
        (root / "output" / "failure").write_text(str(error))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
