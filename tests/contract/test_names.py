"""Names are made twice, in Terraform and in the runner: here both make them of the same projects, and must agree."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from terraform_runner.naming import ProjectNames

ROOT = Path(__file__).parents[2]
LOCALS = ("name_prefix", "short_name", "short_prefix")
LONGEST = ("a" * 32, "p-" + "z" * 18)
PROJECTS = [
    ("churn", "p-abcdefghijkl"),
    LONGEST,
    ("1-digit-first", "p-000000000000"),
    ("hyphen-at-cut--16", "p-abcdefghijkl"),
    ("sixteen-letters-", "p-a"),
]


@pytest.fixture(scope="module")
def stack_names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Let Terraform evaluate the very expressions of locals.tf."""
    source = (ROOT / "terraform/locals.tf").read_text()
    found = {name: re.search(rf"^  {name}\s*=\s*(.+)$", source, re.MULTILINE) for name in LOCALS}
    folder = tmp_path_factory.mktemp("names")
    lines = ["variable project_name {}", "variable project_id {}", "locals {"]
    lines += [f"{name} = {match[1]}" for name, match in found.items() if match]
    lines += ["}"] + [f"output {name} {{ value = local.{name} }}" for name in LOCALS]
    (folder / "main.tf").write_text("\n".join(lines))

    def terraform(*arguments: str) -> str:
        command = ["terraform", f"-chdir={folder}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    terraform("init", "-input=false")
    made = {}
    for name, project_id in PROJECTS:
        variables = (f"-var=project_name={name}", f"-var=project_id={project_id}")
        terraform("apply", "-auto-approve", "-input=false", *variables)
        outputs = json.loads(terraform("output", "-json"))
        made[name] = {key: value["value"] for key, value in outputs.items()}
    return made


@pytest.mark.parametrize(("name", "project_id"), PROJECTS)
def test_the_runner_and_the_stack_agree(
    name: str, project_id: str, stack_names: dict[str, dict[str, str]]
) -> None:
    names = ProjectNames(name, project_id)
    assert stack_names[name]["name_prefix"] == names.prefix
    assert stack_names[name]["short_prefix"] == names.short_prefix


def test_the_longest_project_stays_within_the_shortest_limits() -> None:
    names = ProjectNames(*LONGEST)
    assert len(names.model_package_group) <= 63
    assert len(f"{names.short_prefix}-123456789012") <= 63, "bucket"
    assert len(f"{names.short_prefix}-staging") <= 63, "endpoint"
    assert len(f"{names.short_prefix}-{'x' * 16}") <= 64, "role"
    assert len(names.repository("modeldeploy")) <= 100, "repository and pipeline"
