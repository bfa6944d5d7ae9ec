"""A request is decided as the user guide's policy evaluation logic says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.iam.decisions import Policies, Principal, decide
from localaws.iam.policy_documents import Document, read
from localaws.iam.request_context import RequestContext

ROLE = Principal(
    "role",
    "123456789012",
    "arn:aws:sts::123456789012:assumed-role/Builder/build-7",
    "arn:aws:iam::123456789012:role/Builder",
)
ROOT = Principal("root", "123456789012", "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:root")
EVENTS = Principal("service", "", "events.amazonaws.com", "events.amazonaws.com")
OBJECT = "arn:aws:s3:::things/a"
KEY = "arn:aws:kms:us-east-1:123456789012:key/k"
CONTEXT = RequestContext({"aws:SourceArn": ["arn:aws:events:us-east-1:123456789012:rule/push"]})


def document(*statements: dict[str, Any]) -> Document:
    return read(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def statement(effect: str, action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


READS = document(statement("Allow", "s3:Get*", "arn:aws:s3:::things/*"))
NOBODY_READS = document(statement("Deny", "s3:*", "*"))


def verdict(
    policies: Policies, principal: Principal = ROLE, action: str = "s3:GetObject", on: str = OBJECT
) -> str:
    decision = decide(principal, action, on, CONTEXT, policies)
    return "allowed" if decision.allowed else decision.reason


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        (Policies(), "because no identity-based policy allows the s3:GetObject action"),
        (Policies(identity=[READS]), "allowed"),
        (Policies(identity=[READS, NOBODY_READS]), "with an explicit deny in an identity-based policy"),
        (
            Policies(identity=[READS], boundary=document()),
            "because no permissions boundary allows the s3:GetObject action",
        ),
        (Policies(identity=[READS], boundary=READS), "allowed"),
        (
            Policies(identity=[READS], session=document(statement("Allow", "sts:*"))),
            "because no session policy allows the s3:GetObject action",
        ),
        (
            Policies(
                identity=[READS],
                resource=document(statement("Deny", "s3:*", OBJECT, Principal="*")),
            ),
            "with an explicit deny in a resource-based policy",
        ),
    ],
)
def test_every_policy_that_is_there_must_agree(policies: Policies, expected: str) -> None:
    assert verdict(policies) == expected


def test_a_resource_may_let_a_role_in_that_has_no_policy_but_not_beyond_its_boundary() -> None:
    lets_in = document(statement("Allow", "s3:GetObject", OBJECT, Principal={"AWS": ROLE.principal_arn}))
    assert verdict(Policies(resource=lets_in)) == "allowed"
    assert verdict(Policies(resource=lets_in, boundary=document())).startswith(
        "because no permissions boundary"
    )


def test_a_resource_that_lets_the_account_in_leaves_it_to_iam() -> None:
    account = document(statement("Allow", "s3:*", OBJECT, Principal={"AWS": ROOT.arn}))
    assert verdict(Policies(resource=account)).startswith("because no identity-based policy")
    assert verdict(Policies(resource=account, identity=[READS])) == "allowed"


def test_a_key_says_itself_whether_iam_counts() -> None:
    uses = document(statement("Allow", "kms:Decrypt", KEY))
    silent = Policies(identity=[uses], resource=document(), resource_decides=True)
    assert verdict(silent, action="kms:Decrypt", on=KEY) == (
        "because no resource-based policy allows the kms:Decrypt action"
    )
    by_iam = document(statement("Allow", "kms:*", Principal={"AWS": ROOT.arn}))
    opened = Policies(identity=[uses], resource=by_iam, resource_decides=True)
    assert verdict(opened, action="kms:Decrypt", on=KEY) == "allowed"
    assert verdict(opened, principal=ROOT, action="kms:Decrypt", on=KEY) == "allowed"


def test_a_service_is_let_in_by_name_and_source_only() -> None:
    condition = {"ArnEquals": {"aws:SourceArn": "arn:aws:events:us-east-1:123456789012:rule/push"}}
    policy = statement("Allow", "sns:Publish", Principal={"Service": EVENTS.arn}, Condition=condition)
    lets_in = Policies(resource=document(policy), resource_decides=True)
    assert verdict(lets_in, principal=EVENTS, action="sns:Publish") == "allowed"
    others = policy | {"Principal": {"Service": "cloudwatch.amazonaws.com"}}
    refuses = Policies(resource=document(others), resource_decides=True)
    assert verdict(refuses, principal=EVENTS, action="sns:Publish").startswith("because no resource-based")


def test_the_root_of_an_account_may_do_anything_that_no_resource_denies() -> None:
    assert verdict(Policies(), principal=ROOT) == "allowed"
    only_runner = {"ArnNotEquals": {"aws:PrincipalArn": ROLE.principal_arn}}
    closed = document(statement("Deny", "s3:*", OBJECT, Principal="*", Condition=only_runner))
    assert verdict(Policies(resource=closed), principal=ROOT).startswith("with an explicit deny")


def test_not_action_not_resource_and_not_principal_mean_all_others() -> None:
    others = document({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret/*"})
    assert verdict(Policies(identity=[others])) == "allowed"
    assert verdict(Policies(identity=[others]), on="arn:aws:s3:::secret/a") != "allowed"
    assert verdict(Policies(identity=[others]), action="iam:GetRole") != "allowed"
    excepted = document(
        {"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": ROLE.principal_arn}}
    )
    assert verdict(Policies(identity=[READS], resource=excepted)) == "allowed"
    assert verdict(Policies(resource=excepted), principal=ROOT) != "allowed"
