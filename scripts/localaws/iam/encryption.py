"""The rights to keys that a call needs besides its own: S3 and other services use the caller's, by ``kms:ViaService``.

Sources: the services' pages on customer managed keys: Amazon S3 user guide "Using SSE-KMS", Amazon SNS and SQS
developer guides "Key management", CodeCommit user guide "AWS KMS and encryption", Amazon ECR user guide "Encryption
at rest".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from moto.ecr.models import ecr_backends
from moto.kms.models import kms_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from localaws.accounts import owner
from localaws.iam.api_call import ApiCall
from localaws.iam.request_context import RequestContext
from localaws.iam.resource_policies import find_bucket
from localaws.services.codecommit.repositories import repositories_of

Use = tuple[str, str, Mapping[str, Sequence[str]]]
"""An action, the key's name, id or ARN, and the condition keys besides those of every use."""

READ = ("kms:Decrypt",)
WRITE = ("kms:GenerateDataKey",)
EXCHANGE = ("kms:GenerateDataKey", "kms:Decrypt")
STORE = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")
GRANT: Mapping[str, Sequence[str]] = {"kms:GrantIsForAWSResource": ["true"]}


def key_uses(call: ApiCall, context: RequestContext) -> Iterator[tuple[str, str, RequestContext]]:
    """Yield action, key ARN and condition keys of everything that a call does with keys."""
    finder = _SERVICES.get(call.service)
    for action, name, keys in finder(call) if finder is not None else ():
        yield from _uses(action, name, call.account, call.region, call.service, context.with_keys(keys))


def topic_key_uses(topic_arn: str, context: RequestContext) -> Iterator[tuple[str, str, RequestContext]]:
    """Yield what publishing to a topic does with its key."""
    _, _, _, region, account, _ = topic_arn.split(":", 5)
    for action, name, _keys in _topic(account, region, topic_arn):
        yield from _uses(action, name, account, region, "sns", context)


def repository_key_uses(
    repository_arn: str, context: RequestContext, *, stores: bool
) -> Iterator[tuple[str, str, RequestContext]]:
    """Yield what a clone or a push does with the key of a repository."""
    _, _, _, region, account, name = repository_arn.split(":", 5)
    known = repositories_of(account, region).by_name.get(name)
    if known is not None:
        for action in STORE if stores else READ:
            yield from _uses(action, known.kms_key_id, account, region, "codecommit", context)


def _uses(
    action: str, name: str, account: str, region: str, service: str, context: RequestContext
) -> Iterator[tuple[str, str, RequestContext]]:
    arn = _key_arn(account, region, name)
    if arn:
        via = {"kms:ViaService": [f"{service}.{region}.amazonaws.com"], "aws:ViaAWSService": ["true"]}
        yield action, arn, context.with_keys(via)


def _key_arn(account: str, region: str, name: str) -> str:
    """Return the ARN of a customer's key; empty for keys of AWS's own and those that are not here."""
    backend = kms_backends[owner(name) or account][region]
    if name.startswith("alias/") or ":alias/" in name:
        name = backend.get_key_id_from_alias("alias/" + name.split("alias/", 1)[1]) or ""
    key = backend.keys.get(name.rsplit("/", 1)[-1])
    return str(key.arn) if key is not None else ""


def _s3(call: ApiCall) -> Iterator[Use]:
    bucket = find_bucket(str(call.params.get("Bucket")))
    if bucket is None:
        return
    name = str(call.params.get("Key", ""))
    if call.operation in ("GetObject", "GetObjectAttributes", "SelectObjectContent"):
        yield from _s3_read(bucket, name, str(call.params.get("VersionId") or ""))
    elif call.operation in ("CreateMultipartUpload", "PutObject", "CopyObject"):
        key = call.params.get("SSEKMSKeyId") or _default_key(bucket)
        yield from ((action, key, _s3_context(bucket, name)) for action in WRITE if key)
    elif call.operation in ("UploadPart", "UploadPartCopy", "CompleteMultipartUpload"):
        key = _default_key(bucket)
        yield from ((action, key, _s3_context(bucket, name)) for action in READ if key)
    if call.operation in ("CopyObject", "UploadPartCopy"):
        source = str(call.params.get("CopySource", "")).lstrip("/").partition("?")[0]
        origin, _, key_name = source.partition("/")
        found = find_bucket(origin)
        if found is not None:
            yield from _s3_read(found, key_name, "")


