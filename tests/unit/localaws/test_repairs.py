from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

from moto.core import base_backend
from moto.logs.models import LogEvent, logs_backends

from localaws import repairs


def test_a_log_event_that_its_stream_forgets_is_gone() -> None:
    repairs.install()
    event = LogEvent(0, {"timestamp": 0, "message": "served"})
    gone = weakref.ref(event)
    del event
    gc.collect()
    assert gone() is None


def test_an_account_that_is_there_is_found_without_the_lock_that_all_share() -> None:
    repairs.install()
    there, held, asked = logs_backends["111122223333"], threading.Event(), threading.Event()

    def hold() -> None:
        with base_backend.backend_lock:
            held.set()
            asked.wait(10.0)

    with ThreadPoolExecutor(2) as threads:
        threads.submit(hold)
        held.wait(10.0)
        try:
            assert threads.submit(lambda: logs_backends["111122223333"]).result(timeout=5.0) is there
        finally:
            asked.set()
