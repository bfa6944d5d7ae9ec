"""botocore's parsers, which drop what they do not know, made to note it: raw answers in, ``faults`` out."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore import parsers
from botocore.model import OperationModel, Shape

_ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_RFC_822 = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_UNIX = re.compile(r"\d+(\.\d+)?(E\d+)?")
_TIMESTAMPS = {"iso8601": _ISO_8601, "rfc822": _RFC_822, "unixTimestamp": _UNIX}
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "blob": (str,),
    "boolean": (bool,),
    "character": (str,),
    "double": (int, float),
    "float": (int, float),
    "integer": (int,),
    "list": (list,),
    "long": (int,),
    "map": (dict,),
    "string": (str,),
    "structure": (dict,),
}
_NUMBERS = {"double", "float", "integer", "long"}
_METADATA = {"RequestId", "ResponseMetadata", "requestId"}


class _Noting:
    """Mixed into a parser: notes what it sees, by the shapes on the way to it."""

    timestamp_format = "unixTimestamp"

    def __init__(self, operation: OperationModel) -> None:
        super().__init__()
        self.operation = operation
        self.faults: list[str] = []
        self._way: list[str] = []
        self._elsewhere = False

    def _note(self, fault: str) -> None:
        self.faults.append(f"{' > '.join(self._way)}: {fault}")

    def _parse_shape(self, shape: Any, node: Any) -> Any:
        self._way.append(str(shape.name))
        try:
            if not self._elsewhere:
                self._look(shape, node)
            return super()._parse_shape(shape, node)  # type: ignore[misc]
        finally:
            self._way.pop()

    def _look(self, shape: Any, node: Any) -> None:
        raise NotImplementedError

    def _look_at_timestamp(self, shape: Shape, text: str) -> None:
        wanted = shape.serialization.get("timestampFormat", self.timestamp_format)
        if not _TIMESTAMPS[wanted].fullmatch(text):
            self._note(f"{text!r} is no {wanted} timestamp")

    @contextlib.contextmanager
    def _outside_the_body(self) -> Iterator[None]:
        self._elsewhere = True
        try:
            yield
        finally:
            self._elsewhere = False

    def _parse_non_payload_attrs(self, *arguments: Any) -> None:
        """Parse headers and status, whose values are text whatever their type."""
        with self._outside_the_body():
            super()._parse_non_payload_attrs(*arguments)  # type: ignore[misc]


class _NotingJson(_Noting):
    def _look(self, shape: Any, node: Any) -> None:
        if node is None or getattr(shape, "is_document_type", False):
            return
        kind = shape.type_name
        if kind == "timestamp":
            number = shape.serialization.get("timestampFormat", self.timestamp_format) == "unixTimestamp"
            if isinstance(node, str) == number:
                self._note(f"{node!r} is no {'number' if number else 'text'}")
            self._look_at_timestamp(shape, str(node))
        elif not isinstance(node, _JSON_TYPES[kind]) or (isinstance(node, bool) and kind in _NUMBERS):
            self._note(f"{node!r} is no {kind}")
        elif kind == "structure":
            self._look_at_members(shape, node)

    def _look_at_members(self, shape: Any, node: Any) -> None:
        known = {
            member.serialization.get("name", name)
            for name, member in shape.members.items()
            if not member.serialization.get("location")
        }
        for name in sorted(set(node) - known - {"__type"}):
            self._note(f"unknown member {name} ({node[name]!r})")

    def _parse_body_as_json(self, body: bytes) -> Any:
        parsed = super()._parse_body_as_json(body)  # type: ignore[misc]
        if self.operation.output_shape is None and parsed:
            self._note(f"the operation has no output: {parsed!r}")
        return parsed


class _NotingXml(_Noting):
    timestamp_format = "iso8601"

    def _look(self, shape: Any, node: Any) -> None:
        flattened = bool(shape.serialization.get("flattened"))
        if shape.type_name in ("list", "map"):
            if not flattened:
                self._look_at_entries(shape, node)
        elif isinstance(node, list):
            self._note(f"{len(node)} elements instead of one")
        elif isinstance(node, str):
            return
        elif shape.type_name == "structure":
            self._look_at_members(shape, node)
        else:
            self._look_at_text(shape, node)

    def _look_at_entries(self, shape: Any, node: Any) -> None:
        if isinstance(node, list):
            self._note(f"{len(node)} elements instead of one")
            return
        wanted = "entry" if shape.type_name == "map" else shape.member.serialization.get("name", "member")
        for tag in sorted({self._tag(child) for child in node} - {wanted}):
            self._note(f"unknown element {tag}, where each is a {wanted}")

    def _look_at_members(self, shape: Any, node: Any) -> None:
        known = {
            self._member_key_name(member, name)  # type: ignore[attr-defined]
            for name, member in shape.members.items()
            if not member.serialization.get("location")
        }
        if len(self._way) == 1:
            known |= _METADATA
        for child in node:
            if self._tag(child) not in known:
                self._note(f"unknown member {self._tag(child)} ({(child.text or '').strip()!r})")

    def _look_at_text(self, shape: Shape, node: Any) -> None:
        text = node.text or ""
        if len(node):
            self._note(f"elements ({self._tag(node[0])} ...) where a {shape.type_name} belongs")
        elif shape.type_name == "boolean" and text not in ("true", "false"):
            self._note(f"{text!r} is no boolean")
        elif shape.type_name == "timestamp":
            self._look_at_timestamp(shape, text)

    def _tag(self, node: Any) -> str:
        return str(self._node_tag(node))  # type: ignore[attr-defined]


class _NotingQuery(_NotingXml):
    def _parse_body_as_xml(self, response: Any, shape: Any, inject_metadata: bool = True) -> Any:
        root = self._parse_xml_string_to_dom(response["body"])  # type: ignore[attr-defined]
        wrapper = shape.serialization.get("resultWrapper", "") if shape is not None else ""
        self._way.append(self._tag(root))
        if self._tag(root) != f"{self.operation.name}Response":
            self._note(f"the root is not {self.operation.name}Response")
        if shape is None or wrapper:
            for child in root:
                if self._tag(child) not in {wrapper, f"{self.operation.name}Result"} | _METADATA:
                    self._note(f"unknown element {self._tag(child)}")
        self._way.pop()
        return super()._parse_body_as_xml(response, shape, inject_metadata)  # type: ignore[misc]


class NotingJsonParser(_NotingJson, parsers.JSONParser):
    """``json``."""


class NotingRestJsonParser(_NotingJson, parsers.RestJSONParser):
    """``rest-json``."""


class NotingRestXmlParser(_NotingXml, parsers.RestXMLParser):
    """``rest-xml``."""


class NotingQueryParser(_NotingQuery, parsers.QueryParser):
    """``query``."""


class NotingEc2Parser(_NotingQuery, parsers.EC2QueryParser):
    """``ec2``."""


PARSERS: Mapping[str, type[Any]] = {
    "ec2": NotingEc2Parser,
    "json": NotingJsonParser,
    "query": NotingQueryParser,
    "rest-json": NotingRestJsonParser,
    "rest-xml": NotingRestXmlParser,
}
