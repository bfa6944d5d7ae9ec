"""The edge of every batch job: runs its work and leaves the reason of a failure where SageMaker looks for it."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xgboost_daal4py.disk import FULL, explain_full_disk
from xgboost_daal4py.errors import ContainerError, InvalidRecords
from xgboost_daal4py.memory import usable_memory

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
        reason = _explain_error(error, reason_file.parents[1])
    else:
        return 0
    _leave_reason(reason, reason_file)
    return 1


def run_job_apart(work: Callable[[], None], reason_file: Path) -> int:
    """Do as `run_job` does, in a process of its own: one that ends without a word still leaves a reason.

    A native library that loses its network may end its process, or wait at its end for what will never come; and the
    kernel ends one that wants more memory than there is.
    """
    child = os.fork()
    if child == 0:
        code = run_job(work, reason_file)
        sys.stdout.flush()
        os._exit(code)
    with _passing_on(signal.SIGTERM, child):
        _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code and not reason_file.exists():
        _leave_reason(_explain(code), reason_file)
    return 1 if code else 0


@contextmanager
def _passing_on(number: signal.Signals, child: int) -> Iterator[None]:
    before = signal.signal(number, lambda *_: os.kill(child, number))
    try:
        yield
    finally:
        signal.signal(number, before)


def _explain(code: int) -> str:
    if code == -signal.SIGKILL:
        megabytes = usable_memory() // 2**20
        return f"the job was killed, most likely for more memory than there is ({megabytes} MB): use a larger instance"
    return f"the training process ended without a reason (code {code})"


def _leave_reason(reason: str, reason_file: Path) -> None:
    print(reason, file=sys.stderr, flush=True)
    # On a full disk there is no room for its reason either: the log has it.
    with suppress(OSError):
        reason_file.parent.mkdir(parents=True, exist_ok=True)
        reason_file.write_text(reason[:LONGEST_REASON], encoding="utf-8")


def _explain_error(error: Exception, ml_root: Path) -> str:
    if isinstance(error, OSError) and error.errno in FULL:
        return explain_full_disk(error, ml_root)
    return f"internal error, please report it: {type(error).__name__}: {error}"


def _describe(error: ContainerError) -> str:
    if not isinstance(error, InvalidRecords) or len(error.problems) == 1:
        return str(error)
    return "\n".join(problem.message for problem in error.problems)
