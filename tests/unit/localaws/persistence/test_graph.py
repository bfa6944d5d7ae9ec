"""Objects come back as they were: cycles, shared objects, locks; what no document may name is refused."""

from __future__ import annotations

import itertools
import json
import threading
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from localaws.persistence import graph
from localaws.persistence.graph import Blobs, NotKept, Reader, Writer
from localaws.services.codepipeline.approvals import Approvals
from localaws.services.codepipeline.stagegate import Transition

NO_BLOBS = Blobs(lambda name, content: None, lambda name: b"")


def round_trip(root: Any) -> Any:
    writer = Writer(NO_BLOBS, {})
    value = writer.write(root)
    text = json.dumps({"root": value, "nodes": writer.nodes})
    document = json.loads(text)
    return Reader(document["nodes"], NO_BLOBS, lambda *name: None).read(document["root"])


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, None, True, "text"], 7: "a key that is no text"},
        {("a", 1): b"bytes", frozenset({1}): {1, 2}},
        datetime(2026, 1, 2, tzinfo=UTC),
        [ip_address("10.0.0.1"), ip_network("10.0.0.0/16"), ip_address("::1"), ip_network("fd00::/8")],
        OrderedDict([("b", 1), ("a", 2)]),
        defaultdict(list, {"a": [1]}),
        defaultdict(None, {"a": [1]}),
        deque([1, 2], maxlen=2),
        Transition(enabled=False, reason="closed"),
        {"a": [["r", 0], ["looks", "like", "ours"]]},
    ],
)
def test_a_value_comes_back_equal(value: Any) -> None:
    assert round_trip(value) == value


def test_shared_objects_and_cycles_stay_what_they_are() -> None:
    shared: list[Any] = [1]
    ring: dict[str, Any] = {"first": shared, "second": shared}
    ring["self"] = ring
    back = round_trip(ring)
    assert back["first"] is back["second"]
    assert back["self"] is back


def test_objects_with_locks_and_events_work_again() -> None:
    approvals = Approvals()
    question = approvals.ask("Gate", "Approve")
    back = round_trip(approvals)
    found = back.find("Gate", "Approve", question.token)
    assert back.answer(found, True, "fine", "me")
    assert found.made.is_set()
    assert not question.made.is_set()


def test_factories_counters_and_bound_methods_go_on() -> None:
    counter = itertools.count(3)
    next(counter)
    gate = threading.Event()
    gate.set()
    back = round_trip({"counter": counter, "lists": defaultdict(list), "event": gate})
    assert next(back["counter"]) == 4
    assert back["lists"]["new"] == []
    assert back["event"].is_set()


@dataclass
class Untrusted:
    """A class of a package that no document may name."""

    name: str = "x"
    others: list[str] = field(default_factory=list)


def test_what_cannot_be_kept_is_told_and_the_rest_kept() -> None:
    writer = Writer(NO_BLOBS, {})
    writer.write({"good": 1, "bad": Untrusted(), "worse": lambda: None})
    assert any("Untrusted" in name for name in writer.lost)
    assert any("<lambda>" in name for name in writer.lost)


@pytest.mark.parametrize("name", ["os:system", "subprocess:Popen", "builtins:eval"])
def test_a_document_cannot_name_what_is_not_trusted(name: str) -> None:
    reader = Reader([["o", name, []]], NO_BLOBS, lambda *name: None)
    with pytest.raises(NotKept, match="trusted"):
        reader.read(["r", 0])
    with pytest.raises(NotKept, match="trusted"):
        reader.value(["c", name])


def test_module_level_tables_agree() -> None:
    assert set(graph._SHELL_NAMES.values()) <= set(graph._SHELLS)
