"""One request to a Docker engine: its head is read from a connection, changed by who likes, and written again."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http.client import HTTPMessage, parse_headers
from typing import IO, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from werkzeug.datastructures import MultiDict
from werkzeug.serving import DechunkedInput

TARGET = re.compile(r"(?:/v(?P<version>\d+\.\d+))?(?P<path>/.*)")
LONGEST_LINE = 65536


class BadRequest(Exception):
    """What came is not a request to a Docker engine, or one that cannot be served here."""


@dataclass
class EngineRequest:
    """A request whose body is still to be read.

    Attributes
    ----------
    version
        The API version that the client asks for, empty for the engine's own.
    path
        The path behind the version, not quoted.
    """

    method: str
    version: str
    path: str
    query: MultiDict[str, str]
    headers: HTTPMessage
    body: IO[bytes]

    @classmethod
    def read(cls, stream: IO[bytes]) -> EngineRequest | None:
        """Read a request's head, and nothing of its body; None when the client has gone."""
        line = stream.readline(LONGEST_LINE)
        if not line:
            return None
        words = line.decode("latin-1").split()
        headers = parse_headers(stream)
        parts = urlsplit(words[1]) if len(words) == 3 else urlsplit("")
        target = TARGET.fullmatch(parts.path)
        if target is None:
            raise BadRequest(f"not a request: {line!r}")
        query = MultiDict(parse_qsl(parts.query, keep_blank_values=True))
        return cls(words[0], target["version"] or "", unquote(target["path"]), query, headers, stream)

    def head(self, version: str) -> bytes:
        """Return the head for the engine; one that does not change protocols ends the connection."""
        prefix = f"/v{version}" if version else ""
        pairs = urlencode(list(self.query.items(multi=True)))
        target = f"{prefix}{quote(self.path, safe='/:@')}" + (f"?{pairs}" if pairs else "")
        if "upgrade" not in self.headers.get("Connection", "").lower():
            self.set_header("Connection", "close")
        lines = [
            f"{self.method} {target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def set_header(self, name: str, value: str) -> None:
        """Set a header in place of any of its name."""
        del self.headers[name]
        self.headers[name] = value

    def read_json(self) -> Any:
        """Read the whole body as JSON."""
        try:
            return json.loads(self.read_body() or b"null")
        except ValueError as error:
            raise BadRequest(f"the body of {self.method} {self.path} is not JSON") from error

    def read_body(self) -> bytes:
        """Read the whole body."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return DechunkedInput(self.body).readall()
        wanted, pieces = int(self.headers.get("Content-Length", 0)), []
        while wanted > 0:
            piece = self.body.read(wanted)
            if not piece:
                raise BadRequest("the body ended early")
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)
