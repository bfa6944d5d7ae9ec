"""Reading buildspecs: what AWS accepts is understood, what is wrong is named."""

from __future__ import annotations

import pytest

from localaws.services.codebuild.buildfaults import PhaseFailed
from localaws.services.codebuild.buildspec import is_inline, parse

WHOLE = """
version: 0.2
env:
  shell: bash
  variables: {COUNT: 3, FLAG: true}
  exported-variables: [IMAGE_URI]
  git-credential-helper: yes
phases:
  install:
    runtime-versions: {python: 3.11}
    commands: pip --version
  build:
    on-failure: CONTINUE
    commands: [make, "make test"]
    finally: [make clean]
artifacts:
  files: ["**/*"]
  discard-paths: no
  secondary-artifacts:
    report: {files: [report.html], base-directory: out}
cache:
  key: one
  paths: [.cache/**/*]
"""


def test_every_section_is_read() -> None:
    spec = parse(WHOLE)
    assert spec.shell == "bash"
    assert spec.variables == {"COUNT": "3", "FLAG": "true"}
    assert spec.git_credential_helper
    assert spec.phases["install"].commands == ["pip --version"]
    assert spec.phases["build"].always == ["make clean"]
    assert spec.phases["build"].on_failure == "CONTINUE"
    assert spec.phases["post_build"].commands == []
    assert spec.artifacts is not None
    assert not spec.artifacts.discard_paths
    assert spec.secondary_artifacts["report"].base_directory == "out"
    assert spec.cache_paths == [".cache/**/*"]
    assert spec.ignored == ["cache.key"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "expected"),
        ("- 1", "not a mapping"),
        ("version: 0.1\nphases: {build: {commands: [a]}}", "version 0.1"),
        ("version: 0.2", "at least one phase"),
        ("version: 0.2\nphases: {test: {commands: [a]}}", "unknown phase: test"),
        ("version: 0.2\nbatch: {}\nphases: {build: {commands: [a]}}", "batch"),
        ("version: 0.2\nphases: {build: {commands: [{a: b}]}}", "list of strings"),
        ("version: 0.2\nphases: {build: {commands: [a], on-failure: RETRY}}", "RETRY"),
        ("version: 0.2\nphases: {build: {comands: [a]}}", "unknown key: comands"),
        ("version: 0.2\nphases: {build: {run-as: nobody, commands: [a]}}", "run-as nobody"),
        ("version: 0.2\nenv: {shell: powershell.exe}\nphases: {build: {commands: [a]}}", "powershell"),
        ("version: 0.2\nenv: {variables: {a-b: c}}\nphases: {build: {commands: [a]}}", "a-b"),
    ],
)
def test_a_wrong_buildspec_is_refused_with_its_mistake(text: str, message: str) -> None:
    with pytest.raises(PhaseFailed, match=message) as caught:
        parse(text)
    assert caught.value.code == "YAML_FILE_ERROR"


@pytest.mark.parametrize(
    ("setting", "inline"),
    [("version: 0.2\nphases: {}", True), ("buildspec/test.yml", False), ("arn:aws:s3:::b/k.yml", False)],
)
def test_an_inline_buildspec_is_told_from_a_path(setting: str, inline: bool) -> None:
    assert is_inline(setting) is inline
