from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlproject.rehearsal.local import _choice_of_port


def test_a_local_aws_chooses_its_port_once_the_one_before_has_taken_its_own(tmp_path: Path) -> None:
    def chosen() -> int:
        with _choice_of_port(tmp_path) as port:
            return port

    with ThreadPoolExecutor(1) as another:
        with _choice_of_port(tmp_path):
            choice = another.submit(chosen)
            with pytest.raises(TimeoutError):
                choice.result(timeout=0.2)
        assert choice.result(timeout=10) > 0
