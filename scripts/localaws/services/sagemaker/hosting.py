"""One variant of an endpoint at work: model data unpacked, the container up and healthy, started again if it dies."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Mapping
from typing import Any

import urllib3

from localaws.engine import Container, ContainerSpec
from localaws.images import ImageNotFound
from localaws.runtime import runtime
from localaws.services.sagemaker.container_images import may_pull_image, resolved_image
from localaws.services.sagemaker.hosted_models import is_multi_model
from localaws.services.sagemaker.instance_types import Machine, machine
from localaws.services.sagemaker.job_hosts import OPT_ML
from localaws.services.sagemaker.resources import Region, suffix
from localaws.services.sagemaker.storage import Bucket, StorageError, unpack
from localaws.services.sagemaker.target_models import CONNECT_SECONDS, TARGET_MODEL, TargetModels

PORT = 8080
MODEL = f"{OPT_ML}/model"
MULTI_MODEL = {"SAGEMAKER_MULTI_MODEL": "true"}
PING_SECONDS = 0.1
PING_TIMEOUT = 2.0
DEFAULT_STARTUP_SECONDS = 480
STARTS_BEFORE_HEALTHY = 3
RESTART_PAUSE = 1.0
DRAIN_SECONDS = 60.0
STOP_GRACE_SECONDS = 30.0


class HostFailed(Exception):
    """The variant cannot serve; the message is the endpoint's FailureReason."""


