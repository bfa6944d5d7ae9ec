"""Where a service serves HTTP that is not an AWS API call (git, REST APIs): applications by host and path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


@dataclass(frozen=True)
class Route:
    """One application and the requests it takes."""

    application: WSGIApplication
    host: re.Pattern[str] | None
    path: re.Pattern[str] | None

    def matches(self, host: str, path: str) -> bool:
        """Tell whether a request to ``host`` (without port) and ``path`` is this application's."""
        return (self.host is None or bool(self.host.fullmatch(host))) and (
            self.path is None or bool(self.path.match(path))
        )


_routes: list[Route] = []


def add(application: WSGIApplication, *, host: str = "", path: str = "") -> None:
    """Give requests to an application before moto sees them; call it from a service's ``install()``.

    Parameters
    ----------
    application
        A WSGI application; it may stream.
    host
        Regular expression for the whole host name without port, such as
        ``git-codecommit\\.[a-z0-9-]+\\.amazonaws\\.com``; empty for any host.
    path
        Regular expression for the beginning of the path, such as ``/v1/repos/``; empty for any path.
    """
    if not host and not path:
        raise ValueError("a route needs a host or a path")
    _routes.append(Route(application, re.compile(host) if host else None, re.compile(path) if path else None))


def find(environ: WSGIEnvironment) -> WSGIApplication | None:
    """Return the application that takes this request, or None when it is an AWS API call."""
    host = environ.get("HTTP_HOST", "").rsplit(":", 1)[0]
    path = environ.get("PATH_INFO", "")
    return next((route.application for route in _routes if route.matches(host, path)), None)
