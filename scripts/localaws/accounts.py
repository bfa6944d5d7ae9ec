"""Which account a caller is of: that of its access key, where the key of any account's root is made of its number."""

from __future__ import annotations

import re
from typing import Any

import moto.iam.models
from moto.core.models import DEFAULT_ACCOUNT_ID

SERVICE_ACCESS_KEY = "AKIALOCALAWSSERVICE0"
"""Of the root of the account that everybody without an account of their own is in."""
_ROOT_KEY = re.compile(r"LOCALAWS(?P<account>\d{12})")

_account_of_known = moto.iam.models.get_account_id_from


def root_key(account: str = "") -> str:
    """Return the access key of an account's root; its secret is that of every such key."""
    return SERVICE_ACCESS_KEY if account in ("", DEFAULT_ACCOUNT_ID) else f"LOCALAWS{account}"


def root_of(access_key: str) -> str:
    """Return the account whose root has an access key, empty when it is nobody's root's."""
    if access_key == SERVICE_ACCESS_KEY:
        return DEFAULT_ACCOUNT_ID
    found = _ROOT_KEY.fullmatch(access_key)
    return found["account"] if found else ""


def account_of(access_key: str) -> str:
    """Return the account of whoever has an access key; of unknown ones the account of those without one."""
    return root_of(access_key) or str(_account_of_known(access_key))


def owner(arn: str) -> str:
    """Return the account in an ARN, empty where it names none."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def repairs() -> tuple[Any, str, Any]:
    """Return what makes moto know the roots' keys: owner, name and function."""
    return moto.iam.models, "get_account_id_from", account_of
