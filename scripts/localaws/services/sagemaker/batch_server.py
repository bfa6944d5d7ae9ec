"""The containers of one instance of a transform job: waited for, asked how they want to be called, and called."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import urllib3

from localaws.engine import Container

PING_SECONDS = 0.1
PING_TIMEOUT = 2.0
STARTUP_SECONDS = 480.0
RETRY_SECONDS = 0.5


class InvocationError(Exception):
    """The model gave no prediction; the message is for the job's data log.

    Parameters
    ----------
    message
        For the data log.
    reason
        Begins the job's FailureReason: ``ClientError`` or ``AlgorithmError``.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class ExecutionParameters:
    """How a container wants to be called, where the job does not say; the defaults are SageMaker's."""

    max_concurrent_transforms: int = 1
    batch_strategy: str = "MULTI_RECORD"
    max_payload_mb: int = 6


class BatchServer:
    """The containers that serve a model to a transform job, each with what the one before answered.

    Parameters
    ----------
    containers
        Running, their ports published.
    timeout, retries
        Of a request, as ModelClientConfig gives them.
    """

    def __init__(self, containers: Sequence[Container], timeout: float, retries: int) -> None:
        self._pools = [(container, _pool(container)) for container in containers]
        self._timeout = timeout
        self._retries = retries

    def wait_until_healthy(self) -> None:
        """Return when the containers answer ``/ping``; raise when one has ended or does not come to it."""
        deadline = time.monotonic() + STARTUP_SECONDS
        for container, pool in self._pools:
            while not _healthy(pool):
                if not container.running() or time.monotonic() > deadline:
                    raise InvocationError(
                        "The container did not pass the ping health check", "AlgorithmError"
                    )
                time.sleep(PING_SECONDS)

    def execution_parameters(self) -> ExecutionParameters:
        """Return what ``/execution-parameters`` of the first container answers, the defaults where it has none."""
        defaults = ExecutionParameters()
        _, first = self._pools[0]
        try:
            answer = first.request("GET", "/execution-parameters", timeout=PING_TIMEOUT, retries=False)
            given = json.loads(answer.data) if answer.status == 200 else {}
            return ExecutionParameters(
                int(given.get("MaxConcurrentTransforms", defaults.max_concurrent_transforms)),
                str(given.get("BatchStrategy", defaults.batch_strategy)),
                int(given.get("MaxPayloadInMB", defaults.max_payload_mb)),
            )
        except (urllib3.exceptions.HTTPError, ValueError, AttributeError):
            return defaults

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> tuple[bytes, str]:
        """Return a prediction and its content type."""
        kind = ""
        for _, pool in self._pools:
            body, kind = self._invoke(pool, body, headers)
            headers = {**headers, "Content-Type": kind} if kind else headers
        return body, kind

    def close(self) -> None:
        """Close the connections, which a server that is told to end may wait for."""
        for _, pool in self._pools:
            pool.close()

    def _invoke(
        self, pool: urllib3.HTTPConnectionPool, body: bytes, headers: Mapping[str, str]
    ) -> tuple[bytes, str]:
        """Ask one container; what it cannot do now is tried again."""
        for attempt in range(self._retries + 1):
            try:
                return self._invoke_once(pool, body, headers)
            except InvocationError as error:
                if error.reason == "ClientError" or attempt == self._retries:
                    raise
            time.sleep(RETRY_SECONDS)
        raise AssertionError("the last attempt returns or raises")

    def _invoke_once(
        self, pool: urllib3.HTTPConnectionPool, body: bytes, headers: Mapping[str, str]
    ) -> tuple[bytes, str]:
        try:
            answer: Any = pool.request(
                "POST",
                "/invocations",
                body=body,
                headers=dict(headers),
                timeout=self._timeout,
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.TimeoutError as error:
            raise InvocationError(
                f"Model server did not respond to /invocations request within {self._timeout:g} seconds",
                "AlgorithmError",
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise InvocationError(f"Model server did not respond: {error}", "AlgorithmError") from error
        if answer.status == 200:
            return answer.data, str(answer.headers.get("content-type", ""))
        said = answer.data.decode(errors="replace")[:1024]
        reason = "ClientError" if answer.status < 500 else "AlgorithmError"
        raise InvocationError(f"Bad HTTP status received from algorithm: {answer.status}. {said}", reason)


def _pool(container: Container) -> urllib3.HTTPConnectionPool:
    address = urllib3.util.parse_url(container.address)
    return urllib3.HTTPConnectionPool(str(address.host), address.port, maxsize=32)


def _healthy(pool: urllib3.HTTPConnectionPool) -> bool:
    with contextlib.suppress(urllib3.exceptions.HTTPError):
        return bool(pool.request("GET", "/ping", timeout=PING_TIMEOUT, retries=False).status == 200)
    return False
