"""What a target receives: the event, a constant, a part of the event, or a template filled from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")
STEP = re.compile(r"\.([\w/-]+)|\[(\d+|\*|'[^']+')\]")


def target_input(target: Mapping[str, Any], event: Mapping[str, Any], rule_name: str, rule_arn: str) -> str:
    """Return the text that a target receives for an event."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(find(event, target["InputPath"]))
    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(event)
    values = {name: find(event, path) for name, path in transformer.get("InputPathsMap", {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_name,
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": dict(event),
    }
    return fill(transformer["InputTemplate"], values)


def find(event: Any, path: str) -> Any:
    """Return what a JSON path of EventBridge's kind (names, indices, ``[*]``) finds; None for nothing."""
    values = [event]
    many = False
    for name, index in STEP.findall(path.removeprefix("$")):
        key = name or index.strip("'")
        if index == "*":
            many = True
            values = [each for value in values if isinstance(value, list) for each in value]
        elif index.isdigit():
            values = [
                value[int(index)] for value in values if isinstance(value, list) and len(value) > int(index)
            ]
        else:
            values = [value[key] for value in values if isinstance(value, dict) and key in value]
    if many:
        return values
    return values[0] if values else None


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template: a placeholder within a JSON string becomes text, one outside becomes JSON.

    A name that is not defined stays, as it may be text that merely looks like a placeholder.
    """

    def replace(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        if not _within_string(template, match.start()):
            return json.dumps(value)
        if value is None:
            return ""
        text = value if isinstance(value, str) else json.dumps(value)
        return json.dumps(text)[1:-1]

    return PLACEHOLDER.sub(replace, template)


def _within_string(template: str, position: int) -> bool:
    quotes = re.findall(r'\\.|(")', template[:position], re.DOTALL)
    return quotes.count('"') % 2 == 1
