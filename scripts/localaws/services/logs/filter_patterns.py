"""Filter patterns of CloudWatch Logs: a pattern comes in, a test of messages goes out.

Terms (``ERROR "two words" -not``, ``?one ?other``), regular expressions between percent signs, and conditions on JSON
(``{ $.level = "ERROR" && $.seconds > 3 }``).
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from moto.logs.exceptions import InvalidParameterException

Test = Callable[[str], bool]
JsonTest = Callable[[Any], bool]

_TERM = re.compile(r'\s*(?P<mark>[-?]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]*)%|(?P<word>\S+))')
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(
    r'\s*(?P<token>&&|\|\||[(){}]|!=|<=|>=|=|<|>|"(?:[^"\\]|\\.)*"|%[^%]*%'
    r"|\$(?:\.[\w@-]+|\[\d+\]|\[\"[^\"]+\"\]|\['[^']+'\])*|[^\s(){}&|=!<>\"%]+)"
)
_STEP = re.compile(r"\.([\w@-]+)|\[(\d+)\]|\[\"([^\"]+)\"\]|\['([^']+)'\]")
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_STATES = {"NULL": None, "TRUE": True, "FALSE": False}
_MISSING = object()


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Test:
    """Return the test that a pattern stands for.

    Raises
    ------
    InvalidParameterException
        CloudWatch Logs does not take the pattern, or localaws does not know its kind.
    """
    text = pattern.strip()
    if text.startswith("["):
        raise InvalidParameterException("localaws does not support space-delimited filter patterns")
    if text.startswith("{"):
        holds = _Conditions(text).parsed()
        return lambda message: _is_json(message, holds)
    return _terms(text)


def _terms(text: str) -> Test:
    tests: dict[str, list[Test]] = {"": [], "-": [], "?": []}
    for match in _TERM.finditer(text):
        tests[match["mark"]].append(_term(match))
    wanted, unwanted, either = tests[""], tests["-"], tests["?"]
    # Beside other terms, those with a question mark do not count.
    lone = either if not wanted and not unwanted else []

    def test(message: str) -> bool:
        return (
            all(each(message) for each in wanted)
            and not any(each(message) for each in unwanted)
            and (not lone or any(each(message) for each in lone))
        )

    return test


def _term(match: re.Match[str]) -> Test:
    if match["regex"] is not None:
        return _expression(match["regex"])
    word = match["word"]
    if word is not None and not _WORD.fullmatch(word):
        raise InvalidParameterException(f"Invalid character(s) in term '{word}'")
    text = word if word is not None else re.sub(r"\\(.)", r"\1", match["phrase"])
    return lambda message: text in message


def _expression(text: str) -> Test:
    try:
        found = re.compile(text)
    except re.error as error:
        raise InvalidParameterException(f"Invalid filter pattern: %{text}%: {error}") from error
    return lambda message: bool(found.search(message))


def _is_json(message: str, holds: JsonTest) -> bool:
    try:
        document = json.loads(message)
    except ValueError:
        return False
    return isinstance(document, dict | list) and holds(document)


class _Conditions:
    """Reads ``{ ... }``: conditions joined by ``&&`` and ``||``, in brackets where both are meant."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split())
        self._next = 0

    def parsed(self) -> JsonTest:
        """Return the test of the whole."""
        self._take("{")
        test = self._any()
        self._take("}")
        if self._next < len(self._tokens):
            raise self._wrong()
        return test

    def _split(self) -> Iterator[str]:
        position, text = 0, self._text.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise self._wrong()
            yield match["token"]
            position = match.end()

    def _any(self) -> JsonTest:
        tests = [self._all()]
        while self._skip("||"):
            tests.append(self._all())
        return lambda document: any(test(document) for test in tests)

    def _all(self) -> JsonTest:
        tests = [self._one()]
        while self._skip("&&"):
            tests.append(self._one())
        return lambda document: all(test(document) for test in tests)

    def _one(self) -> JsonTest:
        if self._skip("("):
            test = self._any()
            self._take(")")
            return test
        path, relation = self._take(), self._take()
        if not path.startswith("$"):
            raise self._wrong()
        if relation == "NOT":
            self._take("EXISTS")
            return lambda document: _found(document, path) is _MISSING
        if relation == "IS":
            state = self._take()
            if state not in _STATES:
                raise self._wrong()
            return lambda document: _found(document, path) is _STATES[state]
        return self._compared(path, relation, self._take())

    def _compared(self, path: str, relation: str, text: str) -> JsonTest:
        if relation in _ORDER:
            try:
                bound = float(text)
            except ValueError as error:
                raise self._wrong() from error
            compare = _ORDER[relation]
            return lambda document: _is_number(found := _found(document, path)) and compare(found, bound)
        if relation not in ("=", "!="):
            raise self._wrong()
        equals, wanted = _equality(text), relation == "="

        def test(document: Any) -> bool:
            found = _found(document, path)
            return found is not _MISSING and equals(found) == wanted

        return test

    def _skip(self, token: str) -> bool:
        there = self._next < len(self._tokens) and self._tokens[self._next] == token
        self._next += there
        return there

    def _take(self, token: str = "") -> str:
        if self._next >= len(self._tokens) or token not in ("", self._tokens[self._next]):
            raise self._wrong()
        self._next += 1
        return self._tokens[self._next - 1]

    def _wrong(self) -> InvalidParameterException:
        return InvalidParameterException(f"Invalid filter pattern: {self._text}")


def _equality(text: str) -> JsonTest:
    if text.startswith("%"):
        found = _expression(text.strip("%"))
        return lambda value: isinstance(value, str) and found(value)
    plain = re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
    fits = re.compile(".*".join(map(re.escape, plain.split("*"))), re.DOTALL)

    def equals(value: Any) -> bool:
        if _is_number(value) and not text.startswith('"'):
            return _same_number(value, plain) or bool(fits.fullmatch(str(value)))
        if isinstance(value, dict | list):
            # Only a wildcard alone, which asks whether the field is there, fits what has parts.
            return plain == "*"
        return bool(fits.fullmatch(json.dumps(value) if not isinstance(value, str) else value))

    return equals


def _same_number(value: float, text: str) -> bool:
    try:
        return float(text) == value
    except ValueError:
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _found(document: Any, path: str) -> Any:
    for name, index, *quoted in _STEP.findall(path):
        key: Any = int(index) if index else name or next(filter(None, quoted))
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return document
