"""Runs one build through CodeBuild's phases: a build record comes in; container, logs, artifacts and events go out."""

from __future__ import annotations

import gzip
import itertools
import secrets
import shutil
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from localaws.engine import ContainerSpec
from localaws.images import ImageNotFound
from localaws.pace import minutes
from localaws.runtime import runtime
from localaws.services.codebuild import buildcache, phasescript
from localaws.services.codebuild.buildartifacts import upload_artifacts
from localaws.services.codebuild.buildevents import emit_phase, emit_state
from localaws.services.codebuild.buildfaults import PhaseFailed
from localaws.services.codebuild.buildpaths import ROOT, BuildPaths
from localaws.services.codebuild.builds import RUNNING, Build, Phase
from localaws.services.codebuild.buildsource import Sources, download, lay_out, read_buildspec
from localaws.services.codebuild.buildspec import Buildspec, parse
from localaws.services.codebuild.buildvariables import build_variables, service_variables
from localaws.services.codebuild.compute_types import limits
from localaws.vpc_routes import placement

MOST_AT_ONCE = 4
LONGEST_COMMAND = 1000
_slots = threading.BoundedSemaphore(MOST_AT_ONCE)
_numbers = itertools.count(1)


class _BuildEnded(Exception):
    """The build was stopped or timed out; its status says which."""


