"""The registry itself: the OCI distribution API comes in by HTTP, blobs and manifests by digest and tag go out.

It answers at ECR's own host names, ``<account>.dkr.ecr.<region>.amazonaws.com``, and on the server's own port with
that name as the first part of the repository's: a Docker engine takes a registry on the loopback interface as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException
from moto.ecr.exceptions import ImageAlreadyExistsException, RepositoryNotFoundException
from moto.ecr.models import Repository, ecr_backends
from werkzeug.utils import send_file
from werkzeug.wrappers import Request, Response

from localaws.runtime import runtime
from localaws.services.ecr import blobs, logins, registered_images

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOST = r"(?P<account>\d{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?"
LOOPBACK_PATH = r"/v2/($|\d{12}\.dkr\.ecr)"
LARGEST_MANIFEST = 4 << 20
OCTETS = "application/octet-stream"
_ACTIONS = {
    ("HEAD", "blob"): "BatchCheckLayerAvailability",
    ("GET", "blob"): "GetDownloadUrlForLayer",
    ("POST", "uploads"): "InitiateLayerUpload",
    ("GET", "upload"): "UploadLayerPart",
    ("PATCH", "upload"): "UploadLayerPart",
    ("PUT", "upload"): "CompleteLayerUpload",
    ("DELETE", "upload"): "UploadLayerPart",
    ("GET", "reference"): "BatchGetImage",
    ("PUT", "reference"): "PutImage",
    ("GET", "tags"): "ListImages",
}
"""What each request is in ECR's API: who may not do it there, may not do it here."""

_HOST = re.compile(HOST)
_PATH = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9._/-]*)/"
    r"(?:(?P<uploads>blobs/uploads/(?P<upload>[^/]*))|blobs/(?P<blob>[^/]+)|manifests/(?P<reference>[^/]+)|(?P<tags>tags/list))"
)


class RegistryError(Exception):
    """What is answered in the distribution API's error shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass
class Call:
    """One request to one repository.

    Attributes
    ----------
    base
        The repository's path: ``/v2/`` and its name, as the client said it.
    """

    http: Request
    repository: Repository
    base: str
    login: logins.Login
    parts: Mapping[str, str] = field(default_factory=dict)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Serve every registry of every account and region."""
    request = Request(environ)
    try:
        response = _answer(request)
    except RegistryError as error:
        response = _failure(error.status, error.code, str(error))
    except blobs.UploadUnknown as error:
        response = _failure(404, "BLOB_UPLOAD_UNKNOWN", str(error))
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = f'Basic realm="{request.host_url}",service="ecr.amazonaws.com"'
    response.headers["Docker-Distribution-Api-Version"] = "registry/2.0"
    return response(environ, start_response)


def _answer(request: Request) -> Response:
    login = _login(request)
    path = request.path.removeprefix("/v2/")
    if not path:
        return _json(200, {})
    host, name = request.host.rsplit(":", 1)[0], path
    if not _HOST.fullmatch(host):
        host, _, name = path.partition("/")
    place, parts = _HOST.fullmatch(host), _PATH.fullmatch(name)
    if place is None or parts is None:
        raise RegistryError(404, "UNSUPPORTED", f"localaws does not support {request.method} {request.path}")
    repository = _repository(place["account"], place["region"], parts["name"])
    base = request.path[: request.path.rindex(parts["name"]) + len(parts["name"])]
    call = Call(request, repository, base, login, parts.groupdict(default=""))
    return _serve(call)


def _authorize(call: Call, action: str) -> None:
    """Ask for the right to the call of ECR's API that a request of the registry stands for."""
    refusal = runtime().guard.refuses(call.login.access_key, f"ecr:{action}", call.repository.arn)
    if refusal:
        raise RegistryError(403, "DENIED", refusal)


def _login(request: Request) -> logins.Login:
    given, token = request.authorization, request.args.get("token", "")
    password = token or (given.password if given else "") or ""
    login = logins.find(logins.USER if token else (given.username if given else "") or "", password)
    if login is None:
        raise RegistryError(
            401, "UNAUTHORIZED", "Your authorization token is missing, unknown or has expired."
        )
    return login


