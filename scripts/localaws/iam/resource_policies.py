"""The policy that hangs on a resource (bucket, key, topic, queue, repository, secret): from moto's books."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ecr.models import ecr_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from localaws.accounts import owner
from localaws.iam.policy_documents import Document, read
from localaws.iam.principals import find_role
from localaws.services.awslambda.lambda_api import find


def policy_of(arn: str) -> Document | None:
    """Return the policy of the resource that an ARN names; None when it has none, or no such resource is known."""
    parts = arn.split(":", 5)
    finder = _FINDERS.get(parts[2]) if len(parts) == 6 else None
    if finder is None:
        return None
    text = finder(arn, parts)
    if not text:
        return None
    return read(text if isinstance(text, str) else _text(text), arn)


def decides_alone(arn: str) -> bool:
    """Tell whether IAM's policies count only as far as the resource's own policy lets the account in."""
    return ":kms:" in arn and ":key/" in arn


def is_foreign(account: str, arn: str) -> bool:
    """Tell whether a resource is of another account than the caller's.

    Services (without account) and AWS's own accounts are nobody's strangers.
    """
    found = _bucket_owner(arn) if ":s3:::" in arn else owner(arn)
    accounts = (account, found)
    return account != found and all(_IS_CUSTOMER.fullmatch(each) for each in accounts)


_IS_CUSTOMER = re.compile(r"(?!0000000000)\d{12}")


def _bucket_owner(arn: str) -> str:
    name = arn.rsplit(":", 1)[-1].partition("/")[0]
    _, account = s3_backends.bucket_accounts.get(name, ("", ""))
    return str(account)


def granted_by_key(arn: str, action: str, principal_arn: str) -> bool:
    """Tell whether a grant of a key lets a principal act."""
    _, partition, _, region, account, resource = arn.split(":", 5)
    del partition
    backend = kms_backends[account][region]
    key = backend.keys.get(resource.removeprefix("key/"))
    operation = action.partition(":")[2]
    grants = key.grants.values() if key is not None else ()
    return any(each.grantee_principal == principal_arn and operation in each.operations for each in grants)


def trust_of(role_arn: str) -> Document | None:
    """Return who may take on a role; None when there is no such role."""
    role = find_role(role_arn)
    return read(role.assume_role_policy_document, "trust") if role is not None else None


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else json.dumps(value)


def _bucket(_: str, parts: list[str]) -> Any:
    name = parts[5].partition("/")[0]
    bucket = find_bucket(name)
    return bucket.policy if bucket is not None else None


def find_bucket(name: str) -> Any:
    """Return moto's bucket of a name, whosever it is; None when there is none."""
    partition, account = s3_backends.bucket_accounts.get(name, ("", ""))
    return s3_backends[account][partition].buckets.get(name) if account else None


def _model_package_group(_: str, parts: list[str]) -> Any:
    """A group's policy is that of its versions."""
    kind, _, name = parts[5].partition("/")
    if kind not in ("model-package", "model-package-group"):
        return None
    groups = sagemaker_backends[parts[4]][parts[3]].model_package_groups
    return getattr(groups.get(name.partition("/")[0]), "policy", None)


def _key(_: str, parts: list[str]) -> Any:
    key = kms_backends[parts[4]][parts[3]].keys.get(parts[5].removeprefix("key/"))
    return key.policy if key is not None else None


def _topic(arn: str, parts: list[str]) -> Any:
    topic = sns_backends[parts[4]][parts[3]].topics.get(arn)
    return topic.policy if topic is not None else None


def _queue(_: str, parts: list[str]) -> Any:
    queue = sqs_backends[parts[4]][parts[3]].queues.get(parts[5])
    return queue.policy if queue is not None else None


def _repository(_: str, parts: list[str]) -> Any:
    repository = ecr_backends[parts[4]][parts[3]].repositories.get(parts[5].removeprefix("repository/"))
    return repository.policy if repository is not None else None


def _secret(arn: str, parts: list[str]) -> Any:
    secrets = secretsmanager_backends[parts[4]][parts[3]].secrets.values()
    return next((getattr(each, "policy", None) for each in secrets if each.arn == arn), None)


def _function(arn: str, parts: list[str]) -> Any:
    if not parts[5].startswith("function:"):
        return None
    try:
        function, qualifier = find(parts[4], parts[3], arn)
    except ServiceException:
        return None
    policy = function.policies.get(qualifier)
    return {"Statement": policy.statements} if policy is not None else None


_FINDERS: Mapping[str, Callable[[str, list[str]], Any]] = {
    "ecr": _repository,
    "kms": _key,
    "lambda": _function,
    "s3": _bucket,
    "sagemaker": _model_package_group,
    "secretsmanager": _secret,
    "sns": _topic,
    "sqs": _queue,
}
