"""The stored CloudFormation event comes in; a typed `ProjectRequest` goes to the lifecycle and the answer."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, TypeAdapter, ValidationError
from pydantic.alias_generators import to_pascal

from terraform_runner.runner_errors import UserError

_HTTP_URL = TypeAdapter(HttpUrl)
DEFAULT_VARIANT = "churn-xgboost-daal4py"
"""What a project is whose template was published before there was a choice."""


class _PascalModel(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, frozen=True, extra="ignore")


class TemplateReference(_PascalModel):
    """Which bundle a project is made from."""

    template_version: str
    template_sha256: str

    @property
    def bundle_key(self) -> str:
        """Where the bundle lies in the artifact bucket."""
        return f"bundles/{self.template_version}.zip"


class ProjectReference(TemplateReference):
    """Which project, and which bundle it is made from."""

    project_name: str = Field(alias="SageMakerProjectName")
    project_id: str = Field(alias="SageMakerProjectId")


class ProjectProperties(ProjectReference):
    """What the product's form says. CloudFormation sends every value as a string."""

    project_variant: str = DEFAULT_VARIANT
    keep_data_on_delete: bool = False
    connection_arn: str = ""
    """Leads to the team's own repositories; empty: the project has some in CodeCommit."""
    build_repository_id: str = ""
    deploy_repository_id: str = ""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True, extra="allow")

    @property
    def repositories(self) -> str:
        """What tells the team's repositories from others; empty where they are in CodeCommit."""
        return " ".join(filter(None, (self.build_repository_id, self.deploy_repository_id)))

    def terraform_variables(self) -> dict[str, str]:
        """Return the variables of the stack: the parameters in snake_case, as Terraform converts strings."""
        passed = {snake_case(name): str(value) for name, value in (self.model_extra or {}).items()}
        for name in ("service_token", "service_timeout"):
            passed.pop(name, None)
        if self.connection_arn:
            # Only then: templates of before do not know them.
            passed |= {
                "connection_arn": self.connection_arn,
                "build_repository_id": self.build_repository_id,
                "deploy_repository_id": self.deploy_repository_id,
            }
        return passed | {
            "project_name": self.project_name,
            "project_id": self.project_id,
            "project_variant": self.project_variant,
            "keep_data_on_delete": str(self.keep_data_on_delete).lower(),
            "template_version": self.template_version,
        }


class ProjectRequest(_PascalModel):
    """One request of CloudFormation about one project."""

    request_type: Literal["Create", "Update", "Delete"]
    request_id: str
    response_url: SecretStr = Field(alias="ResponseURL")
    stack_id: str
    logical_resource_id: str
    physical_resource_id: str = ""
    resource_properties: ProjectProperties
    old_resource_properties: ProjectReference | None = None

    @classmethod
    def parse(cls, event: bytes) -> ProjectRequest:
        """Return the request in ``event``.

        Raises
        ------
        UserError
            If it is not a request about a project.
        """
        try:
            request = cls.model_validate_json(event)
            _HTTP_URL.validate_python(request.response_url.get_secret_value())
        except ValidationError as error:
            # Values are left out: one of them is a credential.
            said = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise UserError(f"The stored request cannot be read: {said}") from None
        return request

    @property
    def project_id(self) -> str:
        """The project's id, which is CloudFormation's physical resource id."""
        return self.resource_properties.project_id

    @property
    def answer_key(self) -> str:
        """The mark that the request was answered."""
        return f"requests/{self.request_id}/answer.json"

    @property
    def build_key(self) -> str:
        """The mark of the build that took the request on."""
        return f"requests/{self.request_id}/build.json"


def snake_case(name: str) -> str:
    """Return ``name`` as Terraform writes it: ``ModelBuildCloneUrl`` becomes ``model_build_clone_url``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def pascal_case(name: str) -> str:
    """Return ``name`` as CloudFormation writes it: ``model_build_clone_url`` becomes ``ModelBuildCloneUrl``."""
    return "".join(part.capitalize() for part in name.split("_"))
