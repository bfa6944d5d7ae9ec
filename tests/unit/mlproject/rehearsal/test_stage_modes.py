"""The modes that can be rehearsed are those that the modeldeploy repository has an example of."""

from __future__ import annotations

import pytest

from mlproject.errors import UserError
from mlproject.rehearsal import stage_modes


@pytest.mark.parametrize("mode", ["asynchronous", "multi-model", "serverless"])
def test_a_mode_with_an_example_can_be_rehearsed(mode: str) -> None:
    assert stage_modes.checked(mode) == mode


@pytest.mark.parametrize("mode", ["", "real-time"])
def test_the_mode_that_a_project_begins_with_changes_nothing(mode: str) -> None:
    assert stage_modes.checked(mode) == ""


def test_an_unknown_mode_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        UserError, match="no mode 'psychic': there is real-time, asynchronous, batch, multi-model, serverless"
    ):
        stage_modes.checked("psychic")
