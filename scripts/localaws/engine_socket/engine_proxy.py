"""The socket of a build's Docker engine: requests come in, what the machine's engine answers to them goes out."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import socketserver
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.client import HTTPResponse
from pathlib import Path
from typing import IO, Any, TypeAlias, cast
from urllib.parse import quote

from localaws.engine_socket.build_context import base_images
from localaws.engine_socket.engine_request import BadRequest, EngineRequest
from localaws.engine_socket.translations import REGISTRY_HOST, Translations
from localaws.engine_socket.upstream import Upstream
from localaws.images import ImageNotFound
from localaws.proxy import tunnel

FindStandIn: TypeAlias = Callable[[str], str | None]
log = logging.getLogger("localaws")
AUTH_HEADER = "X-Registry-Auth"
IMAGE = re.compile(r"/images/(?P<name>.+?)(?:/(?P<action>json|push|tag|history|get))?")
CREATIONS = ("/containers/create", "/networks/create", "/volumes/create")


class _Connection(socketserver.StreamRequestHandler):
    """One request; the connection ends with its answer."""

    rbufsize = 0  # what follows the head stays in the socket, for who copies it on
    server: _Server

    def handle(self) -> None:
        # A client that goes away in the middle is no error of ours.
        with contextlib.suppress(OSError):
            try:
                request = EngineRequest.read(cast(IO[bytes], self.rfile))
                if request is not None:
                    self._answer(request)
            except BadRequest as error:
                self._send(400, [json.dumps({"message": str(error)}).encode()])

    def _answer(self, request: EngineRequest) -> None:
        translations, path = self.server.translations, request.path
        image = IMAGE.fullmatch(path)
        if request.method == "POST" and path in CREATIONS:
            self._forward_json(request, translations.creation(request))
        elif request.method == "POST" and path == "/auth":
            self._log_in(request)
        elif request.method == "POST" and path == "/build":
            self._remember(*request.query.getlist("t"))
            self._build(request)
        elif request.method == "POST" and image and image["action"] == "tag":
            self._remember(f"{request.query.get('repo', '')}:{request.query.get('tag') or 'latest'}")
            self._name_image(request)
            self._forward(request)
        elif request.method == "POST" and path == "/images/create":
            self._pull(request)
        elif request.method == "POST" and image and image["action"] == "push":
            self._push(request, image["name"])
        elif request.method == "GET" and (path == "/images/json" or (image and image["action"] == "json")):
            self._describe(request)
        else:
            self._name_image(request)
            self._forward(request)

    def _name_image(self, request: EngineRequest) -> None:
        """Give the engine its own name of the image in a path."""
        match = IMAGE.fullmatch(request.path)
        if match:
            name = self.server.translations.names.in_engine(match["name"])
            request.path = request.path.replace(match["name"], name, 1)

    def _remember(self, *names: str) -> None:
        is_in_ecr = self.server.translations.names.is_in_ecr
        self.server.made.update(name for name in names if is_in_ecr(name))

    def _log_in(self, request: EngineRequest) -> None:
        body = request.read_json() or {}
        address = str(body.get("serveraddress", "")).removeprefix("https://").rstrip("/")
        if re.fullmatch(REGISTRY_HOST, address):
            body["serveraddress"] = self.server.translations.names.prefix.rstrip("/")
        self._forward_json(request, body)

    def _describe(self, request: EngineRequest) -> None:
        self._name_image(request)
        with self._call(request.method, request.path, request.query.to_dict()) as answer:
            content = answer.read()
        if answer.status == 200:
            described = self.server.translations.image_description(json.loads(content))
            content = json.dumps(described).encode()
        self._send(answer.status, [content])

    def _build(self, request: EngineRequest) -> None:
        """Have the bases in ECR there before the engine looks for them where it cannot reach them.

        BuildKit's builds send their context otherwise; theirs have to be pulled by the build itself.
        """
        arguments = self.server.translations.build_options(request)
        if not request.has_body:
            self._forward(request)
            return
        with tempfile.TemporaryFile() as context:
            request.copy_body(context)
            context.seek(0)
            bases = base_images(context, request.query.get("dockerfile", "Dockerfile"), arguments)
            logins = request.logins()
            for base in bases:
                self._have(base, logins)
            self._forward(request, context)

    def _have(self, name: str, logins: Mapping[str, str]) -> None:
        names = self.server.translations.names
        if not names.is_in_ecr(name):
            return
        # What cannot be had, the engine will say.
        with contextlib.suppress(ImageNotFound):
            if self._stands_in(name):
                return
        with self._call("GET", f"/images/{names.in_engine(name)}/json", {}) as found:
            if found.status == 200:
                return
        image, separator, version = name.partition("@" if "@" in name else ":")
        query = {"fromImage": names.in_registry(image), "tag": version or "latest"}
        login = {AUTH_HEADER: logins.get(image.partition("/")[0], "")}
        with self._call("POST", "/images/create", query, login) as pulled:
            pulled.read()
        if separator != "@":
            self._name_pulled(image, version or "latest")

    def _stands_in(self, name: str) -> bool:
        """Give what stands in for an image of AWS's the image's own name; tell whether something does."""
        made = self.server.find_stand_in(name)
        if made is None:
            return False
        repository, _, tag = name.partition(":")
        with self._call("POST", f"/images/{made}/tag", {"repo": repository, "tag": tag}):
            self._remember(name)
        return True

    def _name_pulled(self, image: str, tag: str) -> None:
        there = self.server.translations.names.in_registry(image)
        with self._call("POST", f"/images/{there}:{tag}/tag", {"repo": image, "tag": tag}):
            self._remember(f"{image}:{tag}")

    def _push(self, request: EngineRequest, name: str) -> None:
        names = self.server.translations.names
        if not names.is_in_ecr(name):
            self._forward(request)
            return
        there, tag = names.in_registry(name), request.query.get("tag", "")
        for local in [tag] if tag else self._tags(name):
            with self._call("POST", f"/images/{name}:{local}/tag", {"repo": there, "tag": local}) as tagged:
                if tagged.status >= 400:
                    self._relay(tagged)
                    return
        login = self._login_of(request)
        with self._call("POST", f"/images/{there}/push", request.query.to_dict(), login) as pushed:
            self._relay(pushed)

    def _tags(self, name: str) -> list[str]:
        with self._call("GET", "/images/json", {"filters": json.dumps({"reference": [name]})}) as listed:
            found = [tag for image in json.loads(listed.read()) for tag in image.get("RepoTags") or ()]
        return [tag.removeprefix(f"{name}:") for tag in found if tag.startswith(f"{name}:")]

    def _pull(self, request: EngineRequest) -> None:
        names, name = self.server.translations.names, request.query.get("fromImage", "")
        if not names.is_in_ecr(name):
            self._forward(request)
            return
        try:
            if self._stands_in(f"{name}:{request.query.get('tag', '')}".rstrip(":")):
                self._send(200, [json.dumps({"status": f"Status: Image is up to date for {name}"}).encode()])
                return
        except ImageNotFound as error:
            self._send(404, [json.dumps({"message": str(error)}).encode()])
            return
        request.query["fromImage"], tag = names.in_registry(name), request.query.get("tag", "")
        with self._call("POST", request.path, request.query.to_dict(), self._login_of(request)) as pulled:
            self._send(pulled.status, self._real(pulled))
        # The client waits for the end of the connection, so that the name is there when it goes on.
        if tag and not tag.startswith("sha256:"):
            self._name_pulled(name, tag)

    def _login_of(self, request: EngineRequest) -> dict[str, str]:
        return {AUTH_HEADER: request.headers.get(AUTH_HEADER, "")}

    def _call(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str] | None = None
    ) -> contextlib.AbstractContextManager[HTTPResponse]:
        return self.server.upstream.call(method, quote(path, safe="/:@"), query, headers=headers)

    def _relay(self, answer: HTTPResponse) -> None:
        self._send(answer.status, self._real(answer))

    def _real(self, answer: HTTPResponse) -> Iterator[bytes]:
        """Yield an answer line by line, with images under their real names."""
        for line in answer:
            yield self.server.translations.names.real(line.decode()).encode()

    def _send(self, status: int, content: Iterable[bytes]) -> None:
        head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
        self.wfile.write(head.encode())
        for piece in content:
            self.wfile.write(piece)

    def _forward_json(self, request: EngineRequest, body: Any) -> None:
        content = json.dumps(body).encode()
        request.set_length(len(content))
        self._forward(request, io.BytesIO(content))

    def _forward(self, request: EngineRequest, content: IO[bytes] | None = None) -> None:
        """Send the head (and a body that was read) to the engine, then copy both ways to the end."""
        upstream = self.server.upstream
        version = upstream.supported(request.version) if request.version else ""
        with upstream.connect() as engine:
            engine.sendall(request.head(version))
            if content is not None:
                content.seek(0)
                engine.sendfile(content)
            tunnel(self.connection, engine)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self, path: Path, upstream: Upstream, translations: Translations, find_stand_in: FindStandIn
    ) -> None:
        super().__init__(str(path), _Connection)
        self.find_stand_in = find_stand_in
        self.upstream = upstream
        self.translations = translations
        self.made: set[str] = set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what is a defect of ours; the client sees its connection end."""
        log.error("a request to a build's Docker engine failed:\n%s", traceback.format_exc())


@contextlib.contextmanager
def serve(
    path: Path, upstream: Upstream, translations: Translations, find_stand_in: FindStandIn = lambda uri: None
) -> Iterator[set[str]]:
    """Serve a build's engine on a new socket at ``path``; yield the names in ECR that the build gives to images.

    ``find_stand_in`` names the engine's image that stands in for one of AWS's.
    """
    server = _Server(path, upstream, translations, find_stand_in)
    # The build's user is root only within its container.
    path.chmod(0o666)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name=f"engine at {path}", daemon=True)
    thread.start()
    try:
        yield server.made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
        path.unlink(missing_ok=True)
