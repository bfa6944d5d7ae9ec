"""A version of the published template, found wherever it is published; `projects` creates and updates from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from mlproject import catalog, s3_templates
from mlproject.platform_parameters import Place
from mlproject.publish import PRODUCT_NAME, STACK_NAME

if TYPE_CHECKING:
    import boto3
    from types_boto3_sagemaker.type_defs import DescribeProjectOutputTypeDef


class Template(Protocol):
    """A version of the template: `catalog.Product` or `s3_templates.S3Template`."""

    def creation(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Return what SageMaker's CreateProject is told of it."""

    def change(
        self, described: DescribeProjectOutputTypeDef, parameters: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return what SageMaker's UpdateProject is told of it for a project, as SageMaker describes that."""


def find(session: boto3.Session, place: Place, version: str = "") -> Template:
    """Return the version that is published at ``place``, the newest when ``version`` is empty.

    Raises
    ------
    UserError
        Nothing is published there to the caller, or not in that version.
    """
    if place is Place.S3:
        return s3_templates.find(session, STACK_NAME, version)
    return catalog.find(session, PRODUCT_NAME, version)
