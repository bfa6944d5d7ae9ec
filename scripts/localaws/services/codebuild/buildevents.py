"""What EventBridge hears of builds: a build's record comes in, AWS's two kinds of event go out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from localaws.runtime import runtime
from localaws.services.codebuild.builds import Build, Phase


def emit_state(build: Build) -> None:
    """Tell that the build is in progress or has come to its end."""
    current = build.phases[-1] if build.phases else None
    _emit(
        build,
        "CodeBuild Build State Change",
        {
            "build-status": build.status,
            "current-phase": build.current_phase,
            "current-phase-context": _contexts(current),
        },
    )


def emit_phase(build: Build, phase: Phase) -> None:
    """Tell that a phase has ended."""
    _emit(
        build,
        "CodeBuild Build Phase Change",
        {
            "completed-phase": phase.kind,
            "completed-phase-status": phase.status,
            "completed-phase-start": _time(phase.start),
            "completed-phase-end": _time(phase.end or phase.start),
            "completed-phase-duration-seconds": phase.seconds,
            "completed-phase-context": _contexts(phase),
        },
    )


def _emit(build: Build, detail_type: str, what: dict[str, Any]) -> None:
    detail = {
        **what,
        "project-name": build.project,
        "build-id": build.arn,
        "additional-information": _information(build),
        "version": "1",
    }
    runtime().emit(build.region, "aws.codebuild", detail_type, detail, [build.arn])


def _information(build: Build) -> dict[str, Any]:
    environment, source = build.settings["environment"], build.settings["source"]
    information: dict[str, Any] = {
        "timeout-in-minutes": build.settings["timeoutInMinutes"],
        "build-complete": build.end is not None,
        "build-number": build.number,
        "initiator": build.initiator,
        "build-start-time": _time(build.start),
        "artifact": {"location": build.artifacts.get("location", "")},
        "cache": build.settings["cache"],
        "environment": {
            "image": environment["image"],
            "type": environment["type"],
            "compute-type": environment["computeType"],
            "privileged-mode": environment["privilegedMode"],
            "image-pull-credentials-type": environment["imagePullCredentialsType"],
            "environment-variables": environment["environmentVariables"],
        },
        "source": {key: source[key] for key in ("type", "location", "buildspec") if source.get(key)},
        "logs": {
            "group-name": build.log_group,
            "stream-name": build.log_stream,
            "deep-link": build.deep_link,
        },
        "phases": [_phase(phase) for phase in build.phases],
    }
    if build.source_version:
        information["source-version"] = build.source_version
    return information


def _phase(phase: Phase) -> dict[str, Any]:
    described: dict[str, Any] = {"phase-type": phase.kind, "start-time": _time(phase.start)}
    if phase.end:
        described |= {
            "phase-status": phase.status,
            "end-time": _time(phase.end),
            "duration-in-seconds": phase.seconds,
            "phase-context": [f"{one['statusCode']}: {one['message']}" for one in phase.contexts],
        }
    return described


def _contexts(phase: Phase | None) -> str:
    contexts = phase.contexts if phase else []
    return "[" + ", ".join(f"{one['statusCode']}: {one['message']}" for one in contexts) + "]"


def _time(moment: datetime) -> str:
    return moment.strftime("%b %-d, %Y %-I:%M:%S %p")
