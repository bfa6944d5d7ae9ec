"""A project's name and id come in; every name that the runner must know without asking AWS goes out.

The stack makes the same names in `terraform/locals.tf` (contract "Names").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

REPOSITORIES = ("modelbuild", "modeldeploy")
STAGES = ("staging", "prod")
_SHORT_NAME = 16


@dataclass(frozen=True)
class ProjectNames:
    """The names of one project."""

    project_name: str
    project_id: str

    @property
    def prefix(self) -> str:
        """``name_prefix``: begins every name that may be long."""
        return f"sagemaker-{self.project_name}-{self.project_id}"

    @property
    def short_prefix(self) -> str:
        """``short_prefix``: begins roles, endpoints, functions and the bucket."""
        return f"sagemaker-{self.project_name[:_SHORT_NAME].rstrip('-')}-{self.project_id}"

    def repository(self, kind: str) -> str:
        """Return the CodeCommit repository and CodePipeline of ``modelbuild`` or ``modeldeploy``."""
        return f"{self.prefix}-{kind}"

    def image_repository(self, image: str) -> str:
        """Return the ECR repository of the ``model`` or ``api`` image; ECR takes no capitals and no double hyphens."""
        return f"{re.sub('-+', '-', self.prefix.lower())}/{image}"

    def stage_stack(self, stage: str) -> str:
        """Return the CloudFormation stack of ``staging`` or ``prod``, which the deploy pipeline makes."""
        return f"{self.prefix}-{stage}"

    @property
    def model_package_group(self) -> str:
        """The model registry's group."""
        return self.prefix

    @property
    def state_key(self) -> str:
        """Terraform's state in the state bucket."""
        return f"projects/{self.project_id}/terraform.tfstate"

    @property
    def lock_key(self) -> str:
        """The lock file that Terraform's S3 backend keeps beside the state."""
        return f"{self.state_key}.tflock"

    @property
    def record_key(self) -> str:
        """The runner's own note of whose the project is and which build works on it."""
        return f"projects/{self.project_id}/record.json"

    @property
    def archive_prefix(self) -> str:
        """Where states of deleted projects go."""
        return f"projects/{self.project_id}/archive/"

    def owns(self, name: str) -> bool:
        """Say whether a resource of this name is the project's."""
        lowered = name.lower()
        return any(
            lowered == prefix or lowered.startswith((f"{prefix}-", f"{prefix}/"))
            for prefix in (self.prefix.lower(), self.short_prefix.lower())
        )
