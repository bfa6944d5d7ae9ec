"""Passwords of the registry: GetAuthorizationToken hands one out, who shows it within twelve hours is let in."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LIFE = timedelta(hours=12)
USER = "AWS"


@dataclass(frozen=True)
class Login:
    """Who a password was given to, and until when it holds."""

    account: str
    access_key: str
    expires: datetime


_logins: dict[str, Login] = {}
_lock = threading.Lock()


def issue(account: str, access_key: str) -> tuple[str, datetime]:
    """Return a new password for a caller, and when it expires."""
    password, now = secrets.token_urlsafe(32), datetime.now(UTC)
    login = Login(account, access_key, now + LIFE)
    with _lock:
        for expired in [known for known, old in _logins.items() if old.expires < now]:
            del _logins[expired]
        _logins[password] = login
    return password, login.expires


def find(user: str, password: str) -> Login | None:
    """Return whose a password is, None when it is nobody's or has expired."""
    login = _logins.get(password)
    if user != USER or login is None or login.expires < datetime.now(UTC):
        return None
    return login
