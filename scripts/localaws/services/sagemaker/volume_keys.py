"""A request that makes machines comes in; one with a key for volumes that its instance types do not take is refused.

SageMaker's API reference has it at VolumeKmsKeyId of training, tuning, processing and transform jobs, and at KmsKeyId
of CreateEndpointConfig. It has no such rule for notebooks and for AutoML, whose callers choose no instance type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from localaws.services.sagemaker.instance_types import has_local_disks


def refuse_keys_of_local_disks(params: Mapping[str, Any]) -> None:
    """Raise ValidationException when a volume's key comes with an instance type that encrypts its own disks."""
    for name, instance_type in _encrypted(params):
        if has_local_disks(instance_type):
            raise ValidationError(
                f"KMS key is not supported for NVMe instance storage. You can't request a {name} when using an "
                f"instance type with local storage: {instance_type}."
            )


def _encrypted(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the name of each key of volumes, with each instance type that it is for."""
    if isinstance(value, list):
        for each in value:
            yield from _encrypted(each)
    if not isinstance(value, Mapping):
        return
    if value.get("VolumeKmsKeyId"):
        yield from (("VolumeKmsKeyId", instance_type) for instance_type in _instance_types(value))
    if value.get("KmsKeyId") and "ProductionVariants" in value:
        yield from (("KmsKeyId", each) for each in _instance_types(value["ProductionVariants"]))
    for each in value.values():
        yield from _encrypted(each)


def _instance_types(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _instance_types(each)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if name == "InstanceType":
                yield str(each)
            else:
                yield from _instance_types(each)
