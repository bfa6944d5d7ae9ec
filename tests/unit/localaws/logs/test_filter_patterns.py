"""Filter patterns find what CloudWatch Logs' page on them says, and nothing else."""

from __future__ import annotations

import pytest
from moto.logs.exceptions import InvalidParameterException

from localaws.services.logs.filter_patterns import compiled

MESSAGES = {
    "json": '{"level": "ERROR", "seconds": 5, "on": true, "who": {"name": "a.b", "ids": [1, 7]}, "none": null}',
    "words": "hello world",
    "marks": "[WARN] ERROR code=7 done",
    "moon": "hello moon",
}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", "json words marks moon"),
        ("ERROR", "json marks"),
        ("ERROR done", "marks"),
        ('"hello world"', "words"),
        ("hello -moon", "words"),
        ('-hello -"code=7"', "json"),
        ("?ERROR ?moon", "json marks moon"),
        ("hello ?ERROR", "words moon"),
        ('"[WARN]"', "marks"),
        ("%code=[0-9]%", "marks"),
        ("{ $.seconds > 3 }", "json"),
        ("{ $.seconds >= 6 }", ""),
        ("{ $.seconds = 5 }", "json"),
        ("{ $.seconds = 5.0 && $.level = ERR* }", "json"),
        ('{ $.level = "DEBUG" || ($.on IS TRUE && $.none IS NULL) }', "json"),
        ('{ $.level != "DEBUG" }', "json"),
        ('{ $.level != "ERROR" }', ""),
        ('{ $.absent != "x" }', ""),
        ("{ $.absent NOT EXISTS }", "json"),
        ("{ $.level NOT EXISTS }", ""),
        ('{ $.who = "*" }', "json"),
        ('{ $.who.ids[1] = 7 && $.who["name"] = "a.b" }', "json"),
        ("{ $.who.name = %^a.b$% }", "json"),
        ("{ $.on IS FALSE }", ""),
    ],
)
def test_a_pattern_finds_its_messages(pattern: str, found: str) -> None:
    assert [name for name, message in MESSAGES.items() if compiled(pattern)(message)] == found.split()


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("code=7", "Invalid character"),
        ("[first, second]", "space-delimited"),
        ("{ $.level }", "Invalid filter pattern"),
        ("{ $.level = ERROR", "Invalid filter pattern"),
        ("{ level = ERROR }", "Invalid filter pattern"),
        ("{ $.seconds > many }", "Invalid filter pattern"),
        ("{ $.level IS FINE }", "Invalid filter pattern"),
        ("%[%", "Invalid filter pattern"),
    ],
)
def test_a_pattern_that_cannot_be_read_is_refused(pattern: str, said: str) -> None:
    with pytest.raises(InvalidParameterException, match=said):
        compiled(pattern)
