"""What was asked and decided, by principal: the guard writes here, the report reads."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from localaws.iam.decisions import Policies, Principal
from localaws.iam.reference import can_be_on, expand


@dataclass(frozen=True)
class Denial:
    """A request that policies do not allow; the sentence that its caller read, or would have read."""

    principal: str
    action: str
    resource: str
    message: str


@dataclass
class Recorder:
    """Everything that principals used and were denied since the server started."""

    used: dict[str, dict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    denied: dict[Denial, int] = field(default_factory=lambda: defaultdict(int))
    unknown: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    policies: dict[str, Policies] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def use(self, principal: Principal, action: str, resource: str) -> None:
        """Remember that a principal used an action on a resource."""
        with self._lock:
            self.used[principal.principal_arn][action].add(resource)

    def deny(self, principal: Principal, action: str, resource: str, text: str) -> None:
        """Remember a denied request."""
        with self._lock:
            self.denied[Denial(principal.principal_arn, action, resource, text)] += 1

    def unevaluated(self, what: str) -> None:
        """Remember a request whose action nobody knows."""
        with self._lock:
            self.unknown[what] += 1

    def hold(self, principal_arn: str, policies: Policies) -> None:
        """Remember the policies of a principal: it may be gone when the report is made."""
        with self._lock:
            self.policies[principal_arn] = policies

    def report(self) -> dict[str, Any]:
        """Return everything in JSON's types."""
        with self._lock:
            return {
                "denied": [asdict(each) | {"times": times} for each, times in self.denied.items()],
                "unknown": dict(self.unknown),
                "principals": {
                    arn: {
                        "granted": _granted(self.policies.get(arn, Policies())),
                        "void": _void(self.policies.get(arn, Policies())),
                        "used": {action: sorted(on) for action, on in sorted(self.used.get(arn, {}).items())},
                    }
                    for arn in sorted({*self.used, *self.policies})
                },
            }


def _void(policies: Policies) -> list[str]:
    """Return the actions that an identity's policies name on resources that they can never be on."""
    granted = _granted(policies)
    named = {
        action
        for document in policies.identity
        for statement in document.statements
        if statement.allows and not statement.not_actions
        for action in statement.actions
        if "*" not in action
    }
    return sorted(action for action in named if expand(action)[0] not in granted)


def _granted(policies: Policies) -> Mapping[str, list[str]]:
    """Return the actions that an identity's policies allow, wildcards as the actions they stand for, with the
    statements that allow each."""
    found: dict[str, list[str]] = defaultdict(list)
    for document in policies.identity:
        for statement in document.statements:
            if not statement.allows or statement.not_actions:
                continue
            for pattern in statement.actions:
                for action in expand(pattern):
                    if statement.not_resources or any(
                        can_be_on(action, each) for each in statement.resources
                    ):
                        found[action].append(statement.sid or document.name)
    return {action: sorted(set(sids)) for action, sids in sorted(found.items())}
