"""What SageMaker keeps: one record per resource, in moto's own dictionaries so that tags and sweeps find it."""

from __future__ import annotations

import secrets
import string
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from moto.sagemaker.models import SageMakerModelBackend, sagemaker_backends
from moto.utilities.utils import get_partition

LOCK = threading.RLock()
"""Guards every resource; held for a change of state, never while a container runs."""

Tags = list[dict[str, str]]
Kind = TypeVar("Kind", bound="Resource")


@dataclass(eq=False)
class Resource:
    """A named thing with an ARN.

    Attributes
    ----------
    arn, name
        As the API names it.
    detail
        What the resource's Describe operation answers.
    tags
        As the caller gave them; ListTags and the tagging API read them here.
    """

    arn: str
    name: str
    detail: dict[str, Any]
    tags: Tags = field(default_factory=list)

    @property
    def created(self) -> datetime:
        """When it was made."""
        moment: datetime = self.detail["CreationTime"]
        return moment

    @property
    def modified(self) -> datetime:
        """When it last changed."""
        moment: datetime = self.detail.get("LastModifiedTime", self.created)
        return moment

    def change(self, **values: Any) -> None:
        """Set fields of the description, and the time of this change."""
        with LOCK:
            self.detail.update(values, LastModifiedTime=now())


@dataclass(frozen=True)
class Region:
    """The SageMaker of one account and region."""

    account: str
    name: str

    @property
    def backend(self) -> SageMakerModelBackend:
        """moto's backend, whose dictionaries hold the resources."""
        return sagemaker_backends[self.account][self.name]

    def table(self, attribute: str) -> dict[str, Any]:
        """Return the backend's dictionary of one kind of resource: ``training_jobs``, ``endpoints`` ..."""
        table: dict[str, Any] = getattr(self.backend, attribute)
        return table

    def arn(self, kind: str, name: str) -> str:
        """Return the ARN of ``kind/name``."""
        return f"arn:{get_partition(self.name)}:sagemaker:{self.name}:{self.account}:{kind}/{name}"


def now() -> datetime:
    """Return the present moment, to the millisecond as SageMaker does."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def suffix(length: int) -> str:
    """Return random letters and digits, as SageMaker puts into the names that it makes."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length))


def merged_tags(present: Tags, added: Tags) -> Tags:
    """Return the tags with ``added`` winning over ``present`` of the same key."""
    values = {tag["Key"]: tag["Value"] for tag in (*present, *added)}
    return [{"Key": key, "Value": value} for key, value in values.items()]


def tag_map(tags: Tags) -> dict[str, str]:
    """Return tags as events carry them."""
    return {tag["Key"]: tag["Value"] for tag in tags}
