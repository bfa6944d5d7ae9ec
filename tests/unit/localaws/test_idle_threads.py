from __future__ import annotations

import threading
import time
from queue import SimpleQueue

from localaws.idle_threads import IdleThreads


def test_work_one_after_the_other_is_done_by_one_thread() -> None:
    threads, done = IdleThreads("test"), SimpleQueue[int]()
    seen = set()
    for _ in range(3):
        threads.run(lambda: done.put(threading.get_ident()))
        seen.add(done.get(timeout=10))
        deadline = time.monotonic() + 10
        while not threads._idle:
            assert time.monotonic() < deadline
            time.sleep(0.005)
    assert len(seen) == 1


def test_work_at_once_does_not_wait_for_other_work() -> None:
    threads, met = IdleThreads("test"), threading.Barrier(3)

    def meet() -> None:
        met.wait(10)

    for _ in range(2):
        threads.run(meet)
    met.wait(10)
