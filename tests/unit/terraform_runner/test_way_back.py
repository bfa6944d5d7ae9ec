"""What an update moves in the state, and how it is moved back when the update fails: with Terraform, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from terraform_runner import lifecycle, source_repositories
from terraform_runner.project_request import ProjectRequest
from terraform_runner.runner_errors import UserError
from terraform_runner.runner_settings import RunnerSettings
from terraform_runner.terraform_diagnostics import Diagnostics
from terraform_runner.terraform_stack import TerraformStack
from terraform_runner.way_back import way_back

from .conftest import published, real_event, request_of, rolled_back, run, zipped

# Of the variables that the runner gives it has none: Terraform only warns of that.
STACK = 'terraform {\n  backend "local" {}\n}\n'
LEAF = 'resource "terraform_data" "leaf" { input = "leaf" }\n'
BEFORE = {
    "main.tf": STACK
    + """
resource "terraform_data" "alone" { input = "alone" }
resource "terraform_data" "earlier" { input = "renamed before" }
moved {
  from = terraform_data.first_of_all
  to   = terraform_data.earlier
}
module "api" { source = "./leaf" }
module "roles" {
  source = "./leaf"
  count  = 1
}
""",
    "leaf/main.tf": LEAF,
}
# A count more and one less, into a module that is new, a name changed again, and twice in one version.
AFTER = {
    "main.tf": STACK
    + """
module "kept" { source = "./kept" }
moved {
  from = terraform_data.alone
  to   = module.kept.terraform_data.alone
}
resource "terraform_data" "later" { input = "renamed before" }
moved {
  from = terraform_data.earlier
  to   = terraform_data.later
}
moved {
  from = terraform_data.first_of_all
  to   = terraform_data.earlier
}
module "api" {
  source = "./leaf"
  count  = 1
}
moved {
  from = module.api
  to   = module.api[0]
}
module "roles" { source = "./leaf" }
moved {
  from = module.roles[0]
  to   = module.roles
}
resource "terraform_data" "broken" {
  depends_on = [module.kept, module.api, module.roles]
  provisioner "local-exec" { command = "exit 1" }
}
""",
    "leaf/main.tf": LEAF.replace('"leaf" {', '"renamed" {')
    + """
moved {
  from = terraform_data.leaf
  to   = terraform_data.middle
}
moved {
  from = terraform_data.middle
  to   = terraform_data.renamed
}
""",
    "kept/main.tf": """
resource "terraform_data" "in_the_end" { input = "alone" }
moved {
  from = terraform_data.alone
  to   = terraform_data.in_the_end
}
""",
}


def test_only_planned_changes_of_address_are_moves() -> None:
    diagnostics = Diagnostics()
    moved = {"resource": {"addr": 'b["x"]'}, "previous_resource": {"addr": "a"}, "action": "move"}
    for line in (
        {"type": "planned_change", "change": moved},
        {"type": "planned_change", "change": {"resource": {"addr": "c"}, "action": "create"}},
        {"type": "resource_drift", "change": moved | {"resource": {"addr": "d"}}},
    ):
        diagnostics.read(json.dumps(line))
    assert diagnostics.moves == {'b["x"]': "a"}


def test_what_never_moved_is_left_where_it_is() -> None:
    assert way_back({"b": "a", "d": "c"}, ["a", "d"]) == [("d", "c")]


def test_a_place_is_made_free_before_something_returns_to_it() -> None:
    assert way_back({"c": "b", "b": "a"}, ["b", "c"]) == [("b", "a"), ("c", "b")]


def test_nothing_returns_to_a_place_that_something_new_has_taken() -> None:
    assert way_back({"b": "a"}, ["a", "b"]) == []


@pytest.fixture
def terraform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let Terraform itself run the projects of this test, with its state in the file that is given."""
    state = tmp_path / "project.tfstate"

    def stack(program: str, directory: Path, _: Any, say: Any) -> TerraformStack:
        return TerraformStack(program, directory, {"path": str(state)}, say)

    monkeypatch.setattr(lifecycle, "TerraformStack", stack)
    monkeypatch.setattr(source_repositories, "seed", lambda *_: False)
    monkeypatch.setattr(source_repositories, "offer", lambda *_: "")
    return state


def request_for(session: boto3.Session, kind: str, stack: dict[str, str]) -> ProjectRequest:
    """Return a request for a project that is made of ``stack``."""
    lock = {"terraform/.terraform.lock.hcl": b""}
    bundle = lock | {f"terraform/{name}": text.encode() for name, text in stack.items()}
    properties = real_event(kind)["ResourceProperties"] | published(session, zipped(bundle))
    return request_of(kind, ResourceProperties=properties)


def build(settings: RunnerSettings, number: int) -> RunnerSettings:
    """Return the settings of another build, which begins in an empty folder."""
    folder = settings.codebuild_src_dir / str(number)
    folder.mkdir()
    return settings.model_copy(update={"codebuild_src_dir": folder})


def ids(state: Path) -> dict[str, str]:
    """Return what is in the state: the id of each resource by its address."""
    return {
        f"{resource.get('module', '')} {resource['name']}": instance["attributes"]["id"]
        for resource in json.loads(state.read_text())["resources"]
        for instance in resource["instances"]
    }


# python-terraform 0.10.1 logs with the deprecated Logger.warn.
@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")
def test_an_update_that_fails_after_it_has_moved_resources_is_rolled_back_without_making_any_anew(
    session: boto3.Session, settings: RunnerSettings, terraform: Path
) -> None:
    created, update = request_for(session, "create", BEFORE), request_for(session, "update", AFTER)
    run(session, build(settings, 1), created)
    before = ids(terraform)
    assert set(before) == {" alone", " earlier", "module.api leaf", "module.roles[0] leaf"}

    with pytest.raises(UserError, match="exit status 1"):
        run(session, build(settings, 2), update)
    moved = ids(terraform)
    assert {"module.kept in_the_end", " later", "module.api[0] renamed", "module.roles renamed"} <= set(moved)
    assert set(before.values()) <= set(moved.values())

    assert run(session, build(settings, 3), rolled_back(update, created)).succeeded
    assert ids(terraform) == before

    mended = dict(AFTER, **{"main.tf": AFTER["main.tf"].replace("exit 1", "exit 0")})
    assert run(session, build(settings, 4), request_for(session, "update", mended)).succeeded
    after = ids(terraform)
    assert set(before.values()) == set(after.values()) - {after[" broken"]}
