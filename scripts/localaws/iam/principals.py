"""Who holds an access key, and which policies are theirs: moto's books of IAM and STS come in."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.sts.models import AssumedRole, sts_backends

from localaws.accounts import root_of
from localaws.iam.decisions import Policies, Principal
from localaws.iam.policy_documents import Document, read

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
_sessions: dict[str, AssumedRole] = {}


def root(account: str = DEFAULT_ACCOUNT_ID, partition: str = "aws") -> Principal:
    """Return an account's root."""
    arn = f"arn:{partition}:iam::{account}:root"
    return Principal("root", account, arn, arn, account)


def service(name: str) -> Principal:
    """Return an AWS service that acts for itself, such as ``events.amazonaws.com``."""
    return Principal("service", "", name, name)


def role_session(role_arn: str, session: str = "localaws") -> Principal:
    """Return whoever has taken on a role."""
    _, partition, _, _, account, resource = role_arn.split(":", 5)
    name = resource.rsplit("/", 1)[-1]
    return Principal(
        "role", account, f"arn:{partition}:sts::{account}:assumed-role/{name}/{session}", role_arn, session
    )


def holder(access_key: str) -> Principal | None:
    """Return whose an access key is; None when nobody has been given it.

    Sessions of AWS's own accounts (a service's presigned links) are the service's, and act as the account's root.
    """
    if account := root_of(access_key):
        return root(account)
    session = _session(access_key)
    if session is not None:
        if session.account_id.startswith("0000000000"):
            return root(session.account_id, session.partition)
        found = role_session(session.role_arn, session.session_name)
        return dataclasses.replace(found, user_id=session.user_id, tags=getattr(session, "tags", {}))
    return next(_users(access_key), None)


def policies_of(principal: Principal, access_key: str = "") -> Policies:
    """Return the policies attached to a principal, with its boundary and its session's policy."""
    if principal.kind not in ("role", "user"):
        return Policies()
    backend = iam_backends[principal.account][principal.arn.split(":")[1]]
    if principal.kind == "user":
        return _of_user(backend, principal.principal_arn.rsplit("/", 1)[-1])
    session = _sessions.get(access_key)
    role = find_role(principal.principal_arn)
    if role is None:
        return Policies()
    boundary = _managed(backend, role.permissions_boundary_arn) if role.permissions_boundary_arn else None
    return Policies(
        identity=_documents(role),
        boundary=boundary,
        session=_of_session(backend, session) if session is not None else None,
    )


def find_role(arn: str) -> Any:
    """Return moto's role of an ARN, None when there is none."""
    _, partition, _, _, account, _ = arn.split(":", 5)
    roles = iam_backends[account][partition].roles.values()
    return next((role for role in list(roles) if role.arn == arn), None)


def roles() -> Iterator[tuple[str, Policies]]:
    """Yield every role of every account with its policies."""
    for account in list(iam_backends):
        for partition in PARTITIONS:
            for role in list(iam_backends[account][partition].roles.values()):
                yield role.arn, policies_of(role_session(role.arn))


def _session(access_key: str) -> AssumedRole | None:
    if access_key not in _sessions:
        for account in list(sts_backends):
            for partition in PARTITIONS:
                found = sts_backends[account][partition].get_assumed_role_from_access_key(access_key)
                if found is not None:
                    _sessions[access_key] = found
    return _sessions.get(access_key)


def user_named(name: str) -> Principal | None:
    """Return the IAM user of a name, None when there is none."""
    for account in list(iam_backends):
        for partition in PARTITIONS:
            user = iam_backends[account][partition].users.get(name)
            if user is not None:
                return Principal("user", account, user.arn, user.arn, user.id)
    return None


def tags_of_user(arn: str) -> list[dict[str, str]]:
    """Return the tags of an IAM user, as moto keeps them."""
    _, partition, _, _, account, _ = arn.split(":", 5)
    tags: list[dict[str, str]] = iam_backends[account][partition].tagger.list_tags_for_resource(arn)["Tags"]
    return tags


def _users(access_key: str) -> Iterator[Principal]:
    for account in list(iam_backends):
        for partition in PARTITIONS:
            for user in list(iam_backends[account][partition].users.values()):
                if any(
                    each.access_key_id == access_key and each.status == "Active" for each in user.access_keys
                ):
                    yield Principal("user", account, user.arn, user.arn, user.id)


def _of_user(backend: Any, name: str) -> Policies:
    user = backend.users[name]
    groups = [group for group in backend.groups.values() if user in group.users]
    boundary = getattr(user, "permissions_boundary_arn", "")
    return Policies(
        identity=[document for each in (user, *groups) for document in _documents(each)],
        boundary=_managed(backend, boundary) if boundary else None,
    )


def _documents(owner: Any) -> list[Document]:
    inline = owner.policies.items() if isinstance(owner.policies, dict) else ()
    attached = owner.managed_policies.values()
    return [_read(text, name) for name, text in inline] + [_of_policy(each) for each in attached]


def _of_session(backend: Any, session: AssumedRole) -> Document | None:
    """Return what limits a session: its own policy and the managed ones that it names, together."""
    documents = [read(session.policy, "session")] if session.policy else []
    documents += [_managed(backend, arn) for arn in getattr(session, "policy_arns", ())]
    if not documents:
        return None
    return Document([statement for each in documents for statement in each.statements], "session")


def _managed(backend: Any, arn: str) -> Document:
    policy = backend.managed_policies.get(arn)
    # A boundary that is gone lets nothing through.
    return _of_policy(policy) if policy is not None else Document(name=arn)


def _of_policy(policy: Any) -> Document:
    version = next(each for each in policy.versions if each.version_id == policy.default_version_id)
    return _read(version.document, policy.name)


def _read(text: Any, name: str) -> Document:
    return read(text if isinstance(text, str) else json.dumps(text), name)
