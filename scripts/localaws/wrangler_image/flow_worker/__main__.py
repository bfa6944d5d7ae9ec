"""The entry point: a processing job's arguments in; its exit code and, where SageMaker looks, why it failed, out."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .flow_errors import FlowError
from .flow_job import run


def main() -> int:
    """Run the job; returns the exit code."""
    root = Path(os.environ.get("ML_ROOT", "/opt/ml"))
    try:
        run(root, sys.argv[1:])
    except FlowError as error:
        print(f"error: {error}", file=sys.stderr)
        (root / "output" / "message").write_text(str(error))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
