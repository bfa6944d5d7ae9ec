"""Answers IAM's SimulatePrincipalPolicy, which moto lacks, by the evaluator that enforces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import ServiceException
from moto.iam.responses import IamResponse

from localaws.iam.decisions import Policies, Principal, decide
from localaws.iam.policy_documents import read
from localaws.iam.principals import find_role, policies_of, role_session, user_named
from localaws.iam.request_context import RequestContext, of_principal
from localaws.operations import Operation, Request, graft, page

_GIVEN = "PolicyInputList.1"


def simulate_principal_policy(request: Request) -> Mapping[str, Any]:
    """Decide every action on every resource, without making a request."""
    params = request.params
    principal = _principal(params["PolicySourceArn"])
    own = _policies(principal, params.get("PolicyInputList") or [])
    context = _context(request, principal)
    results = [
        _result(principal, action, resource, context, own)
        for action in params["ActionNames"]
        for resource in params.get("ResourceArns") or ["*"]
    ]
    items, marker = page(results, params.get("Marker"), params.get("MaxItems"))
    more = {"Marker": marker} if marker else {}
    return {"EvaluationResults": items, "IsTruncated": bool(marker), **more}


def _principal(arn: str) -> Principal:
    found = role_session(arn) if find_role(arn) is not None else None
    if found is None and ":user/" in arn:
        found = user_named(arn.rpartition("/")[2])
    if found is None:
        raise ServiceException("NoSuchEntity", f"{arn} cannot be found.")
    return found


def _policies(principal: Principal, given: list[str]) -> Policies:
    own = policies_of(principal)
    more = [read(text, _GIVEN) for text in given]
    return Policies([*own.identity, *more], own.boundary)


def _context(request: Request, principal: Principal) -> RequestContext:
    entries = request.params.get("ContextEntries") or []
    given = {each["ContextKeyName"]: each.get("ContextKeyValues", []) for each in entries}
    return of_principal(principal, request.region).with_keys(
        {key.lower(): value for key, value in given.items()}
    )


def _result(
    principal: Principal, action: str, resource: str, context: RequestContext, own: Policies
) -> Mapping[str, Any]:
    decision = decide(principal, action, resource, context, own)
    refusal = "explicitDeny" if "explicit deny" in decision.reason else "implicitDeny"
    return {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": "allowed" if decision.allowed else refusal,
        "MatchedStatements": [],
        "MissingContextValues": [],
    }


OPERATIONS: Mapping[str, Operation] = {"SimulatePrincipalPolicy": simulate_principal_policy}


def install() -> None:
    """Put the operation into moto's IAM."""
    graft(IamResponse, "iam", OPERATIONS)
