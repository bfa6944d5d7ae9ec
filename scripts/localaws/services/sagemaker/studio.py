"""Studio domains as moto has them, with the identifier by which every client asks for them again."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ResourceNotFound
from moto.sagemaker.models import SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

_create_domain = SageMakerModelBackend.create_domain
_describe_domain = SageMakerModelBackend.describe_domain
_answer_create_domain = SageMakerResponse.create_domain


def create_domain(self: SageMakerModelBackend, *args: Any, **values: Any) -> dict[str, Any]:
    """Make a domain; moto 5.2.5 answers without DomainId, so that Terraform asks for the domain ``''``."""
    answer = _create_domain(self, *args, **values)
    return {**answer, "DomainId": answer["DomainArn"].rpartition("/")[2]}


def answer_create_domain(self: SageMakerResponse) -> ActionResult:
    """Answer CreateDomain; moto 5.2.5 forgets TagPropagation."""
    answer = _answer_create_domain(self)
    name, wanted = self._get_param("DomainName"), self._get_param("TagPropagation")
    for domain in self.sagemaker_backend.domains.values():
        if domain.domain_name == name:
            domain.tag_propagation = wanted or "DISABLED"  # type: ignore[attr-defined]
    return answer


def describe_domain(self: SageMakerModelBackend, domain_id: str) -> dict[str, Any]:
    """Return a domain.

    moto 5.2.5 answers ValidationException for one that is gone, and an application of IAM Identity Center whose ARN
    is none, for domains that IAM authenticates too.
    """
    if domain_id not in self.domains:
        raise ResourceNotFound(f"Domain {domain_id} does not exist.")
    propagation = getattr(self.domains[domain_id], "tag_propagation", "DISABLED")
    domain = {"TagPropagation": propagation, **_describe_domain(self, domain_id)}
    return {name: value for name, value in domain.items() if not name.startswith("SingleSignOn")}


def install() -> None:
    """Put the repairs in place."""
    SageMakerModelBackend.describe_domain = describe_domain  # type: ignore[method-assign]
    SageMakerModelBackend.create_domain = create_domain  # type: ignore[method-assign]
    SageMakerResponse.create_domain = answer_create_domain  # type: ignore[method-assign]
