"""CodeConnections, which moto does not have: connections by API, their providers' repositories by git.

A provider (GitHub, GitLab ...) is a folder of bare repositories of this server. Somebody of the team reaches them at
``/_localaws/git/<provider>/<owner>/<name>.git``, AWS by a connection at its real host name.
"""

from __future__ import annotations

import re
import sys

from moto.backend_index import backend_url_patterns

from localaws import routes
from localaws.operations import graft, refuse_others
from localaws.services.codeconnections import connections, git_over_http, models, provider_console, urls
from localaws.services.codeconnections.responses import CodeConnectionsResponse

SERVICE = "codeconnections"
# What docs/fidelity.md says of operations that do less than AWS.
APPROXIMATED = {
    "CreateConnection": "hosts are refused; the handshake with the provider is `POST /_localaws/connections/<id>`",
}


def install() -> None:
    """Serve the API and the repositories; moto looks for a service in a package of its own."""
    sys.modules[f"moto.{SERVICE}"] = models
    for base in urls.url_bases:
        backend_url_patterns.append((SERVICE, re.compile(base)))
    graft(CodeConnectionsResponse, SERVICE, connections.OPERATIONS, APPROXIMATED)
    refuse_others(CodeConnectionsResponse, SERVICE, connections.OPERATIONS)
    routes.add(git_over_http.of_connections, path="/git-http/")
    routes.add(git_over_http.of_provider, path="/_localaws/git/")
    routes.add(provider_console.application, path="/_localaws/(providers|connections)/")