def _s3_read(bucket: Any, name: str, version: str) -> Iterator[Use]:
    versions = bucket.keys.getlist(name, [])
    found = next((each for each in versions if str(each.version_id) == version), None) if version else None
    stored = found or bucket.keys.get(name)
    key = getattr(stored, "kms_key_id", None)
    if key:
        yield from ((action, key, _s3_context(bucket, name)) for action in READ)


def _default_rule(bucket: Any) -> Mapping[str, Any]:
    rule = (bucket.encryption or {}).get("Rule", {})
    # moto keeps what the request's XML held: one rule, or a list of them.
    first: Mapping[str, Any] = rule[0] if isinstance(rule, list) else rule
    return first


def _default_key(bucket: Any) -> str:
    default = _default_rule(bucket).get("ApplyServerSideEncryptionByDefault", {})
    return str(default.get("KMSMasterKeyID") or "")


def _s3_context(bucket: Any, name: str) -> Mapping[str, Sequence[str]]:
    by_bucket = str(_default_rule(bucket).get("BucketKeyEnabled", "")).lower() == "true"
    arn = f"arn:aws:s3:::{bucket.name}" + ("" if by_bucket else f"/{name}")
    return {"kms:EncryptionContext:aws:s3:arn": [arn], "kms:EncryptionContextKeys": ["aws:s3:arn"]}


def _sns(call: ApiCall) -> Iterator[Use]:
    if call.operation.startswith("Publish"):
        yield from _topic(call.account, call.region, str(call.params.get("TopicArn", "")))


def _topic(account: str, region: str, arn: str) -> Iterator[Use]:
    topic = sns_backends[account][region].topics.get(arn)
    key = topic.kms_master_key_id if topic is not None else ""
    yield from ((action, key, {}) for action in EXCHANGE if key)


def _sqs(call: ApiCall) -> Iterator[Use]:
    name = str(call.params.get("QueueUrl", "")).rsplit("/", 1)[-1]
    queue = sqs_backends[call.account][call.region].queues.get(name)
    key = getattr(queue, "kms_master_key_id", None)
    if not key:
        return
    if call.operation.startswith("SendMessage"):
        yield from ((action, str(key), {}) for action in EXCHANGE)
    elif call.operation == "ReceiveMessage":
        yield "kms:Decrypt", str(key), {}


def _codecommit(call: ApiCall) -> Iterator[Use]:
    name = str(call.params.get("repositoryName", ""))
    known = repositories_of(call.account, call.region).by_name.get(name)
    key = call.params.get("kmsKeyId") or (known.kms_key_id if known is not None else "")
    if not key:
        return
    if call.operation == "CreateRepository":
        yield "kms:DescribeKey", str(key), {}
        yield "kms:Encrypt", str(key), {}
    elif call.operation in ("CreateCommit", "PutFile", "DeleteFile", "CreateBranch"):
        yield from ((action, str(key), {}) for action in STORE)
    elif call.operation.startswith(("Get", "List", "BatchGetCommits")) and "Tags" not in call.operation:
        yield "kms:Decrypt", str(key), {}


def _ecr(call: ApiCall) -> Iterator[Use]:
    if call.operation == "CreateRepository":
        given = call.params.get("encryptionConfiguration") or {}
        if given.get("kmsKey"):
            yield "kms:DescribeKey", given["kmsKey"], {}
            yield "kms:CreateGrant", given["kmsKey"], GRANT
    elif call.operation == "DeleteRepository":
        repository = ecr_backends[call.account][call.region].repositories.get(
            str(call.params["repositoryName"])
        )
        configuration = getattr(repository, "encryption_config", None) or {}
        if configuration.get("kmsKey"):
            yield "kms:RetireGrant", configuration["kmsKey"], {}


def _sagemaker(call: ApiCall) -> Iterator[Use]:
    if call.operation not in ("CreateEndpointConfig", "CreateProcessingJob", "CreateTrainingJob"):
        return
    for key in dict.fromkeys(_named(call.params, ("VolumeKmsKeyId", "KmsKeyId"))):
        yield "kms:CreateGrant", key, GRANT


def _named(value: Any, names: Sequence[str]) -> Iterator[str]:
    """Yield the keys of volumes; outputs are encrypted by S3, with what the job's role may do."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name in names and isinstance(each, str) and each:
                yield each
            elif not name.endswith(("OutputConfig", "OutputDataConfig", "DataCaptureConfig")):
                yield from _named(each, names)


_SERVICES: Mapping[str, Callable[[ApiCall], Iterator[Use]]] = {
    "codecommit": _codecommit,
    "ecr": _ecr,
    "s3": _s3,
    "sagemaker": _sagemaker,
    "sns": _sns,
    "sqs": _sqs,
}
