"""Stage conditions: declared rules and an execution's variables come in, whether they hold goes out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localaws.services.codepipeline.pipelinefaults import ActionFailed, fault

# Which results AWS allows for a kind of condition, and which of them can be carried out here.
RESULTS = {"beforeEntry": ("FAIL", "SKIP"), "onSuccess": ("FAIL",)}
ON_FAILURE_RESULTS = ("FAIL", "RETRY", "SKIP")
OPERATORS = ("EQ", "NE", "CONTAINS", "MATCHES")


def check_conditions(stage: Mapping[str, Any]) -> None:
    """Refuse, by name, a condition that AWS refuses or that cannot be carried out here."""
    for kind, results in RESULTS.items():
        for condition in stage.get(kind, {}).get("conditions", []):
            if condition.get("result", "FAIL") not in results:
                raise fault(
                    "InvalidStageDeclaration",
                    f"localaws does not support the result {condition['result']} of {kind} in stage "
                    f"'{stage['name']}'",
                )
            for rule in condition.get("rules", []):
                _check_rule(stage["name"], rule)
    on_failure = stage.get("onFailure", {})
    if on_failure.get("result", "FAIL") not in ON_FAILURE_RESULTS or on_failure.get("conditions"):
        raise fault(
            "InvalidStageDeclaration",
            f"localaws does not support ROLLBACK or conditions in onFailure of stage '{stage['name']}'",
        )


def _check_rule(stage: str, rule: Mapping[str, Any]) -> None:
    provider = rule["ruleTypeId"]["provider"]
    if provider != "VariableCheck":
        raise fault(
            "InvalidStageDeclaration", f"localaws does not support the rule {provider} (stage '{stage}')"
        )
    configuration = rule.get("configuration", {})
    missing = sorted({"Variable", "Value", "Operator"} - configuration.keys())
    if missing:
        raise fault("InvalidStageDeclaration", f"Rule '{rule['name']}' is missing {', '.join(missing)}")
    if configuration["Operator"] not in OPERATORS:
        raise fault(
            "InvalidStageDeclaration",
            f"Rule '{rule['name']}': Operator must be one of {', '.join(OPERATORS)}",
        )


def holds(configuration: Mapping[str, str]) -> bool:
    """Tell whether a VariableCheck with resolved configuration passes."""
    actual, expected = configuration["Variable"], configuration["Value"]
    operator = configuration["Operator"]
    if operator == "MATCHES":
        try:
            return re.fullmatch(expected, actual) is not None
        except re.error as error:
            raise ActionFailed(f"{expected} is not a regular expression: {error}") from error
    checks = {"EQ": actual == expected, "NE": actual != expected, "CONTAINS": expected in actual}
    return checks[operator]
