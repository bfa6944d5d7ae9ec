"""One request to a Docker engine: its head is read from a connection, changed by who likes, and written again."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from dataclasses import dataclass
from http.client import HTTPMessage, parse_headers
from typing import IO, Any, cast
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import DechunkedInput
from werkzeug.wsgi import LimitedStream

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
        content = io.BytesIO()
        self.copy_body(content)
        return content.getvalue()

    def copy_body(self, target: IO[bytes]) -> None:
        """Read the whole body into a file, and say its length from now on."""
        # A read of a bare socket may return less than was asked for.
        reader = io.BufferedReader(cast(io.RawIOBase, self.body))
        try:
            shutil.copyfileobj(self._content(cast(IO[bytes], reader)), target)
        except ClientDisconnected as error:
            raise BadRequest("the body ended early") from error
        finally:
            reader.detach()
        self.set_length(target.tell())

    @property
    def has_body(self) -> bool:
        """Tell whether content comes with the request."""
        return self._is_chunked or self._length > 0

    def set_length(self, length: int) -> None:
        """Say how long the body is."""
        del self.headers["Transfer-Encoding"]
        self.set_header("Content-Length", str(length))

    def _content(self, reader: IO[bytes]) -> IO[bytes]:
        stream = DechunkedInput(reader) if self._is_chunked else LimitedStream(reader, self._length)
        return cast(IO[bytes], stream)

    @property
    def _is_chunked(self) -> bool:
        return self.headers.get("Transfer-Encoding", "").lower() == "chunked"

    @property
    def _length(self) -> int:
        return int(self.headers.get("Content-Length", 0))

    def logins(self) -> dict[str, str]:
        """Return the logins that an image build brings: registry -> value of the header of a pull."""
        given = json.loads(base64.urlsafe_b64decode(self.headers.get("X-Registry-Config", "") or "e30="))
        return {
            host: base64.urlsafe_b64encode(json.dumps(login).encode()).decode()
            for host, login in given.items()
        }
