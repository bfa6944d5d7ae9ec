"""The rehearsal's local AWS is a program of its own that stays up, or ends with all that it started, as asked."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
import requests

from mlproject.rehearsal.local import LocalAws, running


def answers(local: LocalAws) -> bool:
    """Tell whether this one answers: another test's may have its port by now."""
    try:
        answer = requests.get(f"{local.endpoint}/_localaws/health", timeout=60)
    except requests.ConnectionError:
        return False
    return bool(answer.ok and answer.json()["process"] == local.process_id)


def test_a_local_aws_ends_with_its_rehearsal(tmp_path: Path) -> None:
    with running(tmp_path / "output", keep=False) as local:
        assert answers(local)
    assert not answers(local)


# Python complains of a program that outlives the object that started it: here it is meant to, and is collected here.
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore:subprocess:ResourceWarning"
)
def test_a_kept_local_aws_stays_until_the_next_rehearsal_in_its_folder(tmp_path: Path) -> None:
    with pytest.raises(KeyError), running(tmp_path / "output", keep=True) as kept:
        raise KeyError("a step that failed")
    assert answers(kept)
    with running(tmp_path / "output", keep=False) as local:
        assert answers(local)
        assert local.process_id != kept.process_id
    assert not answers(local)
    assert not Path(f"/proc/{kept.process_id}").exists() or "Z" in state(kept.process_id)
    gc.collect()


def state(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
