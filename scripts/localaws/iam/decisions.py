"""Decides one request as IAM does: who asks, for what, under which policies; a decision with its reason comes out.

Follows the IAM user guide's policy evaluation logic for one account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from localaws.iam.patterns import Context
from localaws.iam.policy_documents import Document, Statement

Kind = Literal["role", "root", "service", "user"]


@dataclass(frozen=True)
class Principal:
    """Who asks.

    Attributes
    ----------
    arn
        The ARN that messages show: of the session, where a role is assumed; a service's name for a service.
    principal_arn
        The ARN that policies name: of the role behind a session.
    tags
        Those that a session was given, over those of its role.
    """

    kind: Kind
    account: str
    arn: str
    principal_arn: str
    user_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def root_arn(self) -> str:
        """The ARN that stands for the principal's account."""
        return f"arn:{self.arn.split(':')[1]}:iam::{self.account}:root" if self.account else ""


@dataclass(frozen=True)
class Policies:
    """What governs a request; None where there is no such policy."""

    identity: Sequence[Document] = ()
    boundary: Document | None = None
    session: Document | None = None
    resource: Document | None = field(default=None)
    resource_decides: bool = False
    """IAM counts only as far as the resource's policy lets the account in: keys and the trust of roles."""
    foreign: bool = False
    """The resource is another account's: both accounts must allow, each by its own policies."""


@dataclass(frozen=True)
class Decision:
    """Whether a request may go on, and why not, in AWS's words."""

    allowed: bool
    reason: str = ""


ALLOWED = Decision(True)


def decide(
    principal: Principal, action: str, resource: str, context: Context, policies: Policies
) -> Decision:
    """Return IAM's decision on one action and resource."""
    request = _Request(principal, action, resource, context)
    for kind, document in _all(policies):
        if request.denied_by(document):
            return Decision(False, f"with an explicit deny in {kind}")
    if principal.kind == "root" and not (policies.resource_decides or policies.foreign):
        return ALLOWED
    granted = request.granted_by(policies.resource)
    if granted and principal.kind in ("root", "service"):
        return ALLOWED
    if granted == "directly" and not policies.foreign:
        return ALLOWED
    return request.limited(policies, granted)


def _all(policies: Policies) -> Iterator[tuple[str, Document]]:
    yield from (("an identity-based policy", document) for document in policies.identity)
    if policies.boundary:
        yield "a permissions boundary", policies.boundary
    if policies.session:
        yield "a session policy", policies.session
    if policies.resource:
        yield "a resource-based policy", policies.resource


@dataclass(frozen=True)
class _Request:
    principal: Principal
    action: str
    resource: str
    context: Context

    def denied_by(self, document: Document) -> bool:
        return any(self._fits(each) and bool(self._names(each)) for each in _of(document, allows=False))

    def allowed_by(self, document: Document) -> bool:
        return any(self._fits(each) for each in _of(document, allows=True))

    def granted_by(self, document: Document | None) -> str:
        """Tell how a resource's policy grants: ``directly`` to the session or user, else to ``account`` or ``role``."""
        found = {
            self._names(each) for each in _of(document or Document(), allows=True) if self._fits(each)
        } - {""}
        return next((each for each in ("directly", "role", "account") if each in found), "")

    def limited(self, policies: Policies, granted: str) -> Decision:
        """Decide by the identity's own policies and what limits them."""
        verb = f"allows the {self.action} action"
        if (policies.resource_decides or policies.foreign) and not granted:
            return Decision(False, f"because no resource-based policy {verb}")
        named = granted == "role" and not policies.foreign
        if not named and not any(map(self.allowed_by, policies.identity)):
            return Decision(False, f"because no identity-based policy {verb}")
        if policies.boundary and not self.allowed_by(policies.boundary):
            return Decision(False, f"because no permissions boundary {verb}")
        if policies.session and not self.allowed_by(policies.session):
            return Decision(False, f"because no session policy {verb}")
        return ALLOWED

    def _fits(self, statement: Statement) -> bool:
        return statement.applies(self.action, self.resource, self.context)

    def _names(self, statement: Statement) -> str:
        """Tell how a statement names the principal; an identity's own policy names it by being its."""
        if statement.principals is None:
            return "role"
        found = [self._meant(kind, who) for kind, entries in statement.principals.items() for who in entries]
        named = next((each for each in ("directly", "role", "account") if each in found), "")
        if statement.not_principals:
            return "" if named else "role"
        return named

    def _meant(self, kind: str, who: str) -> str:
        principal = self.principal
        if who == "*":
            return "directly" if principal.kind == "user" else "role"
        if kind == "Service":
            return "directly" if principal.kind == "service" and who == principal.arn else ""
        if kind != "AWS" or principal.kind == "service":
            return ""
        if who == principal.arn:
            return "directly"
        if who == principal.principal_arn:
            return "directly" if principal.kind == "user" else "role"
        return "account" if who in (principal.account, principal.root_arn) else ""


def _of(document: Document, *, allows: bool) -> Iterable[Statement]:
    return (each for each in document.statements if each.allows == allows)
