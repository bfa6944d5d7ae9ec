"""Objects come in and a JSON document of nodes goes out, and back; no constructor and no code is run on the way back.

A document is a list of nodes; a value is plain JSON, or a list whose first element says what it is (``["r", 7]`` is
node 7). Only classes of the packages in `TRUSTED` are made again, empty first and then filled, so that cycles and
shared objects come back as they were. What cannot outlive a process (containers, connections, threads) becomes None.
"""

from __future__ import annotations

import base64
import collections
import datetime
import decimal
import enum
import functools
import importlib
import inspect
import ipaddress
import itertools
import pathlib
import re
import threading
import types
import uuid
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any

TRUSTED = ("moto.", "localaws.", "collections", "datetime", "requests.structures", "werkzeug.datastructures")
"""Packages whose classes and functions a document may name."""

PASSING = (
    "localaws.engine",
    "localaws.services.sagemaker.job_hosts",
    "localaws.services.sagemaker.tuning_run",
    *("urllib3.", "botocore.", "boto3.", "docker.", "cryptography."),
    *("subprocess", "socket", "weakref", "_io", "ssl"),
)
"""Packages whose objects are gone with the process."""

GONE = ("gone",)
"""What stands for something that cannot outlive the process."""

Value = Any
_LOCK, _RLOCK = type(threading.Lock()), type(threading.RLock())
_PLAIN = (type(None), bool, int, float, str)


class NotKept(Exception):
    """A value has no place in a document; the message says what it is and where it hangs."""


@dataclass
class Blobs:
    """Where file contents go and come from: named by content, so that they are written once.

    Attributes
    ----------
    put
        Takes a name and how to read the content; keeps it unless it is kept already.
    get
        Returns an open file with the content of a name.
    """

    put: Callable[[str, Callable[[], bytes]], None]
    get: Callable[[str], bytes]


@dataclass
class Codec:
    """How objects of one class that is not plain data are written and made again."""

    write: Callable[[Any, Writer], Value]
    read: Callable[[Value, Reader], Any]


@dataclass
class Writer:
    """Turns objects into nodes.

    Attributes
    ----------
    blobs
        Takes file contents.
    anchors
        Objects that are never written but referred to by name, by their id: the backends themselves.
    lost
        What could not be written and where it hung, for the log.
    """

    blobs: Blobs
    anchors: dict[int, list[str]]
    nodes: list[Any] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    _numbers: dict[int, int] = field(default_factory=dict)
    _alive: list[Any] = field(default_factory=list)
    _pending: collections.deque[tuple[int, Any]] = field(default_factory=collections.deque)

    def write(self, root: Any) -> Value:
        """Return the value that stands for ``root``, with everything below it in ``nodes``."""
        value = self.value(root)
        while self._pending:
            number, found = self._pending.popleft()
            self.nodes[number] = self._node(found)
        return value

    def value(self, found: Any) -> Value:
        """Return what stands for an object in its holder's place."""
        kind: Any = type(found)
        if kind in _PLAIN:
            return found
        if id(found) in self.anchors:
            return ["a", *self.anchors[id(found)]]
        if write := _INLINE.get(kind):
            return write(found, self)
        if isinstance(found, enum.Enum):
            return ["e", _class_name(kind), found.name]
        if isinstance(found, type | types.FunctionType | types.BuiltinFunctionType):
            return self._named(found)
        if isinstance(found, pathlib.PurePath):
            return ["p", str(found)]
        if isinstance(found, str | int | float):
            return _plain(found)
        if isinstance(found, tuple):
            return ["nt", _class_name(kind), [self.value(each) for each in found]]
        if kind.__module__.startswith(PASSING) or isinstance(found, threading.Thread | Generator):
            return list(GONE)
        return self._reference(found)

    def _reference(self, found: Any) -> Value:
        number = self._numbers.get(id(found))
        if number is None:
            number = self._numbers[id(found)] = len(self.nodes)
            self.nodes.append(None)
            self._alive.append(found)
            self._pending.append((number, found))
        return ["r", number]

    def _node(self, found: Any) -> Any:
        kind: Any = type(found)
        if kind is list:
            return ["l", [self.value(each) for each in found]]
        if kind is dict:
            return ["d", self._items(found)]
        if kind is set:
            return ["s", [self.value(each) for each in found]]
        if kind in _CODECS:
            return [_CODEC_NAMES[kind], _CODECS[kind].write(found, self)]
        if kind in _SHELL_NAMES:
            return [_SHELL_NAMES[kind]]
        try:
            return ["o", _class_name(kind), self._state(found), *self._content(found)]
        except NotKept as error:
            self.lost[_class_label(kind)] = str(error)
            return list(GONE)

    def _items(self, found: dict[Any, Any]) -> list[Any]:
        # A class derived from dict may show its content otherwise than it holds it.
        return [[self.value(key), self.value(value)] for key, value in dict.items(found)]

    def _state(self, found: Any) -> list[Any]:
        state = dict(getattr(found, "__dict__", {}))
        kind: Any = type(found)
        for slot in _slots(kind):
            if hasattr(found, slot):
                state[slot] = getattr(found, slot)
        if isinstance(found, collections.defaultdict):
            # One without a name is the class's own, which `backends` takes from a backend that has just been made.
            factory = found.default_factory
            state["default_factory"] = factory if factory is not None and _has_name(factory) else None
        written = STAND_INS[type(found)](found, self) if type(found) in STAND_INS else {}
        return [[name, written[name] if name in written else self.value(state[name])] for name in state]

    def _content(self, found: Any) -> Iterable[Any]:
        """Return what a container of a class of its own holds beside its attributes."""
        if isinstance(found, dict):
            yield self._items(found)
        elif isinstance(found, list | set):
            yield [self.value(each) for each in found]

    def _named(self, found: Any) -> Value:
        name = _class_label(found)
        if not _has_name(found):
            self.lost[name] = "it has no name to find it by"
            return list(GONE)
        return ["c", name]


