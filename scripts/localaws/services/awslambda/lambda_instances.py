"""Execution environments: processes that fetch invocations from a runtime API of their own."""

from __future__ import annotations

import json
import queue
import signal
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localaws.engine import Container, ContainerSpec
from localaws.patience import Steps, Wait
from localaws.runtime import runtime
from localaws.services.awslambda.lambda_model import Function, Version
from localaws.services.awslambda.lambda_runtime_api import serve

INIT_SECONDS = 10
RESPONSE_LIMIT = 6 * 1024 * 1024
TAIL_BYTES = 4096
# How long a caller who wants the log waits for its end, and how long the last lines take through the pipe.
REPORT_SECONDS = 2.0
SETTLE_SECONDS = 0.05
TASK_ROOT = "/var/task"
BASE_IMAGE = "public.ecr.aws/lambda/python"
# Lambda's own user, whatever the image says.
SANDBOX_USER = "993:990"
SIGNAL_CODES = 128


@dataclass
class Invocation:
    """One event on its way through a function."""

    payload: bytes
    arn: str
    client_context: str = ""
    wants_tail: bool = False
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    deadline: float = 0.0
    started: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)
    answer: bytes = b""
    error: bool = False
    lines: list[str] = field(default_factory=list)
    reported: threading.Event = field(default_factory=threading.Event)

    def finish(self, answer: bytes, *, error: bool) -> None:
        """Take the first answer; what comes later is too late."""
        if not self.done.is_set():
            self.answer, self.error = answer, error
            self.done.set()

    def fail(self, kind: str, message: str) -> None:
        """Answer with an error of the platform."""
        text = f"RequestId: {self.request_id} Error: {message}"
        self.finish(json.dumps({"errorType": kind, "errorMessage": text}).encode(), error=True)

    def tail(self) -> str:
        """Return the last 4 KB of what was logged, with the report at its end."""
        if self.started:
            self.reported.wait(REPORT_SECONDS)
        return "\n".join(self.lines).encode()[-TAIL_BYTES:].decode(errors="replace")