class VariantHost:
    """The container of a production variant; one stands for all of the variant's instances.

    Parameters
    ----------
    region, endpoint
        Whose variant this is.
    variant
        The variant of the endpoint configuration.
    container
        Image, model data and environment.
    role
        The model's execution role.
    isolated
        Model or configuration has network isolation: the container reaches nothing and gets no credentials.
    """

    def __init__(
        self,
        region: Region,
        endpoint: str,
        variant: Mapping[str, Any],
        container: Mapping[str, Any],
        role: str,
        isolated: bool = False,
    ) -> None:
        self.name: str = variant["VariantName"]
        self.image = str(container["Image"])
        self.role = role
        self._region = region
        self._container_config = container
        self._isolated = isolated
        self._machine = _machine(variant)
        self._startup = variant.get("ContainerStartupHealthCheckTimeoutInSeconds", DEFAULT_STARTUP_SECONDS)
        base = runtime().data / "sagemaker" / region.account / region.name / "endpoints"
        self._folder = base / f"{endpoint}-{self.name}-{suffix(8)}"
        self._log_group = f"/aws/sagemaker/Endpoints/{endpoint}"
        self._endpoint = endpoint
        self._state = threading.Condition()
        self._busy = 0
        self._starts = 0
        self._closing = False
        self._container: Container | None = None
        self._pool: urllib3.HTTPConnectionPool | None = None
        self._models: TargetModels | None = None

    @property
    def resolved_image(self) -> str:
        """The image by digest, as far as it is one of this account."""
        return resolved_image(self._region, self.image)

    def start(self) -> None:
        """Bring the variant up; return when it is healthy, raise `HostFailed` when it does not become so."""
        try:
            self._unpack_model()
            self._start_container()
        except StorageError as error:
            raise HostFailed(f"Failed to download model data for variant {self.name}: {error}") from error
        except ImageNotFound as error:
            raise HostFailed(
                f"The image '{error.uri}' does not exist. Please make sure the image exists and try again."
            ) from error
        runtime().spawn(f"endpoint {self._endpoint}/{self.name}", self._keep_running)
        deadline = time.monotonic() + self._startup
        while not self._healthy():
            if self._closing or time.monotonic() > deadline or self._starts >= STARTS_BEFORE_HEALTHY:
                raise HostFailed(
                    f"The primary container for production variant {self.name} did not pass the ping health "
                    "check. Please check CloudWatch logs for this endpoint."
                )
            time.sleep(PING_SECONDS)

    def post(self, body: bytes, headers: Mapping[str, str], timeout: float) -> urllib3.BaseHTTPResponse:
        """Send one request to ``/invocations``, or to the model that it names where there are several."""
        with self._state:
            if self._closing or self._pool is None:
                raise ConnectionError(f"variant {self.name} is not running")
            pool, models = self._pool, self._models
            self._busy += 1
        try:
            path: str | urllib3.BaseHTTPResponse = "/invocations"
            if models is not None:
                path = models.invocation_path(headers.get(TARGET_MODEL, ""), pool)
            if not isinstance(path, str):
                return path
            return pool.request(
                "POST",
                path,
                body=body,
                headers=dict(headers),
                timeout=urllib3.Timeout(connect=min(timeout, CONNECT_SECONDS), read=timeout),
                retries=False,
                redirect=False,
            )
        finally:
            with self._state:
                self._busy -= 1
                self._state.notify_all()

    def stop(self) -> None:
        """Let requests in flight finish, then end the container."""
        with self._state:
            self._closing = True
            self._state.wait_for(lambda: self._busy == 0, timeout=DRAIN_SECONDS)
            container = self._container
        if container is not None:
            container.stop(STOP_GRACE_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _unpack_model(self) -> None:
        model = self._folder / "model"
        model.mkdir(parents=True)
        uri = self._container_config.get("ModelDataUrl")
        if self._is_multi_model:
            (self._folder / "models").mkdir()
        if not uri or self._is_multi_model:
            return
        archive = self._folder / "model.tar.gz"
        archive.write_bytes(self._bucket().read(uri))
        unpack(archive, model)
        archive.unlink()

    @property
    def _is_multi_model(self) -> bool:
        return is_multi_model(self._container_config)

    def _bucket(self) -> Bucket:
        return Bucket(runtime().client("s3", self._region.name, self.role))

    def _start_container(self) -> None:
        write_log = runtime().log_writer(
            self._region.name, self._log_group, f"{self.name}/i-{suffix(17)}", self.role
        )
        if not may_pull_image(self._region, self.resolved_image, self.role):
            raise HostFailed(f"{self.role} may not pull the image {self.resolved_image}")
        spec = ContainerSpec(
            name=f"endpoint/{self._endpoint}/{self.name}",
            image=self.resolved_image,
            arguments=("serve",),
            environment={
                **self._container_config.get("Environment", {}),
                **(MULTI_MODEL if self._is_multi_model else {}),
            },
            mounts={OPT_ML: self._folder, MODEL: self._folder / "model"},
            role_arn="" if self._isolated else self.role,
            region=self._region.name,
            log=write_log,
            port=PORT,
            isolated=self._isolated,
            read_only_root=True,
            read_only_mounts=[MODEL],
            **self._machine,
        )
        container = runtime().engine.start(spec)
        address = urllib3.util.parse_url(container.address)
        with self._state:
            self._container = container
            if self._is_multi_model:
                prefix, folder = self._container_config["ModelDataUrl"], self._folder / "models"
                self._models = TargetModels(self._bucket, prefix, folder, container.known_as)
            self._pool = urllib3.HTTPConnectionPool(str(address.host), address.port, maxsize=64)
            closing = self._closing
        if closing:
            container.stop(STOP_GRACE_SECONDS)

    def _keep_running(self) -> None:
        while True:
            container = self._container
            if container is None:
                return
            container.wait()
            with self._state:
                self._starts += 1
                if self._closing:
                    return
                self._pool = None
                self._state.wait_for(lambda: self._closing, timeout=RESTART_PAUSE)
                if self._closing:
                    return
            self._start_container()

    def _healthy(self) -> bool:
        pool = self._pool
        if pool is None:
            return False
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            return pool.request("GET", "/ping", timeout=PING_TIMEOUT, retries=False).status == 200
        return False


def _machine(variant: Mapping[str, Any]) -> Machine:
    """Return what the variant's instances have, or the memory that it has without any."""
    if "ServerlessConfig" in variant:
        return Machine(memory_mb=variant["ServerlessConfig"]["MemorySizeInMB"], cpus=0.0)
    return machine(variant["InstanceType"])
