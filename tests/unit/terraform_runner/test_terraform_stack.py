"""The pinned Terraform run for real, on a module that needs no provider and keeps its state in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from terraform_runner.runner_errors import UserError
from terraform_runner.terraform_stack import TerraformStack

# python-terraform 0.10.1 logs with the deprecated Logger.warn.
pytestmark = pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")

MODULE = """
terraform {
  backend "local" {}
}
variable "project_name" { type = string }
variable "count_of" {
  type    = number
  default = 1
  validation {
    condition     = var.count_of < 10
    error_message = "At most nine, for example 3."
  }
}
resource "terraform_data" "first" { input = var.project_name }
resource "terraform_data" "second" {
  input      = var.count_of
  depends_on = [terraform_data.first]
}
output "clone_url" { value = "https://${terraform_data.first.output}" }
output "numbers" { value = [var.count_of] }
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def stack(tmp_path: Path, said: list[str]) -> TerraformStack:
    """Give the module, not yet prepared."""
    module = tmp_path / "terraform"
    module.mkdir()
    (module / "main.tf").write_text(MODULE)
    (module / ".terraform.lock.hcl").write_text("")
    return TerraformStack("terraform", module, {"path": str(tmp_path / "project.tfstate")}, said.append)


def test_a_stack_is_applied_in_two_steps_and_destroyed(stack: TerraformStack, said: list[str]) -> None:
    stack.init({"project_name": "churn", "count_of": "3"})
    assert stack.addresses() == []
    stack.apply(target="terraform_data.first")
    assert stack.addresses() == ["terraform_data.first"]
    stack.apply()
    assert stack.outputs() == {"clone_url": "https://churn", "numbers": "[3]"}
    assert any("terraform_data.second: Creation complete" in line for line in said)
    stack.destroy()
    assert stack.addresses() == []


def test_what_is_forgotten_is_not_destroyed(stack: TerraformStack, said: list[str]) -> None:
    stack.init({"project_name": "churn"})
    stack.apply()
    stack.forget(["terraform_data.first"])
    said.clear()
    stack.destroy()
    assert not any("terraform_data.first: Destroying" in line for line in said)
    assert any("terraform_data.second: Destroying" in line for line in said)


def test_a_refused_variable_is_told_in_the_modules_words(stack: TerraformStack) -> None:
    stack.init({"project_name": "churn", "count_of": "10"})
    with pytest.raises(UserError, match="At most nine, for example 3"):
        stack.apply()


def test_a_module_that_cannot_be_prepared_is_told(stack: TerraformStack, tmp_path: Path) -> None:
    (tmp_path / "terraform" / "broken.tf").write_text('resource "terraform_data" {')
    with pytest.raises(UserError, match="terraform init failed"):
        stack.init({"project_name": "churn"})


def test_variables_are_never_shown(stack: TerraformStack, said: list[str]) -> None:
    stack.init({"project_name": "a-secret-name"})
    stack.apply()
    assert not any("a-secret-name" in line for line in said)
