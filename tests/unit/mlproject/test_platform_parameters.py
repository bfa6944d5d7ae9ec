"""What stays of the platform's parameters, what a publishing says anew, and whose ARN is whose."""

from __future__ import annotations

import pytest

from mlproject.errors import UserError
from mlproject.platform_parameters import Place, parameters, places, principal

A, B, C = (f"arn:aws:iam::123456789012:role/{name}" for name in "abc")
CATALOG = frozenset({Place.CATALOG})
S3 = frozenset({Place.S3})


def published(current: dict[str, str], *roles: str, to: frozenset[Place] = CATALOG) -> dict[str, str]:
    return parameters(current, "v1", roles, to, vendored=False) | {"RunnerArchiveKey": "runner/0.zip"}


def test_a_template_is_published_to_the_catalog_unless_told_otherwise() -> None:
    assert places({}, ()) == CATALOG
    assert places({"ServiceCatalog": "true"}, ()) == CATALOG
    assert places({}, [Place.S3]) == S3
    assert places(published({}, to=S3), ()) == S3
    assert places(published({}, to=CATALOG | S3), ()) == CATALOG | S3


def test_a_stack_of_before_there_were_places_has_a_product() -> None:
    old = {"RunnerArchiveKey": "runner/0.zip", "FirstTemplateVersion": "v0", "StudioRoleArns": A}
    assert places(old, ()) == CATALOG
    assert published(old, to=S3)["ServiceCatalog"] == "true"


def test_who_stays_keeps_the_place_that_gives_access() -> None:
    first = published({}, A, B)
    second = published(first, C, B)
    assert second["StudioRoleArns"] == f"{C},{B}"
    third = published(second, B, A)
    assert third["StudioRoleArns"] == f"{A},{B}"
    assert published(third, B)["StudioRoleArns"] == f",{B}"


def test_roles_get_the_leads_policy_only_where_templates_are_in_s3() -> None:
    catalog = published({}, A, "arn:aws:iam::123456789012:role/team/Lead")
    assert catalog["LeadRoleNames"] == ""
    assert published(catalog, to=S3)["LeadRoleNames"] == "a,Lead"


def test_a_user_is_told_how_to_get_the_leads_policy() -> None:
    with pytest.raises(UserError, match=r"not for arn:aws:iam::123456789012:user/me.*LeadPolicyArn"):
        published({}, A, "arn:aws:iam::123456789012:user/me", to=S3)


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:iam::123456789012:role/a/b", "arn:aws:iam::123456789012:role/a/b"),
        ("arn:aws:sts::123456789012:assumed-role/Studio/me", "arn:aws:iam::123456789012:role/Studio"),
        ("arn:aws-cn:iam::123456789012:user/me", "arn:aws-cn:iam::123456789012:user/me"),
    ],
)
def test_a_session_stands_for_its_role(arn: str, expected: str) -> None:
    assert principal(arn) == expected


@pytest.mark.parametrize("arn", ["arn:aws:iam::123456789012:root", "Studio", "arn:aws:s3:::bucket", ""])
def test_who_cannot_create_projects_is_refused(arn: str) -> None:
    with pytest.raises(UserError, match="is not the ARN of a role"):
        principal(arn)


def test_connections_stay_until_others_are_named() -> None:
    one, two = (f"arn:aws:codeconnections:eu-west-1:123456789012:connection/{n * 36}" for n in "12")
    first = parameters({}, "v1", [A], CATALOG, vendored=False, connections=[one, one])
    assert first["ConnectionArns"] == one
    assert parameters(first, "v2", [], CATALOG, vendored=False)["ConnectionArns"] == one
    assert parameters(first, "v2", [], CATALOG, vendored=False, connections=[two])["ConnectionArns"] == two


def test_what_is_no_connection_is_refused() -> None:
    with pytest.raises(UserError, match="arn:aws:s3:::bucket: not the ARN of a connection"):
        parameters({}, "v1", [A], CATALOG, vendored=False, connections=["arn:aws:s3:::bucket"])


def test_more_connections_than_policies_have_room_for_are_refused() -> None:
    many = [f"arn:aws:codeconnections:eu-west-1:123456789012:connection/{n:036x}" for n in range(11)]
    with pytest.raises(UserError, match="at most 10 connections"):
        parameters({}, "v1", [A], CATALOG, vendored=False, connections=many)
