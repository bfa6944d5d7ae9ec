"""CodeCommit on real git repositories: API calls and git's HTTP protocol come in, commits and events go out.

In place of moto 5.2.5, which knows three calls and answers dates as strings.
"""

from __future__ import annotations

from moto.codecommit.responses import CodeCommitResponse

from localaws import routes
from localaws.operations import graft, refuse_others
from localaws.services.codecommit import branches, browsing, commits, repositories, smarthttp

# What docs/fidelity.md says of operations that do less than AWS.
APPROXIMATED = {
    "PutRepositoryTriggers": "triggers are kept and not fired; rules and pipelines hear of every push",
}


def install() -> None:
    """Serve CodeCommit's API and its repositories."""
    operations = {
        **repositories.OPERATIONS,
        **branches.OPERATIONS,
        **commits.OPERATIONS,
        **browsing.OPERATIONS,
    }
    graft(CodeCommitResponse, "codecommit", operations, APPROXIMATED)
    refuse_others(CodeCommitResponse, "codecommit", operations)
    routes.add(smarthttp.application, host=smarthttp.HOST)
    routes.add(smarthttp.application, path="/v1/repos/")