@dataclass
class Reader:
    """Makes objects of a document again.

    Attributes
    ----------
    blobs
        Gives file contents.
    anchors
        Returns the object that a name stands for.
    """

    nodes: list[Any]
    blobs: Blobs
    anchors: Callable[..., Any]
    _made: list[Any] = field(default_factory=list)

    def read(self, root: Value) -> Any:
        """Return the object that ``root`` stands for."""
        if not self._made:
            self._make()
        return self.value(root)

    def _make(self) -> None:
        self._made = [None] * len(self.nodes)
        late = [number for number, node in enumerate(self.nodes) if not self._make_shell(number, node)]
        for number in late:
            kind, value = self.nodes[number]
            self._made[number] = _BY_NAME[kind].read(value, self)
        for number, node in enumerate(self.nodes):
            self._fill_attributes(self._made[number], node)
        # Keys and members are hashed as they go in: by now they have their attributes.
        for number, node in enumerate(self.nodes):
            self._fill_content(self._made[number], node)

    def _make_shell(self, number: int, node: Any) -> bool:
        kind = node[0]
        if kind in _SHELLS:
            self._made[number] = _SHELLS[kind]()
        elif kind == "o":
            self._made[number] = _empty(node[1])
        else:
            return bool(kind == "gone")
        return True

    def _fill_attributes(self, made: Any, node: Any) -> None:
        if node[0] != "o":
            return
        for name, value in node[2]:
            # A frozen dataclass refuses to be set in the usual way.
            object.__setattr__(made, name, self.value(value))

    def _fill_content(self, made: Any, node: Any) -> None:
        if node[0] in ("l", "s", "d"):
            _fill(made, self._content(node[0], node[1]))
        elif node[0] == "o" and len(node) > 3:
            _fill(made, self._content("d" if isinstance(made, dict) else "l", node[3]))

    def _content(self, kind: str, values: list[Any]) -> list[Any]:
        if kind == "d":
            return [(self.value(key), self.value(value)) for key, value in values]
        return [self.value(each) for each in values]

    def value(self, written: Value) -> Any:
        """Return what stands in a holder's place."""
        if type(written) is not list:
            return written
        kind, *rest = written
        if kind == "r":
            return self._made[rest[0]]
        return READ[kind](self, *rest)


def _fill(made: Any, content: list[Any]) -> None:
    if isinstance(made, dict):
        base: Any = collections.OrderedDict if isinstance(made, collections.OrderedDict) else dict
        for key, value in content:
            base.__setitem__(made, key, value)
    elif isinstance(made, set):
        set.update(made, content)
    else:
        list.extend(made, content)


@functools.cache
def _slots(kind: Any) -> tuple[str, ...]:
    names = [name for base in kind.__mro__ for name in base.__dict__.get("__slots__", ())]
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))


def _has_name(found: Any) -> bool:
    """Tell whether a function or class can be found again by module and name."""
    module = str(found.__module__)
    return "<" not in _class_label(found) and (_trusted(module) or module == "builtins")


def _class_label(kind: Any) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


@functools.cache
def _class_name(kind: Any) -> str:
    if not _trusted(kind.__module__) or "<" in kind.__qualname__:
        raise NotKept(f"{_class_label(kind)} is no class of a trusted package")
    return _class_label(kind)


def _trusted(module: str) -> bool:
    return f"{module}.".startswith(tuple(f"{name.rstrip('.')}." for name in TRUSTED))


@functools.cache
def _find(name: str) -> Any:
    module, _, path = name.partition(":")
    if not _trusted(module) and module != "builtins":
        raise NotKept(f"{name} is not of a trusted package")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    if module == "builtins" and not isinstance(found, type):
        raise NotKept(f"{name} is not of a trusted package")
    return found


def _empty(name: str) -> Any:
    """Make an object of a class without its constructor."""
    kind: Any = _find(name)
    if not inspect.isclass(kind):
        raise NotKept(f"{name} is no class of a trusted package")
    return kind.__new__(kind)


