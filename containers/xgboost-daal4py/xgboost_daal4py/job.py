"""The edge of every batch job: runs its work and leaves the reason of a failure where SageMaker looks for it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from xgboost_daal4py.errors import ContainerError, InvalidRecords

LONGEST_REASON = 1024
"""SageMaker shows this much of a reason."""


def run_job(work: Callable[[], None], reason_file: Path) -> int:
    """Run ``work`` and return the exit code: 0, or 1 with the reason in ``reason_file`` and on stderr.

    Parameters
    ----------
    work
        The job; a `ContainerError` of it is reported in its own words, anything else with its traceback.
    reason_file
        ``output/failure`` for training jobs, ``output/message`` for processing jobs (both below ``/opt/ml``).
    """
    try:
        work()
    except ContainerError as error:
        reason = _describe(error)
    except Exception as error:
        traceback.print_exc()
        reason = f"internal error, please report it: {type(error).__name__}: {error}"
    else:
        return 0
    print(reason, file=sys.stderr, flush=True)
    reason_file.parent.mkdir(parents=True, exist_ok=True)
    reason_file.write_text(reason[:LONGEST_REASON], encoding="utf-8")
    return 1


def _describe(error: ContainerError) -> str:
    if not isinstance(error, InvalidRecords) or len(error.problems) == 1:
        return str(error)
    return "\n".join(problem.message for problem in error.problems)