class BuildRun:
    """One run of a build.

    Parameters
    ----------
    build
        The record that is kept up to date.
    """

    def __init__(self, build: Build) -> None:
        self.build = build
        self.folder = runtime().data / "codebuild" / "builds" / build.uuid
        self.paths = BuildPaths(self.folder)
        self.control = self.folder / "readonly"
        self.token = f"\x1e{secrets.token_hex(8)}"
        self.spec: Buildspec | None = None
        self.commands: dict[int, str] = {}
        self.lines: list[str] = []
        self.built = False
        self.driven = False
        self.deadline = float("inf")
        self._container_needs = ExitStack()
        self._append = self._writer()

    def _writer(self) -> Callable[[str], None]:
        build = self.build
        if build.log_group:
            return runtime().log_writer(build.region, build.log_group, build.log_stream, build.role)
        return lambda _: None

    def run(self) -> None:
        """Run the build to its end, whatever happens."""
        build = self.build
        build.phases.append(Phase("SUBMITTED", build.start, build.start, "SUCCEEDED"))
        emit_phase(build, build.phases[0])
        emit_state(build)
        try:
            with self._slot():
                self._run_in_slot()
        except _BuildEnded:
            pass
        except PhaseFailed:
            build.status = "FAILED"
        except Exception as error:
            build.status = "FAULT"
            self._say(f"INTERNAL_SERVICE_ERROR: {error}")
            raise
        finally:
            self._finish()

    @contextmanager
    def _slot(self) -> Iterator[None]:
        until = time.monotonic() + minutes(self.build.settings["queuedTimeoutInMinutes"])
        with self._phase("QUEUED"):
            while not _slots.acquire(timeout=0.2):
                self._check_stopped()
                if time.monotonic() > until:
                    self.build.status = "TIMED_OUT"
                    raise _BuildEnded
        try:
            yield
        finally:
            _slots.release()

    def _run_in_slot(self) -> None:
        build = self.build
        self.deadline = time.monotonic() + minutes(build.settings["timeoutInMinutes"])
        with self._phase("PROVISIONING"):
            self._check_stopped()
            sources = self._provision()
        with self._phase("DOWNLOAD_SOURCE"):
            self._check_stopped()
            self._prepare(sources)
        self._wait()
        environment = phasescript.final_environment(self.control)
        if self.spec is None:
            return
        build.exported = [
            {"name": name, "value": environment[name]} for name in self.spec.exported if name in environment
        ]
        if self.built:
            with self._phase("UPLOAD_ARTIFACTS"):
                self._upload(self.paths.locate(self.spec, environment), sources, environment)

    def _provision(self) -> Sources:
        build, number = self.build, next(_numbers)
        phasescript.write_driver(self.control)
        sources = lay_out(build, self.folder / "output" / f"src{number}" / "src")
        self._say(f"Waiting for agent ping; build image {build.settings['environment']['image']}")
        secondary = {name: self.paths.inside(path) for name, path in sources.secondary.items()}
        spec = ContainerSpec(
            name=f"codebuild/{build.build_id}",
            image=build.settings["environment"]["image"],
            command=phasescript.driver_command(self.token),
            environment=service_variables(build, self.paths.inside(sources.primary), secondary),
            mounts={ROOT: self.folder},
            role_arn=build.role,
            region=build.region,
            log=self._hear,
            **placement(build.region, build.settings.get("vpcConfig", {}).get("subnets", ())),
            **limits(build.settings["environment"]["computeType"]),
        )
        engine = runtime().engine
        completed = engine.for_build(spec, build.settings["environment"]["privilegedMode"])
        try:
            build.attach(engine.start(self._container_needs.enter_context(completed)))
        except ImageNotFound as error:
            raise PhaseFailed(
                "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE", f"Unable to pull customer's container image. {error}"
            ) from error
        return sources

    def _prepare(self, sources: Sources) -> None:
        download(self.build, sources)
        self.spec = parse(read_buildspec(self.build, sources.primary))
        variables = build_variables(self.build, self.spec)
        if buildcache.restore(self.build, sources.primary):
            self._say("Cache restored")
        for report in self.spec.reports:
            self._say(f"Test report {report} is not processed: localaws has no report groups")
        for name in self.spec.ignored:
            self._say(f"{name} has no effect: localaws does not support it")
        self.commands = phasescript.write_phases(self.control, self.spec, variables)

    def _wait(self) -> None:
        """Wait for the driver; its marks open and close the phases meanwhile (see `_hear`)."""
        container = self.build.container
        if container is None:
            return
        phasescript.release(self.control)
        try:
            container.wait(max(0.0, self.deadline - time.monotonic()))
        except TimeoutError:
            self._end_phase("TIMED_OUT", "BUILD_TIMED_OUT", "Build has timed out. ")
            self.build.status = "TIMED_OUT"
            container.stop(grace=5)
            raise _BuildEnded from None
        self._check_stopped()
        if not self.driven:
            if self._open_phase() is None:
                self._begin_phase("INSTALL")
            self._end_phase("FAILED", "CLIENT_ERROR", "The build container ended early")
            self.build.status = "FAILED"

    def _check_stopped(self) -> None:
        if self.build.stopped.is_set():
            self._end_phase("STOPPED")
            self.build.status = "STOPPED"
            raise _BuildEnded

    def _upload(self, spec: Buildspec, sources: Sources, environment: dict[str, str]) -> None:
        upload_artifacts(self.build, spec, sources.primary, environment)
        if self.build.status == RUNNING:
            for path in buildcache.save(self.build, sources.primary, spec.cache_paths):
                self._say(f"Cache path {path} lies outside of the source and is not kept")

    def _finish(self) -> None:
        build = self.build
        if build.container and build.container.running():
            build.container.stop(grace=1)
        self._container_needs.close()
        # A phase that something unforeseen left open must not look as if it still ran.
        self._end_phase("FAULT", "INTERNAL_SERVICE_ERROR", "see the log of localaws")
        if build.status == RUNNING:
            build.status = "SUCCEEDED"
        with self._phase("FINALIZING"):
            self._upload_log()
        build.end = datetime.now(UTC)
        build.current_phase = "COMPLETED"
        build.phases.append(Phase("COMPLETED", build.end))
        emit_phase(build, Phase("COMPLETED", build.end, build.end, build.status))
        emit_state(build)
        # Last, because nobody waits for it and environments of thousands of files take seconds to delete.
        shutil.rmtree(self.folder, ignore_errors=True)

    def _upload_log(self) -> None:
        logs = self.build.settings["logsConfig"]["s3Logs"]
        if logs["status"] != "ENABLED":
            return
        bucket, _, prefix = logs["location"].removeprefix("arn:aws:s3:::").partition("/")
        key = "/".join(part for part in (prefix.strip("/"), f"{self.build.uuid}.gz") if part)
        client = runtime().client("s3", self.build.region, self.build.role)
        try:
            client.put_object(Bucket=bucket, Key=key, Body=gzip.compress("\n".join(self.lines).encode()))
        except client.exceptions.ClientError:
            self._say(f"The log cannot be uploaded: {traceback.format_exc(limit=0)}")

    def _hear(self, line: str) -> None:
        """Take a line of the container's output: the build's own, or a mark of the driver's."""
        text, mark, told = line.partition(self.token)
        if text or not mark:
            self._write(text)
        if mark:
            self._mark(*told.split())

    def _mark(self, event: str, *details: str) -> None:
        if event == "begin":
            self._begin_phase(details[0])
        elif event == "command":
            self._say(f"Running command {self.commands[int(details[0])]}")
        elif event == "end":
            self._end_commands(*details)
        elif event == "done":
            self.driven = True

    def _end_commands(self, name: str, number: str = "", status: str = "") -> None:
        self.built = self.built or name == "BUILD"
        if not number:
            self._end_phase("SUCCEEDED")
            return
        if self.build.stopped.is_set() or self._open_phase() is None:
            return
        self.build.status = "FAILED"
        command = self.commands[int(number)][:LONGEST_COMMAND]
        message = f"Error while executing command: {command}. Reason: exit status {status}"
        self._end_phase("FAILED", "COMMAND_EXECUTION_ERROR", message)

    @contextmanager
    def _phase(self, kind: str) -> Iterator[None]:
        """Run a phase of the service's own."""
        self._begin_phase(kind)
        try:
            yield
        except PhaseFailed as failure:
            self._end_phase("FAILED", failure.code, failure.message)
            raise
        self._end_phase("SUCCEEDED")

    def _begin_phase(self, kind: str) -> None:
        self.build.current_phase = kind
        self.build.phases.append(Phase(kind, datetime.now(UTC)))
        self._say(f"Entering phase {kind}")

    def _open_phase(self) -> Phase | None:
        last = self.build.phases[-1]
        return last if last.end is None else None

    def _end_phase(self, status: str, code: str = "", message: str = "") -> None:
        phase = self._open_phase()
        if phase is None:
            return
        phase.status, phase.end = status, datetime.now(UTC)
        if code:
            phase.contexts = [{"statusCode": code, "message": message}]
        self._say(f"Phase complete: {phase.kind} State: {status}")
        self._say(f"Phase context status code: {code} Message: {message}")
        emit_phase(self.build, phase)

    def _say(self, text: str) -> None:
        stamp = datetime.now(UTC).strftime("%Y/%m/%d %H:%M:%S.%f")
        self._write(f"[Container] {stamp} {text}")

    def _write(self, line: str) -> None:
        self.lines.append(line)
        self._append(line)
