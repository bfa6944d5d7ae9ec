"""When the state is written: soon after a change, and once more at the end."""

from __future__ import annotations

import threading
from pathlib import Path

from localaws.persistence.snapshots import Snapshots


class Counted(Snapshots):
    """Writes nothing, and counts how often it would have."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.taken = 0
        self.first = threading.Event()

    def take(self) -> float:
        self.taken += 1
        self.first.set()
        return 0.0


def test_a_change_is_written_and_the_end_once_more(tmp_path: Path) -> None:
    snapshots = Counted(tmp_path)
    snapshots.start()
    snapshots.touch()
    assert snapshots.first.wait(10)
    # In the pause behind the first, in which nothing is written.
    snapshots.touch()
    snapshots.close()
    assert snapshots.taken == 2


def test_a_server_that_nobody_asked_anything_writes_its_state_at_the_end(tmp_path: Path) -> None:
    snapshots = Counted(tmp_path)
    snapshots.start()
    snapshots.close()
    assert snapshots.taken == 1