def _enum(_: Reader, kind: str, name: str) -> Any:
    return _find(kind)[name]


def _partial(reader: Reader, function: Value, arguments: list[Value], keywords: list[Any]) -> Any:
    given = {name: reader.value(value) for name, value in keywords}
    return functools.partial(reader.value(function), *(reader.value(each) for each in arguments), **given)


_INLINE: dict[type, Callable[[Any, Writer], Value]] = {
    tuple: lambda found, writer: ["t", [writer.value(each) for each in found]],
    frozenset: lambda found, writer: ["f", [writer.value(each) for each in found]],
    bytes: lambda found, _: ["b", base64.b64encode(found).decode()],
    bytearray: lambda found, _: ["b", base64.b64encode(found).decode()],
    datetime.datetime: lambda found, _: ["dt", found.isoformat()],
    datetime.date: lambda found, _: ["da", found.isoformat()],
    datetime.timedelta: lambda found, _: ["td", found.total_seconds()],
    decimal.Decimal: lambda found, _: ["D", str(found)],
    ipaddress.IPv4Address: lambda found, _: ["ia", str(found)],
    ipaddress.IPv6Address: lambda found, _: ["ia", str(found)],
    ipaddress.IPv4Network: lambda found, _: ["in", str(found)],
    ipaddress.IPv6Network: lambda found, _: ["in", str(found)],
    uuid.UUID: lambda found, _: ["u", str(found)],
    re.Pattern: lambda found, _: ["x", found.pattern, found.flags],
    range: lambda found, _: ["l", list(found)],
    types.MethodType: lambda found, writer: ["m", writer.value(found.__self__), found.__name__],
    functools.partial: lambda found, writer: [
        "pa",
        writer.value(found.func),
        [writer.value(each) for each in found.args],
        [[name, writer.value(value)] for name, value in found.keywords.items()],
    ],
}

READ: dict[str, Callable[..., Any]] = {
    "t": lambda reader, values: tuple(reader.value(each) for each in values),
    "f": lambda reader, values: frozenset(reader.value(each) for each in values),
    "l": lambda reader, values: list(values),
    "b": lambda _, text: base64.b64decode(text),
    "dt": lambda _, text: datetime.datetime.fromisoformat(text),
    "da": lambda _, text: datetime.date.fromisoformat(text),
    "td": lambda _, seconds: datetime.timedelta(seconds=seconds),
    "D": lambda _, text: decimal.Decimal(text),
    "ia": lambda _, text: ipaddress.ip_address(text),
    "in": lambda _, text: ipaddress.ip_network(text),
    "u": lambda _, text: uuid.UUID(text),
    "x": lambda _, pattern, flags: re.compile(pattern, flags),
    "m": lambda reader, holder, name: getattr(reader.value(holder), name),
    "pa": _partial,
    "p": lambda _, text: pathlib.Path(text),
    "e": _enum,
    "c": lambda _, name: _find(name),
    "a": lambda reader, *name: reader.anchors(*name),
    "nt": lambda reader, kind, values: _find(kind)(*(reader.value(each) for each in values)),
    "gone": lambda _: None,
}

_SHELLS: dict[str, Callable[[], Any]] = {
    "l": list,
    "d": dict,
    "s": set,
    "lock": threading.Lock,
    "rlock": threading.RLock,
}
_SHELL_NAMES: dict[type, str] = {_LOCK: "lock", _RLOCK: "rlock"}

STAND_INS: dict[type, Callable[[Any, Writer], dict[str, Value]]] = {}
"""By class, what is written for some of its attributes in their own values' place."""

_CODECS: dict[type, Codec] = {}
_CODEC_NAMES: dict[type, str] = {}
_BY_NAME: dict[str, Codec] = {}


def codec(kind: type, name: str, write: Callable[[Any, Writer], Value], read: Callable[..., Any]) -> None:
    """Say how objects of a class that is not plain data are written and made again."""
    _CODECS[kind] = _BY_NAME[name] = Codec(write, read)
    _CODEC_NAMES[kind] = name


def _event(is_set: bool, _: Reader) -> threading.Event:
    made = threading.Event()
    if is_set:
        made.set()
    return made


def _plain(found: str | int | float) -> Value:
    """Return the value of a class derived from a plain one; its own class is not worth a document's while."""
    base = next(each for each in (str, int, float) if isinstance(found, each))
    return base(found)


codec(threading.Event, "event", lambda found, _: found.is_set(), _event)
codec(
    threading.Condition,
    "condition",
    lambda found, writer: writer.value(found._lock),
    lambda lock, reader: threading.Condition(reader.value(lock)),
)
codec(
    itertools.count,
    "count",
    lambda found, _: found.__reduce__()[1][0],
    lambda start, _: itertools.count(start),
)
codec(
    collections.deque,
    "deque",
    lambda found, writer: [found.maxlen, [writer.value(each) for each in found]],
    lambda written, reader: collections.deque((reader.value(each) for each in written[1]), written[0]),
)
