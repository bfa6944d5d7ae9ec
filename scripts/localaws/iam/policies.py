"""Puts together what governs one requirement: the caller's policies, and that of the resource."""

from __future__ import annotations

import dataclasses

from localaws.iam.decisions import Policies, Principal
from localaws.iam.policy_documents import Document, Statement
from localaws.iam.requirements import Requirement
from localaws.iam.resource_policies import decides_alone, granted_by_key, is_foreign, policy_of, trust_of


def governing(own: Policies, principal: Principal, wanted: Requirement) -> Policies:
    """Return all policies that decide on a requirement."""
    arn = wanted.resource
    if wanted.action in ("sts:AssumeRole", "sts:TagSession"):
        foreign = is_foreign(principal.account, arn)
        return dataclasses.replace(own, resource=trust_of(arn), resource_decides=True, foreign=foreign)
    policy = policy_of(arn)
    alone = decides_alone(arn)
    if alone and granted_by_key(arn, wanted.action, principal.principal_arn):
        policy = _with_grant(policy, wanted, principal)
    return dataclasses.replace(
        own,
        resource=policy,
        resource_decides=alone or principal.kind == "service",
        foreign=is_foreign(principal.account, arn),
    )


def _with_grant(policy: Document | None, wanted: Requirement, principal: Principal) -> Document:
    """A grant allows like a statement of the key's policy that names the principal."""
    grant = Statement(True, [wanted.action], ["*"], {}, {"AWS": [principal.principal_arn]})
    return Document([*(policy.statements if policy else ()), grant], policy.name if policy else "grant")