class Instance:
    """One warm process of a version; it runs one invocation at a time.

    Parameters
    ----------
    function, version
        What runs.
    """

    def __init__(self, function: Function, version: Version) -> None:
        self.function = function
        self.version = version
        self.revision_id = version.revision_id
        self.idle_since = time.monotonic()
        self._inbox: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._current: Invocation | None = None
        self._logged: Invocation | None = None
        self._report_lock = threading.Lock()
        self._ready = threading.Event()
        self._init_error = b""
        self._created = time.monotonic()
        self._init_seconds: float | None = 0.0
        day = datetime.now(UTC).strftime("%Y/%m/%d")
        self._stream = f"{day}/[{version.number}]{uuid.uuid4().hex}"
        self._group = version.log_group(function.name)
        self._write_log = runtime().log_writer(
            function.region, self._group, self._stream, version.settings["Role"]
        )
        self._api = serve(self, runtime().engine.host_address)
        try:
            self._container = self._start()
        except BaseException:
            self._close_api()
            raise
        threading.Thread(target=self._watch, name=f"function {function.name}", daemon=True).start()

    def alive(self) -> bool:
        """Tell whether the process can take another invocation."""
        return self._container.running() and not self._init_error

    def steps(self, invocation: Invocation, started: Callable[[], None]) -> Steps:
        """Run an invocation to its end, whatever that is; logs go to the group and to the invocation.

        ``started`` is called when the process has begun to take invocations, or never will.
        """
        timeout = float(self.version.settings["Timeout"])
        self._current = invocation
        if not self._ready.is_set():
            # What the runtime says while it cannot load the handler belongs to the call that waits for it.
            self._logged = invocation
        is_ready = self._ready.is_set() or (yield Wait(self._ready, INIT_SECONDS + timeout))
        started()
        if not is_ready:
            invocation.fail("Sandbox.Timedout", f"Task timed out after {timeout:.2f} seconds")
            self.stop()
        elif self._init_error:
            invocation.finish(self._init_error, error=True)
        elif self._container.running():
            self._inbox.put(invocation)
            if not (yield Wait(invocation.done, timeout)):
                invocation.fail("Sandbox.Timedout", f"Task timed out after {timeout:.2f} seconds")
                self._log(
                    f"{_timestamp()} {invocation.request_id} Task timed out after {timeout:.2f} seconds"
                )
                self.stop()
        self._current = None
        self.idle_since = time.monotonic()

    def stop(self) -> None:
        """End the process."""
        self._container.stop(grace=0.5)

    # What the runtime API calls.

    def next(self) -> Invocation | None:
        """Return the next invocation, None at the end of the instance; the first call ends initialisation."""
        if not self._ready.is_set():
            self._init_seconds = time.monotonic() - self._created
            self._ready.set()
        self._report()
        invocation = self._inbox.get()
        if invocation is not None:
            invocation.started = time.monotonic()
            invocation.deadline = time.time() + float(self.version.settings["Timeout"])
            self._logged = invocation
            self._platform_log("start", invocation)
        return invocation

    def respond(self, request_id: str, body: bytes, *, error: bool) -> bool:
        """Take a handler's answer; False when nobody waits for it."""
        invocation = self._current
        if invocation is None or invocation.request_id != request_id:
            return False
        if len(body) > RESPONSE_LIMIT and not error:
            size = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
            body = json.dumps({"errorMessage": size, "errorType": "Function.ResponseSizeTooLarge"}).encode()
            error = True
        invocation.finish(body, error=error)
        return True

    def fail_init(self, body: bytes) -> None:
        """Take the error with which the runtime could not load the handler."""
        self._init_error = body
        self._ready.set()

    # Inside.

    def _start(self) -> Container:
        settings = self.version.settings
        image_config = settings.get("ImageConfig") or {}
        common: dict[str, Any] = {
            "name": f"function/{self.function.name}/{self.version.number}",
            "environment": self._environment(),
            "role_arn": settings["Role"],
            "region": self.function.region,
            "log": self._log,
        }
        code = self.version.code
        if code.folder is not None:
            version = settings["Runtime"].removeprefix("python")
            spec = ContainerSpec(
                image=f"{BASE_IMAGE}:{version}",
                arguments=[settings["Handler"]],
                mounts={TASK_ROOT: code.folder},
                **common,
            )
        else:
            spec = ContainerSpec(
                image=code.resolved_image_uri,
                command=image_config.get("EntryPoint", ()),
                arguments=image_config.get("Command", ()),
                workdir=image_config.get("WorkingDirectory", ""),
                memory_mb=settings["MemorySize"],
                user=SANDBOX_USER,
                read_only_root=True,
                tmp_mb=settings["EphemeralStorage"]["Size"],
                unprivileged=True,
                **common,
            )
        return runtime().engine.start(spec)

    def _environment(self) -> dict[str, str]:
        settings = self.version.settings
        environment = {
            **self.version.variables(),
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_FUNCTION_NAME": self.function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": self.version.number,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings["MemorySize"]),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": self._group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self._stream,
            "AWS_LAMBDA_LOG_FORMAT": self._log_format(),
            "TZ": ":UTC",
        }
        level = settings.get("LoggingConfig", {}).get("ApplicationLogLevel")
        if level:
            environment["AWS_LAMBDA_LOG_LEVEL"] = level
        if settings.get("Runtime"):
            environment["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{settings['Runtime']}"
            environment["_HANDLER"] = settings["Handler"]
        return environment

    def _log_format(self) -> str:
        return str(self.version.settings.get("LoggingConfig", {}).get("LogFormat", "Text"))

    def _watch(self) -> None:
        """Wait for the end of the process; whoever still waits for an answer learns of it."""
        code = self._container.wait()
        current = self._current
        if current is not None:
            if self._init_error:
                current.finish(self._init_error, error=True)
            current.fail("Runtime.ExitError", f"Runtime exited with error: {_exit_status(code)}")
        self._ready.set()
        self._report()
        self._inbox.put(None)
        self._close_api()

    def _close_api(self) -> None:
        self._api.shutdown()
        self._api.server_close()

    def _log(self, line: str) -> None:
        logged = self._logged
        if logged is not None:
            logged.lines.append(line)
        self._write_log(line)

    def _report(self) -> None:
        """Close the log of the last invocation, once the process asks for another or has ended."""
        with self._report_lock:
            invocation = self._logged
            if invocation is None or not invocation.started:
                return
            if invocation.wants_tail:
                time.sleep(SETTLE_SECONDS)
            self._platform_log("report", invocation)
            self._logged = None
            invocation.reported.set()

    def _platform_log(self, event: str, invocation: Invocation) -> None:
        lines = (self._json_lines if self._log_format() == "JSON" else self._text_lines)(event, invocation)
        for line in lines:
            self._log(line)
        if event == "report":
            self._init_seconds = None

    def _text_lines(self, event: str, invocation: Invocation) -> list[str]:
        identity = f"RequestId: {invocation.request_id}"
        if event == "start":
            return [f"START {identity} Version: {self.version.number}"]
        milliseconds = (time.monotonic() - invocation.started) * 1000
        report = (
            f"REPORT {identity}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {int(milliseconds) + 1} ms\tMemory Size: {self.version.settings['MemorySize']} MB"
        )
        if self._init_seconds is not None:
            report += f"\tInit Duration: {self._init_seconds * 1000:.2f} ms"
        return [f"END {identity}", report]

    def _json_lines(self, event: str, invocation: Invocation) -> list[str]:
        record: dict[str, Any] = {"requestId": invocation.request_id}
        if event == "start":
            record["version"] = self.version.number
        else:
            milliseconds = (time.monotonic() - invocation.started) * 1000
            record["metrics"] = {
                "durationMs": round(milliseconds, 3),
                "billedDurationMs": int(milliseconds) + 1,
                "memorySizeMB": self.version.settings["MemorySize"],
            }
            if self._init_seconds is not None:
                record["metrics"]["initDurationMs"] = round(self._init_seconds * 1000, 3)
            record["status"] = "error" if invocation.error else "success"
        return [json.dumps({"time": _timestamp(), "type": f"platform.{event}", "record": record})]


def _exit_status(code: int) -> str:
    """Say in Lambda's words how a process ended."""
    if code <= SIGNAL_CODES:
        return f"exit status {code}"
    name = signal.strsignal(code - SIGNAL_CODES) or str(code - SIGNAL_CODES)
    return f"signal: {name.lower()}"


def _timestamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
