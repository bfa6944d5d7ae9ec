"""Which life a rehearsal lives for a variant."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlproject.errors import UserError
from mlproject.rehearsal.rehearse import rehearse
from mlproject.rehearsal.variants import DEFAULT, LIVES, life_of


@pytest.mark.parametrize("variant", ["", DEFAULT])
def test_the_default_variant_lives_the_usual_life(variant: str) -> None:
    assert life_of(variant) is None


@pytest.mark.parametrize("variant", LIVES)
def test_every_other_variant_has_a_life_of_its_own(variant: str) -> None:
    assert life_of(variant) is LIVES[variant]


def test_an_unknown_variant_is_told_the_known_ones() -> None:
    with pytest.raises(UserError, match=f"no variant 'speech': there is {DEFAULT}, .*config-only"):
        life_of("speech")


def test_what_only_the_churn_model_has_is_refused_for_other_variants(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="leave them out for config-only"):
        rehearse(tmp_path, None, False, pipeline="tuning", variant="config-only")
