"""A product is found by its exact name, in its newest usable version or the one that is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mlproject import catalog
from mlproject.errors import UserError

NAME = "SageMaker project"


def artifact(version: str, day: int, guidance: str = "DEFAULT") -> dict[str, Any]:
    return {
        "Id": f"pa-{version}",
        "Name": version,
        "CreatedTime": datetime(2026, 1, day, tzinfo=UTC),
        "Guidance": guidance,
    }


def queue(session: Any, *artifacts: dict[str, Any]) -> None:
    views = [{"Name": f"{NAME} for others", "ProductId": "prod-2"}, {"Name": NAME, "ProductId": "prod-1"}]
    answers = session.answers("servicecatalog")
    answers.add_response(
        "search_products", {"ProductViewSummaries": views}, {"Filters": {"FullTextSearch": [NAME]}}
    )
    answers.add_response("describe_product", {"ProvisioningArtifacts": list(artifacts)}, {"Id": "prod-1"})


def asked(session: Any, artifact_id: str, *names: str) -> None:
    session.answers("servicecatalog").add_response(
        "describe_provisioning_parameters",
        {"ProvisioningArtifactParameters": [{"ParameterKey": name} for name in names]},
        {"ProductId": "prod-1", "ProvisioningArtifactId": artifact_id},
    )


def test_the_newest_version_is_taken_that_is_not_deprecated(session: Any) -> None:
    queue(session, artifact("v1", 1), artifact("v2", 2), artifact("v3", 3, "DEPRECATED"))
    asked(session, "pa-v2", "ApproverEmail", "DataLocation")
    names = frozenset({"ApproverEmail", "DataLocation"})
    assert catalog.find(session, NAME) == catalog.Product("prod-1", "pa-v2", "v2", names)


def test_an_older_version_can_be_asked_for(session: Any) -> None:
    queue(session, artifact("v1", 1), artifact("v2", 2))
    asked(session, "pa-v1")
    assert catalog.find(session, NAME, "v1").artifact_id == "pa-v1"


def test_an_unknown_version_is_told_with_the_known_ones(session: Any) -> None:
    queue(session, artifact("v1", 1), artifact("v2", 2))
    with pytest.raises(UserError, match="'v9' of 'SageMaker project' is not published; published: v1, v2"):
        catalog.find(session, NAME, "v9")


def test_a_product_that_is_not_published_to_the_caller_is_told(session: Any) -> None:
    session.answers("servicecatalog").add_response("search_products", {"ProductViewSummaries": []})
    with pytest.raises(UserError, match="not published to you in eu-west-1"):
        catalog.find(session, NAME)