def _repository(account: str, region: str, name: str) -> Repository:
    try:
        return ecr_backends[account][region]._get_repository(name)
    except (RepositoryNotFoundException, KeyError) as error:
        message = f"The repository with name '{name}' does not exist in the registry with id '{account}'"
        raise RegistryError(404, "NAME_UNKNOWN", message) from error


def _serve(call: Call) -> Response:
    kind, method = _kind(call), "GET" if call.http.method == "HEAD" else call.http.method
    handler = _HANDLERS.get((method, kind))
    if handler is None:
        raise RegistryError(405, "UNSUPPORTED", f"localaws does not support {method} {call.http.path}")
    _authorize(call, _ACTIONS.get((call.http.method, kind)) or _ACTIONS[method, kind])
    return handler(call)


def _kind(call: Call) -> str:
    kind = next(name for name in ("uploads", "blob", "reference", "tags") if call.parts[name])
    return "upload" if kind == "uploads" and call.parts["upload"] else kind


def _get_blob(call: Call) -> Response:
    digest = call.parts["blob"]
    if call.http.method == "HEAD" and digest not in call.repository.layers and blobs.DIGEST.fullmatch(digest):
        _adopt(call.repository, digest)
    if digest not in call.repository.layers:
        raise RegistryError(404, "BLOB_UNKNOWN", f"blob {digest} is not in {call.repository.name}")
    response = send_file(
        blobs.blob_file(digest), call.http.environ, mimetype=OCTETS, conditional=True, etag=False
    )
    response.headers["Docker-Content-Digest"] = digest
    return response


def _adopt(repository: Repository, digest: str) -> None:
    """Spare who asks before it sends a layer the sending, when an earlier server was sent it."""
    size = blobs.adopt(digest)
    if size is not None:
        repository.layers[digest] = size


def _begin_upload(call: Call) -> Response:
    arguments = call.http.args
    if "mount" in arguments and _mount(call, arguments["mount"], arguments.get("from", "")):
        return _created(call, "blobs", arguments["mount"])
    identity = blobs.begin_upload()
    if "digest" in arguments:
        return _finish(call, identity)
    return _progress(call, 202, identity)


def _mount(call: Call, digest: str, source: str) -> bool:
    """Take over a blob from another repository of the same registry, if it is there."""
    here, name = call.repository, _HOST.sub("", source, count=1).removeprefix("/")
    try:
        there = _repository(here.registry_id, here.region_name, name)
    except RegistryError:
        return False
    if digest not in there.layers:
        return False
    here.layers[digest] = there.layers[digest]
    return True


def _upload_status(call: Call) -> Response:
    return _progress(call, 204, call.parts["upload"])


def _append(call: Call) -> Response:
    identity = call.parts["upload"]
    start, size = call.http.headers.get("Content-Range", "").partition("-")[0], blobs.upload_size(identity)
    if start and start != str(size):
        raise RegistryError(
            416, "BLOB_UPLOAD_INVALID", f"the upload has {size} bytes and does not go on at {start}"
        )
    blobs.append(identity, call.http.stream)
    return _progress(call, 202, identity)


def _finish(call: Call, identity: str = "") -> Response:
    identity = identity or call.parts["upload"]
    digest = call.http.args.get("digest", "")
    blobs.append(identity, call.http.stream)
    try:
        call.repository.layers[digest] = blobs.finish_upload(identity, digest)
    except blobs.DigestMismatch as error:
        raise RegistryError(400, "DIGEST_INVALID", str(error)) from error
    return _created(call, "blobs", digest)


def _cancel(call: Call) -> Response:
    blobs.cancel_upload(call.parts["upload"])
    return Response(status=204)


def _get_manifest(call: Call) -> Response:
    image = registered_images.find(call.repository, _image_id(call.parts["reference"]))
    if image is None:
        raise RegistryError(404, "MANIFEST_UNKNOWN", "Requested image not found")
    response = Response(image.get_image_manifest().encode(), 200, mimetype=image.image_manifest_media_type)
    response.headers["Docker-Content-Digest"] = image.get_image_digest()
    return response


