"""A local AWS clears the folder that an earlier one left, and nothing that is somebody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlproject.errors import UserError
from mlproject.rehearsal.local import running
from mlproject.rehearsal.rehearsal_options import RehearsalOptions
from mlproject.rehearsal.rehearse import rehearse


def test_a_folder_with_files_of_the_user_is_not_touched(tmp_path: Path) -> None:
    mine = tmp_path / "thesis.tex"
    mine.write_text("years of work")
    with pytest.raises(UserError, match="has files of yours"), running(tmp_path, keep=False):
        pass
    with pytest.raises(UserError, match="has files of yours"):
        rehearse(tmp_path, RehearsalOptions())
    assert list(tmp_path.iterdir()) == [mine]
    assert mine.read_text() == "years of work"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("")
    with pytest.raises(UserError, match="output is a file"), running(tmp_path / "output", keep=False):
        pass
