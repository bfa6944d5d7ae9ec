"""What pydantic says of a file in, problems with their places and near misses out; `configuration` collects them."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mlpipelines.pipeline_errors import Problem
from mlpipelines.schema_base import Section, spellings
from mlpipelines.yaml_source import KeyPath, SourceFile

FROM_THE_PROJECT = ("s3Bucket", "modelConfigFilePath", "sagemakerNetworkSecurity")
MESSAGES = {
    "missing": "this key is missing",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "list_type": "must be a list",
    "string_type": "must be a text",
}


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return words that name the nearest of the known ones, or nothing."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, 1) or [n for n in names if n.lower() == word.lower()]
    return f"; did you mean {near[0]}?" if near else ""


def one_of(word: str, known: Iterable[str]) -> str:
    """Return words that name the nearest of the known ones, or else all of them."""
    names = sorted(set(known))
    return suggestion(word, names) or f"; there is {', '.join(names) or 'none'}"


def schema_problems(source: SourceFile, error: ValidationError, base: KeyPath) -> Iterator[Problem]:
    """Yield a problem for each thing that pydantic found in ``source``.

    Parameters
    ----------
    source
        The file.
    error
        What was found.
    base
        Where in the file that data begins.
    """
    data = source.data
    for key in base:
        data = data[key]
    for detail in error.errors(include_url=False):
        path, missing = _real_path(detail["loc"], data, detail["type"])
        message = _message(detail, path)
        if missing:
            message = f"{MESSAGES['missing']}: {missing}"
        yield source.problem((*base, *path), message)


def _real_path(location: KeyPath, data: Any, kind: str) -> tuple[KeyPath, str]:
    """Leave the schema's own words out of a location; a key that is missing comes apart."""
    path: list[str | int] = []
    for number, part in enumerate(location):
        in_list = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if in_list or (isinstance(data, dict) and part in data):
            data = data[part]
        elif kind == "missing" and number == len(location) - 1:
            return tuple(path), str(part)
        else:
            continue
        path.append(part)
    return tuple(path), ""


def _message(detail: ErrorDetails, path: KeyPath) -> str:
    kind, given = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        return _unknown_key(str(path[-1]))
    context = detail.get("ctx", {})
    if kind == "union_tag_invalid":
        known = str(context["expected_tags"]).replace("'", "").split(", ")
        return f"{context['tag']!r} is no step_class{one_of(str(context['tag']), known)}"
    if kind == "union_tag_not_found":
        return "a step needs the key step_class"
    if kind == "literal_error":
        expected = str(context["expected"])
        known = expected.replace("'", "").replace(" or ", ", ").split(", ")
        return f"{given!r} is not allowed here: {expected}{suggestion(str(given), known)}"
    if kind == "string_pattern_mismatch":
        return f"{given!r} does not have the form {context['pattern']}"
    if kind in MESSAGES:
        return f"{MESSAGES[kind]}, not {_shorten(given)}"
    return f"{detail['msg'][0].lower()}{detail['msg'][1:]}"


def _shorten(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _unknown_key(word: str) -> str:
    if word in FROM_THE_PROJECT:
        return "comes from the project, never from a file: remove it"
    known = keys_with_sections()
    if word in known:
        return f"unknown key here: it belongs to {' or '.join(sorted(known[word]))}"
    return f"unknown key{suggestion(word, known)}"


@functools.cache
def keys_with_sections() -> dict[str, set[str]]:
    """Return all keys of the schema in all spellings, with the sections that have them."""
    found: dict[str, set[str]] = {}
    sections: list[type[BaseModel]] = [Section]
    while sections:
        section = sections.pop()
        sections += section.__subclasses__()
        for name, field in section.model_fields.items():
            for spelling in spellings(field.validation_alias or name):
                found.setdefault(spelling, set()).add(section.__name__)
    return found
