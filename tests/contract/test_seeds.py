"""What two parts hold in common is the same in both: each build's environment."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GIVEN_BY_CODEBUILD = re.compile(r"AWS_REGION|CODEBUILD_\w+")


def terraform_environment(module: str) -> set[str]:
    """Return the names that a module's builds get, and those that its pipeline's actions add."""
    text = "\n".join(path.read_text() for path in (ROOT / "terraform/modules" / module).glob("*.tf"))
    names = set(re.findall(r"^\s+([A-Z][A-Z0-9_]+)\s*=", text, re.MULTILINE))
    names |= set(re.findall(r'name = "([A-Z0-9_]+)"', text))
    for suffix in re.findall(r'"\$\{upper\(stage\)\}_([A-Z_]+)"', text):
        names |= {f"STAGING_{suffix}", f"PROD_{suffix}"}
    return names


@pytest.mark.parametrize(
    ("module", "settings", "own"),
    [
        ("model-deploy", "model-deploy/deployment/build_settings.py", {"API_IMAGE_URI"}),
        ("model-deploy", "model-deploy/deployment/stage_settings.py", set()),
        ("model-build", "model-build/mlpipelines/project_settings.py", set()),
    ],
)
def test_a_build_finds_every_setting_that_its_program_reads(
    module: str, settings: str, own: set[str]
) -> None:
    source = (ROOT / "seedcode" / settings).read_text()
    read = {name.upper() for name in re.findall(r"^    ([a-z_]+): (?:str|int)", source, re.MULTILINE)}
    missing = {
        name for name in read - own - terraform_environment(module) if not GIVEN_BY_CODEBUILD.fullmatch(name)
    }
    assert read
    assert not missing
