"""CodeCommit repositories: their metadata, tags and triggers come in by API, a bare git repository each goes out."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.codecommit.models import codecommit_backends
from moto.utilities.utils import get_partition

from localaws.operations import Request, state_of
from localaws.runtime import runtime
from localaws.services.codecommit.faults import fault
from localaws.services.codecommit.gitstore import GitStore

NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)
PAGE = 1000
MOST_BATCHED = 25


@dataclass
class Repository:
    """One repository: what the API tells of it, and where git keeps it."""

    account: str
    region: str
    name: str
    description: str
    kms_key_id: str
    git: GitStore
    tags: dict[str, str]
    triggers: list[Mapping[str, Any]] = field(default_factory=list)
    triggers_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    default_branch: str = ""
    repository_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def arn(self) -> str:
        """The repository's ARN."""
        return f"arn:{get_partition(self.region)}:codecommit:{self.region}:{self.account}:{self.name}"

    def touch(self) -> None:
        """Note that the repository changed now."""
        self.modified = datetime.now(UTC)

    def metadata(self) -> dict[str, Any]:
        """Describe the repository as the API does (dates as numbers, where moto 5.2.5 answers strings)."""
        host = f"git-codecommit.{self.region}.amazonaws.com/v1/repos/{self.name}"
        described: dict[str, Any] = {
            "accountId": self.account,
            "repositoryId": self.repository_id,
            "repositoryName": self.name,
            "lastModifiedDate": self.modified,
            "creationDate": self.created,
            "cloneUrlHttp": f"https://{host}",
            "cloneUrlSsh": f"ssh://{host}",
            "Arn": self.arn,
            "kmsKeyId": self.kms_key_id,
        }
        if self.description:
            described["repositoryDescription"] = self.description
        if self.default_branch:
            described["defaultBranch"] = self.default_branch
        return described


class Repositories:
    """The repositories of one account and region."""

    def __init__(self) -> None:
        self.by_name: dict[str, Repository] = {}
        self.lock = threading.Lock()


def repositories_of(account: str, region: str) -> Repositories:
    """Return the repositories of an account and region."""
    return state_of(codecommit_backends[account][region], Repositories)


def find_repository(account: str, region: str, name: str) -> Repository:
    """Return a repository by name, or answer as AWS does when there is none."""
    check_name(name)
    found = repositories_of(account, region).by_name.get(name)
    if found is None:
        raise fault("RepositoryDoesNotExist", f"{name} does not exist")
    return found


def repository(request: Request) -> Repository:
    """Return the repository that a request names."""
    return find_repository(request.account, request.region, request.params["repositoryName"])


def check_name(name: str) -> None:
    """Refuse a name that AWS refuses."""
    if not NAME.fullmatch(name) or name.endswith(".git"):
        raise fault(
            "InvalidRepositoryName",
            "The repository name is not valid. Repository names can be any valid combination of letters, "
            "numbers, periods, underscores, and dashes between 1 and 100 characters in length, and cannot end "
            "in .git.",
        )


def store_for(account: str, region: str, name: str) -> GitStore:
    """Return where a repository's files lie."""
    return GitStore(runtime().data / "codecommit" / account / region / f"{name}.git")


def create_repository(request: Request) -> dict[str, Any]:
    """CreateRepository."""
    name = request.params["repositoryName"]
    check_name(name)
    state = repositories_of(request.account, request.region)
    with state.lock:
        _check_free(state, name)
        made = Repository(
            request.account,
            request.region,
            name,
            request.params.get("repositoryDescription", ""),
            request.params.get("kmsKeyId", _managed_key(request)),
            store_for(request.account, request.region, name),
            dict(request.params.get("tags", {})),
        )
        made.git.create()
        state.by_name[name] = made
    return {"repositoryMetadata": made.metadata()}


def _managed_key(request: Request) -> str:
    return f"arn:{request.partition}:kms:{request.region}:{request.account}:alias/aws/codecommit"


def _check_free(state: Repositories, name: str) -> None:
    if name in state.by_name:
        raise fault("RepositoryNameExists", f"Repository named {name} already exists")


def get_repository(request: Request) -> dict[str, Any]:
    """GetRepository."""
    return {"repositoryMetadata": repository(request).metadata()}


