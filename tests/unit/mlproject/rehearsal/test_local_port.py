from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from mlproject.rehearsal.local import _choice_of_port


def test_local_aws_that_begin_at_once_choose_one_after_the_other(tmp_path: Path) -> None:
    together = Barrier(4)

    def listening() -> socket.socket:
        together.wait()
        with _choice_of_port(tmp_path) as port:
            taken = socket.socket()
            taken.bind(("127.0.0.1", port))
            taken.listen()
        return taken

    with ThreadPoolExecutor(4) as people:
        sockets = [each.result() for each in [people.submit(listening) for _ in range(4)]]
    assert len({each.getsockname()[1] for each in sockets}) == 4
    for each in sockets:
        each.close()
