"""What there is not, and what does not go together, is refused before a rehearsal starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlproject.errors import UserError
from mlproject.rehearsal.local import Iam, Network
from mlproject.rehearsal.rehearsal_options import RehearsalOptions
from mlproject.rehearsal.team_repositories import Source

ISOLATED = {"network": Network.ISOLATED}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"data": Path("not-there.csv")}, "data 'not-there.csv' is no file"),
        ({"variant": "speech"}, "no variant 'speech'"),
        ({"mode": "psychic"}, "no mode 'psychic'"),
        ({"pipeline": "tunin"}, "no pipeline 'tunin'"),
        ({"accounts": 4}, "ACCOUNTS is 1, 2"),
        ({"pipeline": "tuning", "variant": "config-only"}, "leave them out for config-only"),
        ({"mode": "asynchronous", "variant": "autopilot"}, "leave them out for autopilot"),
        ({"pipeline": "all", "mode": "serverless"}, "PIPELINE ends before a model is deployed"),
        ({**ISOLATED, "variant": "autopilot"}, "leave out VARIANT, PIPELINE and MODE"),
        ({**ISOLATED, "mode": "batch"}, "leave out VARIANT, PIPELINE and MODE"),
        ({**ISOLATED, "source": Source.CONNECTION}, "SOURCE=connection by the internet"),
        ({"accounts": 3, "mode": "batch"}, "ACCOUNTS goes with VARIANT and IAM"),
        ({"accounts": 2, **ISOLATED}, "ACCOUNTS goes with VARIANT and IAM"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        RehearsalOptions(**options).check()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"variant": "", "mode": "", "pipeline": ""},
        {"iam": Iam.ENFORCE, "pipeline": "all"},
        {"accounts": 3, "variant": "autopilot", "source": Source.CONNECTION},
    ],
)
def test_what_goes_together_is_taken(options: dict[str, Any]) -> None:
    RehearsalOptions(**options).check()


@pytest.mark.parametrize(
    "options",
    [
        {"pipeline": "all"},
        {"variant": "autopilot"},
        {"mode": "batch"},
        ISOLATED,
        {"accounts": 2},
        {"source": Source.CONNECTION},
    ],
)
def test_rights_are_judged_by_the_usual_life_alone(options: dict[str, Any]) -> None:
    assert RehearsalOptions(iam=Iam.ENFORCE).usual
    assert not RehearsalOptions(**options).usual
