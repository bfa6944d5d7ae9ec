"""The models behind a container in Mode MultiModel: each is fetched and loaded when a request first names it."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import urllib3

from localaws.services.sagemaker.storage import Bucket, StorageError, split_uri, unpack

TARGET_MODEL = "X-Amzn-SageMaker-Target-Model"
ROOM_WANTED = 507
ALREADY_LOADED = 409
CONNECT_SECONDS = 2.0
"""The network of a killed container in Docker takes connections to nowhere: they are given up soon."""
LOAD_TIMEOUT = urllib3.Timeout(connect=CONNECT_SECONDS, read=60.0)


class TargetModelError(Exception):
    """A request names no model, or one that is not there; the message is the caller's."""


class TargetModels:
    """The models of one container.

    Parameters
    ----------
    bucket
        S3 as the model's role sees it.
    prefix
        Location below which the models are.
    folder
        This machine's folder that the container has as ``/opt/ml/models``.
    known_as
        Says by which path the container's programs know one of ``/opt/ml``.
    """

    def __init__(
        self, bucket: Callable[[], Bucket], prefix: str, folder: Path, known_as: Callable[[str], str]
    ) -> None:
        self._bucket = bucket
        self._prefix = prefix.rstrip("/")
        self._folder = folder
        self._known_as = known_as
        self._loaded: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def invocation_path(
        self, target: str, pool: urllib3.HTTPConnectionPool
    ) -> str | urllib3.BaseHTTPResponse:
        """Return where the container answers for a model, or its refusal to load it.

        Raises
        ------
        TargetModelError
            The request names no model, or there is none of that name.
        """
        if not target:
            raise TargetModelError("Invoking a multi-model endpoint needs a TargetModel.")
        name = hashlib.sha256(target.encode()).hexdigest()[:32]
        with self._lock:
            if name not in self._loaded:
                refusal = self._load(name, target, pool)
                if refusal is not None:
                    return refusal
            self._loaded[name] = None
            self._loaded.move_to_end(name)
        return f"/models/{name}/invoke"

    def _load(
        self, name: str, target: str, pool: urllib3.HTTPConnectionPool
    ) -> urllib3.BaseHTTPResponse | None:
        self._fetch(name, target)
        body = json.dumps({"model_name": name, "url": self._known_as(f"/opt/ml/models/{name}/model")})
        headers = {"Content-Type": "application/json", TARGET_MODEL: target}
        while True:
            answer = pool.request(
                "POST", "/models", body=body, headers=headers, timeout=LOAD_TIMEOUT, retries=False
            )
            if answer.status == ROOM_WANTED and self._loaded:
                self._unload(next(iter(self._loaded)), pool)
            elif answer.status < 400 or answer.status == ALREADY_LOADED:
                return None
            else:
                return answer

    def _unload(self, name: str, pool: urllib3.HTTPConnectionPool) -> None:
        pool.request("DELETE", f"/models/{name}", timeout=LOAD_TIMEOUT, retries=False)
        self._loaded.pop(name)
        shutil.rmtree(self._folder / name, ignore_errors=True)

    def _fetch(self, name: str, target: str) -> None:
        uri = f"{self._prefix}/{target.lstrip('/')}"
        model = self._folder / name / "model"
        shutil.rmtree(model, ignore_errors=True)
        model.mkdir(parents=True)
        archive = self._folder / name / "model.tar.gz"
        try:
            archive.write_bytes(self._bucket().read(uri))
            unpack(archive, model)
        except StorageError as error:
            bucket, key = split_uri(uri)
            raise TargetModelError(
                f"Failed to download model data(bucket: {bucket}, key: {key}). Please ensure that there is an object "
                "located at the URL and that the role passed to CreateModel has permissions to download the model."
            ) from error
        finally:
            archive.unlink(missing_ok=True)
