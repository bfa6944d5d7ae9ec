"""VariableCheck's operators and references to variables."""

from __future__ import annotations

import pytest

from localaws.services.codepipeline.conditions import holds
from localaws.services.codepipeline.pipelinefaults import ActionFailed
from localaws.services.codepipeline.references import resolve


@pytest.mark.parametrize(
    ("variable", "operator", "value", "passes"),
    [
        ("true", "EQ", "true", True),
        ("true", "EQ", "tru", False),
        ("a", "NE", "b", True),
        ("abc", "CONTAINS", "b", True),
        ("abc", "CONTAINS", "x", False),
        ("abc-12", "MATCHES", r"[a-z]+-\d+", True),
        ("abc-12", "MATCHES", r"[a-z]+", False),
    ],
)
def test_an_operator_compares_as_documented(variable: str, operator: str, value: str, passes: bool) -> None:
    assert holds({"Variable": variable, "Operator": operator, "Value": value}) is passes


def test_references_are_resolved_inside_longer_texts() -> None:
    namespaces = {"Src": {"CommitId": "abc"}, "codepipeline": {"PipelineExecutionId": "1"}}
    assert resolve("c=#{Src.CommitId} e=#{codepipeline.PipelineExecutionId}", namespaces) == "c=abc e=1"


def test_a_reference_without_a_value_is_named() -> None:
    with pytest.raises(ActionFailed, match=r"#{Src.Gone}"):
        resolve("#{Src.Gone}", {"Src": {}})
