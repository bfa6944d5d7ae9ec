from __future__ import annotations

import gc
import weakref

from moto.logs.models import LogEvent

from localaws import repairs


def test_a_log_event_that_its_stream_forgets_is_gone() -> None:
    repairs.install()
    event = LogEvent(0, {"timestamp": 0, "message": "served"})
    gone = weakref.ref(event)
    del event
    gc.collect()
    assert gone() is None