def batch_get_repositories(request: Request) -> dict[str, Any]:
    """BatchGetRepositories."""
    names = request.params["repositoryNames"]
    if len(names) > MOST_BATCHED:
        raise fault("MaximumRepositoryNamesExceeded", f"At most {MOST_BATCHED} repositories in one request.")
    known = repositories_of(request.account, request.region).by_name
    return {
        "repositories": [known[name].metadata() for name in names if name in known],
        "repositoriesNotFound": [name for name in names if name not in known],
    }


def list_repositories(request: Request) -> dict[str, Any]:
    """ListRepositories."""
    known = sorted(
        repositories_of(request.account, request.region).by_name.values(),
        key=lambda one: one.modified if request.params.get("sortBy") == "lastModifiedDate" else one.name,
        reverse=request.params.get("order") == "descending",
    )
    start = int(request.params.get("nextToken") or 0)
    page = known[start : start + PAGE]
    answer: dict[str, Any] = {
        "repositories": [{"repositoryName": one.name, "repositoryId": one.repository_id} for one in page]
    }
    if start + PAGE < len(known):
        answer["nextToken"] = str(start + PAGE)
    return answer


def delete_repository(request: Request) -> dict[str, Any]:
    """DeleteRepository; a repository that is not there is no error."""
    check_name(request.params["repositoryName"])
    state = repositories_of(request.account, request.region)
    with state.lock:
        gone = state.by_name.pop(request.params["repositoryName"], None)
    if gone is None:
        return {}
    with gone.lock:
        gone.git.remove()
    return {"repositoryId": gone.repository_id}


def update_repository_name(request: Request) -> None:
    """UpdateRepositoryName."""
    old, new = request.params["oldName"], request.params["newName"]
    check_name(new)
    renamed = find_repository(request.account, request.region, old)
    state = repositories_of(request.account, request.region)
    with state.lock, renamed.lock:
        _check_free(state, new)
        store = store_for(request.account, request.region, new)
        renamed.git.path.rename(store.path)
        renamed.name, renamed.git = new, store
        state.by_name[new] = state.by_name.pop(old)
        renamed.touch()


def update_repository_description(request: Request) -> None:
    """UpdateRepositoryDescription."""
    changed = repository(request)
    changed.description = request.params.get("repositoryDescription", "")
    changed.touch()


def update_repository_encryption_key(request: Request) -> dict[str, Any]:
    """UpdateRepositoryEncryptionKey."""
    changed = repository(request)
    original, changed.kms_key_id = changed.kms_key_id, request.params["kmsKeyId"]
    changed.touch()
    return {
        "repositoryId": changed.repository_id,
        "kmsKeyId": changed.kms_key_id,
        "originalKmsKeyId": original,
    }


def _by_arn(request: Request) -> Repository:
    arn = request.params["resourceArn"]
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "codecommit":
        raise fault("InvalidResourceArn", f"The value for the resource ARN is not valid: {arn}")
    return find_repository(parts[4], parts[3], parts[5])


def list_tags(request: Request) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"tags": _by_arn(request).tags}


def tag_resource(request: Request) -> None:
    """TagResource."""
    _by_arn(request).tags.update(request.params["tags"])


def untag_resource(request: Request) -> None:
    """UntagResource."""
    tags = _by_arn(request).tags
    for key in request.params["tagKeys"]:
        tags.pop(key, None)


def get_triggers(request: Request) -> dict[str, Any]:
    """GetRepositoryTriggers."""
    found = repository(request)
    return {"configurationId": found.triggers_id, "triggers": found.triggers}


def put_triggers(request: Request) -> dict[str, Any]:
    """PutRepositoryTriggers; only an empty list, because triggers are not fired here."""
    changed = repository(request)
    if request.params["triggers"]:
        raise fault(
            "InvalidRepositoryTriggerEvents",
            "localaws does not fire repository triggers: use an EventBridge rule for "
            "`CodeCommit Repository State Change`.",
        )
    changed.triggers, changed.triggers_id = [], str(uuid.uuid4())
    return {"configurationId": changed.triggers_id}


OPERATIONS = {
    "BatchGetRepositories": batch_get_repositories,
    "CreateRepository": create_repository,
    "DeleteRepository": delete_repository,
    "GetRepository": get_repository,
    "GetRepositoryTriggers": get_triggers,
    "ListRepositories": list_repositories,
    "ListTagsForResource": list_tags,
    "PutRepositoryTriggers": put_triggers,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateRepositoryDescription": update_repository_description,
    "UpdateRepositoryEncryptionKey": update_repository_encryption_key,
    "UpdateRepositoryName": update_repository_name,
}
