"""What can be wrong with what a job is given, and how a job ends that fails of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path


class DataError(Exception):
    """The job's input cannot be used; the message says what to mend."""


def run_job(work: Callable[[], None], reason: str = "message") -> int:
    """Do a job's work; returns its exit code, and leaves why it failed in the file that SageMaker shows.

    Parameters
    ----------
    work
        What to do.
    reason
        That file: `message` of processing jobs, `failure` of training jobs.
    """
    try:
        work()
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        # Only SageMaker's own machines have the folder.
        output = Path("/opt/ml/output")
        if os.access(output, os.W_OK):
            (output / reason).write_text(str(error), encoding="utf-8")
        return 1
    return 0
