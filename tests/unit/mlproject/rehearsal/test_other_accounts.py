"""A rehearsal has one account, two or three: the stages' owners are of accounts of their own."""

from __future__ import annotations

import pytest

from mlproject.errors import UserError
from mlproject.rehearsal.other_accounts import checked


def test_one_account_is_the_project_s_own() -> None:
    assert checked(1) is None


def test_three_accounts_are_those_that_the_platform_is_published_with() -> None:
    others = checked(3)
    assert others is not None
    assert others.publishing == {"staging_account": "444455556666", "production_account": "777788889999"}
    credentials = others.owners["444455556666"].get_credentials()
    assert credentials is not None
    assert credentials.access_key == "LOCALAWS444455556666"


def test_two_accounts_have_both_stages_in_the_second() -> None:
    others = checked(2)
    assert others is not None
    assert others.publishing == {"staging_account": "444455556666", "production_account": "444455556666"}
    assert list(others.owners) == ["444455556666"]


def test_another_number_is_refused() -> None:
    with pytest.raises(UserError, match="ACCOUNTS is 1, 2"):
        checked(4)