def _put_manifest(call: Call) -> Response:
    manifest, reference = _read_manifest(call.http), call.parts["reference"]
    _check_content(call.repository, json.loads(manifest))
    digest = registered_images.digest_of(manifest)
    identity = _image_id(reference)
    if identity.get("imageDigest", digest) != digest:
        raise RegistryError(400, "DIGEST_INVALID", f"the manifest's digest is {digest}, not {reference}")
    try:
        registered_images.register(call.repository, manifest, identity.get("imageTag"), call.http.mimetype)
    except ImageAlreadyExistsException:
        _refuse_moved_tag(call.repository, identity)
    except ServiceException as error:
        raise RegistryError(400, "TAG_INVALID", error.message) from error
    return _created(call, "manifests", digest)


def _refuse_moved_tag(repository: Repository, identity: Mapping[str, str]) -> None:
    """Refuse a tag that is immutable even when it would stay where it is, as ECR does."""
    tag = identity.get("imageTag")
    if tag and registered_images.is_immutable(repository, tag):
        raise RegistryError(400, "TAG_INVALID", registered_images.immutable_tag(repository, tag).message)


def _read_manifest(request: Request) -> str:
    content = request.stream.read(LARGEST_MANIFEST + 1)
    try:
        text = content.decode()
        readable = isinstance(json.loads(text), dict)
    except ValueError:
        readable = False
    if not readable or len(content) > LARGEST_MANIFEST:
        raise RegistryError(
            400, "MANIFEST_INVALID", f"not a JSON manifest of at most {LARGEST_MANIFEST} bytes"
        )
    return text


def _check_content(repository: Repository, manifest: Mapping[str, Any]) -> None:
    """Refuse a manifest of what was not pushed before it."""
    parts = [manifest[name] for name in ("config",) if name in manifest] + list(manifest.get("layers", []))
    for part in parts:
        if part["digest"] not in repository.layers and not part.get("urls"):
            raise RegistryError(404, "BLOB_UNKNOWN", f"blob {part['digest']} is not in {repository.name}")
    for image in manifest.get("manifests", []):
        if registered_images.find(repository, {"imageDigest": image["digest"]}) is None:
            raise RegistryError(
                404, "MANIFEST_UNKNOWN", f"image {image['digest']} is not in {repository.name}"
            )


def _list_tags(call: Call) -> Response:
    tags = sorted(tag for image in call.repository.images for tag in image.image_tags)
    last, most = call.http.args.get("last", ""), call.http.args.get("n", type=int)
    rest = [tag for tag in tags if tag > last]
    response = _json(200, {"name": call.base.removeprefix("/v2/"), "tags": rest[:most]})
    if most and len(rest) > most:
        response.headers["Link"] = f'<{call.base}/tags/list?n={most}&last={rest[most - 1]}>; rel="next"'
    return response


def _image_id(reference: str) -> dict[str, str]:
    return {"imageDigest" if blobs.DIGEST.fullmatch(reference) else "imageTag": reference}


def _progress(call: Call, status: int, identity: str) -> Response:
    headers = {
        "Location": f"{call.base}/blobs/uploads/{identity}",
        "Docker-Upload-UUID": identity,
        "Range": f"0-{max(0, blobs.upload_size(identity) - 1)}",
    }
    return _empty(status, headers)


def _created(call: Call, kind: str, digest: str) -> Response:
    return _empty(201, {"Location": f"{call.base}/{kind}/{digest}", "Docker-Content-Digest": digest})


def _empty(status: int, headers: Mapping[str, str]) -> Response:
    response = Response(status=status, headers=dict(headers))
    # Clients resolve a path against the address that they called, whatever name that has.
    response.autocorrect_location_header = False
    return response


def _json(status: int, content: Mapping[str, Any]) -> Response:
    return Response(json.dumps(content), status, mimetype="application/json")


def _failure(status: int, code: str, message: str) -> Response:
    return _json(status, {"errors": [{"code": code, "message": message}]})


_HANDLERS: dict[tuple[str, str], Callable[[Call], Response]] = {
    ("GET", "blob"): _get_blob,
    ("POST", "uploads"): _begin_upload,
    ("GET", "upload"): _upload_status,
    ("PATCH", "upload"): _append,
    ("PUT", "upload"): _finish,
    ("DELETE", "upload"): _cancel,
    ("GET", "reference"): _get_manifest,
    ("PUT", "reference"): _put_manifest,
    ("GET", "tags"): _list_tags,
}
