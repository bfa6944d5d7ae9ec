"""Gathers what requests leave behind (metrics, captured data) and hands it on a moment later, off their path."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Batch(Generic[Item]):
    """Items that go out together.

    Parameters
    ----------
    name
        Of the background thread.
    deliver
        Gets the items, never none.
    delay
        Seconds from the first item to the delivery.
    """

    def __init__(self, name: str, deliver: Callable[[list[Item]], None], delay: float = 1.0) -> None:
        self._name = name
        self._deliver = deliver
        self._delay = delay
        self._lock = threading.Lock()
        self._items: list[Item] = []

    def add(self, item: Item) -> None:
        """Take an item; the first of a batch sets its delivery going."""
        with self._lock:
            self._items.append(item)
            first = len(self._items) == 1
        if first:
            timer = threading.Timer(self._delay, self.flush)
            timer.name, timer.daemon = self._name, True
            timer.start()

    def flush(self) -> None:
        """Deliver what there is now."""
        with self._lock:
            items, self._items = self._items, []
        if items:
            self._deliver(items)
