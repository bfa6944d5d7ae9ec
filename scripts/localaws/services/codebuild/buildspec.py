"""Buildspec 0.2: YAML comes in, a checked specification of phases, variables, artifacts and cache goes out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from localaws.services.codebuild.buildfaults import PhaseFailed

PHASES = ("install", "pre_build", "build", "post_build")
SECTIONS = ("version", "run-as", "env", "proxy", "phases", "reports", "artifacts", "cache")
WITHOUT_EFFECT = {
    "cache": ("action", "fallback-keys", "key"),
    "artifacts": ("enable-symlinks", "s3-prefix"),
}
PHASE_KEYS = ("commands", "finally", "on-failure", "run-as", "runtime-versions")
SHELLS = {"bash": "bash", "sh": "sh", "/bin/sh": "sh", "/bin/bash": "bash"}
ON_FAILURE = ("", "ABORT", "CONTINUE")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class PhaseSpec:
    """What one phase runs; ``always`` runs also when a command failed."""

    commands: Sequence[str] = ()
    always: Sequence[str] = ()
    on_failure: str = ""


@dataclass(frozen=True)
class ArtifactSpec:
    """Which files become an artifact."""

    files: Sequence[str]
    exclude: Sequence[str] = ()
    base_directory: str = ""
    discard_paths: bool = False
    name: str = ""


@dataclass(frozen=True)
class Buildspec:
    """A whole buildspec."""

    phases: Mapping[str, PhaseSpec]
    shell: str = "sh"
    variables: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    exported: Sequence[str] = ()
    git_credential_helper: bool = False
    artifacts: ArtifactSpec | None = None
    secondary_artifacts: Mapping[str, ArtifactSpec] = field(default_factory=dict)
    cache_paths: Sequence[str] = ()
    reports: Sequence[str] = ()
    ignored: Sequence[str] = ()
    """What is there and has no effect here."""


def is_inline(text: str) -> bool:
    """Tell whether a project's buildspec setting is the specification itself rather than where it lies."""
    return "\n" in text.strip() or bool(re.match(r"\s*[{\"']?version[\"']?\s*:", text))


def parse(text: str) -> Buildspec:
    """Read a buildspec; raise ``PhaseFailed`` with AWS's ``YAML_FILE_ERROR`` when it is wrong."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _wrong(str(error)) from error
    if not isinstance(document, dict):
        raise _wrong("the buildspec is not a mapping")
    unknown = sorted(str(name) for name in document if name not in SECTIONS)
    if unknown:
        raise _wrong(f"unknown or unsupported section: {', '.join(unknown)}")
    if str(document.get("version")) != "0.2":
        raise _wrong(f"version {document.get('version')} is not supported, only 0.2")
    _check_user("the build", document)
    phases = _mapping(document, "phases")
    if not phases:
        raise _wrong("phases: at least one phase is required")
    strange = sorted(str(name) for name in phases if name not in PHASES)
    if strange:
        raise _wrong(f"unknown phase: {', '.join(strange)}")
    env, artifacts = _mapping(document, "env"), _mapping(document, "artifacts")
    return Buildspec(
        phases={name: _phase(name, _mapping(phases, name)) for name in PHASES},
        shell=_shell(env),
        variables=_texts(env, "variables"),
        parameters=_texts(env, "parameter-store"),
        secrets=_texts(env, "secrets-manager"),
        exported=_names(env, "exported-variables"),
        git_credential_helper=_is_yes(env.get("git-credential-helper")),
        artifacts=_artifact(artifacts) if artifacts.get("files") else None,
        secondary_artifacts=_secondary(artifacts),
        cache_paths=_lines(_mapping(document, "cache"), "paths"),
        reports=sorted(_mapping(document, "reports")),
        ignored=_without_effect(document),
    )


def _without_effect(document: Mapping[str, Any]) -> list[str]:
    return [
        f"{section}.{name}"
        for section, names in WITHOUT_EFFECT.items()
        for name in names
        if name in _mapping(document, section)
    ]


def _wrong(message: str) -> PhaseFailed:
    return PhaseFailed("YAML_FILE_ERROR", message)


def _mapping(parent: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(f"{name}: expected a mapping")
    return value


def _lines(parent: Mapping[str, Any], name: str) -> list[str]:
    value = parent.get(name)
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or any(isinstance(line, dict | list) or line is None for line in value):
        raise _wrong(f"{name}: expected a list of strings")
    return [_text(line) for line in value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _texts(parent: Mapping[str, Any], name: str) -> dict[str, str]:
    found = {str(key): _text(value) for key, value in _mapping(parent, name).items()}
    for key in found:
        _check_variable(key)
    return found


def _names(parent: Mapping[str, Any], name: str) -> list[str]:
    found = _lines(parent, name)
    for key in found:
        _check_variable(key)
    return found


def _check_variable(name: str) -> None:
    if not VARIABLE.fullmatch(name):
        raise _wrong(f"invalid environment variable name: {name}")


def _is_yes(value: Any) -> bool:
    # YAML 1.1 reads a bare yes as true; AWS documents the word.
    return value is True or str(value).lower() in ("yes", "true")


def _shell(env: Mapping[str, Any]) -> str:
    name = str(env.get("shell", "sh"))
    if name not in SHELLS:
        raise _wrong(f"shell {name} is not supported, only bash and /bin/sh")
    return SHELLS[name]


def _check_user(place: str, given: Mapping[str, Any]) -> None:
    user = str(given.get("run-as") or "root")
    if user != "root":
        raise _wrong(f"{place}: localaws does not support run-as {user}")


def _phase(name: str, phase: Mapping[str, Any]) -> PhaseSpec:
    unknown = sorted(str(key) for key in phase if key not in PHASE_KEYS)
    if unknown:
        raise _wrong(f"{name}: unknown key: {', '.join(unknown)}")
    _check_user(name, phase)
    on_failure = str(phase.get("on-failure") or "")
    if on_failure not in ON_FAILURE:
        raise _wrong(f"{name}: localaws does not support on-failure {on_failure}")
    return PhaseSpec(_lines(phase, "commands"), _lines(phase, "finally"), on_failure)


def _artifact(artifact: Mapping[str, Any]) -> ArtifactSpec:
    return ArtifactSpec(
        files=_lines(artifact, "files"),
        exclude=_lines(artifact, "exclude-paths"),
        base_directory=str(artifact.get("base-directory") or ""),
        discard_paths=_is_yes(artifact.get("discard-paths")),
        name=str(artifact.get("name") or ""),
    )


def _secondary(artifacts: Mapping[str, Any]) -> dict[str, ArtifactSpec]:
    found = _mapping(artifacts, "secondary-artifacts")
    return {str(name): _artifact(_mapping(found, name)) for name in found}
