"""A YAML file in, its data and the place of every key out; `configuration` checks and merges them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from mlpipelines.pipeline_errors import Problem

KeyPath: TypeAlias = tuple[str | int, ...]
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_NODES = 100_000
"""Aliases can make a short file endless; no honest configuration comes near."""


@dataclass
class SourceFile:
    """A file as it was read.

    Attributes
    ----------
    name
        Its path in the repository, with slashes.
    data
        What it says; None if it cannot be read.
    places
        Line and column of each key and list item.
    problems
        What is wrong with it as YAML.
    """

    name: str
    data: Any = None
    places: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: KeyPath, message: str) -> Problem:
        """Return a problem at ``path``, or at the nearest place above it that the file has."""
        line, column = self.place(path)
        return Problem(self.name, line, column, format_path(path), message)

    def place(self, path: KeyPath) -> tuple[int, int]:
        """Return line and column of ``path``, or of what is nearest above it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))


def format_path(path: KeyPath) -> str:
    """Write a path as people do: ``sagemakerPipeline.models.churn.steps[0].step_name``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_source(path: Path, root: Path) -> SourceFile:
    """Read one file; what is wrong with it is in the answer's ``problems``."""
    source = SourceFile(path.relative_to(root).as_posix())
    try:
        text = path.read_text(encoding="utf-8")
        loader = LOADER(text)
        try:
            node = loader.get_single_node()
            if node is not None:
                source.data = _Reader(loader, source).read(node, ())
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        words = " ".join(filter(None, (error.context, error.problem)))
        hint = "; a dependency that begins with a list is quoted" if ">>" in _line(text, line) else ""
        source.problems.append(Problem(source.name, line, column, "", f"this is not YAML: {words}{hint}"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
        source.problems.append(Problem(source.name, 0, 0, "", f"cannot be read as YAML: {error}"))
    if source.problems:
        source.data = None
    return source


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else ""


class _Reader:
    """Walks the nodes of one document; PyYAML's own constructor forgets places and swallows repeated keys."""

    def __init__(self, loader: Any, source: SourceFile) -> None:
        self._loader = loader
        self._source = source
        self._open: set[int] = set()
        self._count = 0

    def read(self, node: yaml.Node, path: KeyPath) -> Any:
        self._count += 1
        if self._count > MOST_NODES:
            raise ValueError(f"more than {MOST_NODES} values")
        if isinstance(node, yaml.ScalarNode):
            return self._loader.construct_object(node)
        if id(node) in self._open:
            raise ValueError(f"{format_path(path)} contains itself")
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self._item(child, (*path, number)) for number, child in enumerate(node.value)]
            return dict(self._pairs(node, path))
        finally:
            self._open.discard(id(node))

    def _item(self, node: yaml.Node, path: KeyPath) -> Any:
        self._mark(node, path)
        return self.read(node, path)

    def _pairs(self, node: Any, path: KeyPath) -> Iterator[tuple[str, Any]]:
        own: dict[str, yaml.Node] = {}
        for key, _ in node.value:
            if key.tag.endswith(":merge"):
                continue
            if not isinstance(key, yaml.ScalarNode):
                self._complain(key, path, "a key must be a word")
            elif key.value in own:
                first = own[key.value].start_mark.line + 1
                self._complain(key, (*path, key.value), f"this key stands here twice, first on line {first}")
            else:
                own[key.value] = key
        # `<<` brings in the keys of other mappings, which the own ones override.
        self._loader.flatten_mapping(node)
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                self._mark(key, (*path, key.value))
                yield key.value, self.read(value, (*path, key.value))

    def _mark(self, node: yaml.Node, path: KeyPath) -> None:
        self._source.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)

    def _complain(self, node: yaml.Node, path: KeyPath, message: str) -> None:
        mark = node.start_mark
        problem = Problem(self._source.name, mark.line + 1, mark.column + 1, format_path(path), message)
        self._source.problems.append(problem)
