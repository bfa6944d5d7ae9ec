"""The condition keys of a request: what global and service keys a policy may ask for, tags only when asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from localaws.iam.api_call import ApiCall
from localaws.iam.decisions import Principal
from localaws.iam.principals import find_role, tags_of_user

Values = Mapping[str, Sequence[str]]
_RESOURCE_TAG = "aws:resourcetag/"
_SERVICE_TAGS = ("s3:existingobjecttag/", "iam:resourcetag/", "ecr:resourcetag/")


class RequestContext(Mapping[str, Sequence[str]]):
    """Condition keys in lower case; the tags of the resource are looked up when a policy asks for the first one.

    Parameters
    ----------
    known
        Keys that cost nothing to tell.
    tags
        Returns the tags of the resource.
    """

    def __init__(self, known: Values, tags: Callable[[], Mapping[str, str]] = dict) -> None:
        self._known = {key.lower(): list(values) for key, values in known.items()}
        self._tags = tags
        self._found: Mapping[str, str] | None = None

    def __getitem__(self, key: str) -> Sequence[str]:
        """Return a key's values."""
        prefix = next((each for each in (_RESOURCE_TAG, *_SERVICE_TAGS) if key.startswith(each)), "")
        if not prefix:
            return self._known[key]
        if self._found is None:
            self._found = {name.lower(): value for name, value in self._tags().items()}
        return [self._found[key.removeprefix(prefix)]]

    def __iter__(self) -> Iterator[str]:
        """Return the names of the keys known without a look-up."""
        return iter(self._known)

    def __len__(self) -> int:
        """Return how many keys are known without a look-up."""
        return len(self._known)

    def with_keys(self, more: Values) -> RequestContext:
        """Return a copy with further keys, or other values of known ones."""
        return RequestContext({**self._known, **more}, self._tags)

    def with_tags(self, tags: Callable[[], Mapping[str, str]]) -> RequestContext:
        """Return a copy about another resource."""
        return RequestContext(self._known, tags)


def of_principal(principal: Principal, region: str) -> RequestContext:
    """Return the keys that every request of a principal has."""
    now = datetime.now(UTC)
    known: dict[str, Sequence[str]] = {
        "aws:CurrentTime": [now.strftime("%Y-%m-%dT%H:%M:%SZ")],
        "aws:EpochTime": [str(int(time.time()))],
        # Whatever reaches localaws stands for a request over TLS: the proxy ends it, or a plain endpoint replaces it.
        "aws:SecureTransport": ["true"],
        "aws:RequestedRegion": [region],
        "aws:SourceIp": ["127.0.0.1"],
        "aws:ViaAWSService": ["false"],
        "aws:PrincipalIsAWSService": [str(principal.kind == "service").lower()],
    }
    if principal.kind != "service":
        known |= {
            "aws:PrincipalAccount": [principal.account],
            "aws:PrincipalArn": [principal.principal_arn],
            "aws:userid": [principal.user_id],
            "aws:ResourceAccount": [principal.account],
            "kms:CallerAccount": [principal.account],
        }
        known |= _of_kind(principal)
        known |= {f"aws:PrincipalTag/{name}": [value] for name, value in _principal_tags(principal).items()}
    return RequestContext(known)


def of_call(call: ApiCall, principal: Principal) -> RequestContext:
    """Return the keys of an API call."""
    known: dict[str, Sequence[str]] = {}
    tags = requested_tags(call.params)
    if tags:
        known |= {f"aws:RequestTag/{name}": [value] for name, value in tags.items()}
    names = [*tags, *_listed(call.params, ("TagKeys", "tagKeys"))]
    if names:
        known["aws:TagKeys"] = names
    maker = _SERVICES.get(call.service)
    if maker is not None:
        known |= maker(call)
    return of_principal(principal, call.region).with_keys(known)


def use_of_connection(repository: str, action: str) -> dict[str, Sequence[str]]:
    """Return the keys of what is done at a provider by a connection, such as ``GitPull`` of ``owner/name``."""
    owner, _, name = repository.rpartition("/")
    permissions = "read_write" if action == "GitPush" else "read_only"
    return {
        "codeconnections:FullRepositoryId": [repository],
        "codeconnections:OwnerId": [owner],
        "codeconnections:RepositoryName": [name],
        "codeconnections:ProviderAction": [action],
        "codeconnections:ProviderPermissionsRequired": [permissions],
    }


def requested_tags(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that a request gives to its resource, in whatever form its service takes them."""
    given = next((params[name] for name in ("Tags", "tags") if params.get(name)), None)
    if isinstance(given, Mapping):
        return {str(name): str(value) for name, value in given.items()}
    pairs = given if isinstance(given, list) else []
    return {
        str(each.get("Key", each.get("key"))): str(each.get("Value", each.get("value", "")))
        for each in pairs
        if isinstance(each, Mapping)
    }


def _listed(params: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [str(each) for name in names for each in params.get(name) or ()]


def _of_kind(principal: Principal) -> dict[str, Sequence[str]]:
    if principal.kind == "user":
        return {"aws:PrincipalType": ["User"], "aws:username": [principal.principal_arn.rpartition("/")[2]]}
    if principal.kind == "role":
        # The key is there for every temporary credential, and nobody here has a device.
        return {"aws:PrincipalType": ["AssumedRole"], "aws:MultiFactorAuthPresent": ["false"]}
    return {"aws:PrincipalType": ["Account"]}


def _principal_tags(principal: Principal) -> dict[str, str]:
    if principal.kind == "user":
        tags = tags_of_user(principal.principal_arn)
    else:
        role = find_role(principal.principal_arn) if principal.kind == "role" else None
        tags = role.tags if role is not None else []
    entries = tags.values() if isinstance(tags, Mapping) else tags
    return {each["Key"]: each["Value"] for each in entries} | dict(principal.tags)


def _given(call: ApiCall, keys: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """Return condition keys that are parameters of the call."""
    found = {key: call.params.get(name) for key, name in keys.items()}
    return {key: [str(value)] for key, value in found.items() if value is not None}


def _s3(call: ApiCall) -> dict[str, Sequence[str]]:
    headers = {
        f"s3:{name}": [value]
        for name, value in call.headers.items()
        if name.startswith("x-amz-") and name not in ("x-amz-date", "x-amz-security-token")
    }
    known = _given(call, {"s3:delimiter": "Delimiter", "s3:max-keys": "MaxKeys", "s3:VersionId": "VersionId"})
    if call.operation.startswith("ListObject"):
        # A listing without a prefix is one of the empty prefix.
        known["s3:prefix"] = [str(call.params.get("Prefix") or "")]
    return headers | known | _given(call, {"s3:LocationConstraint": "LocationConstraint"})


def _iam(call: ApiCall) -> dict[str, Sequence[str]]:
    known = _given(
        call,
        {
            "iam:PermissionsBoundary": "PermissionsBoundary",
            "iam:AWSServiceName": "AWSServiceName",
            "iam:PolicyARN": "PolicyArn",
        },
    )
    if (
        "iam:PermissionsBoundary" not in known
        and call.operation != "CreateRole"
        and call.params.get("RoleName")
    ):
        role = find_role(f"arn:{call.partition}:iam::{call.account}:role/{call.params['RoleName']}")
        if role is not None and role.permissions_boundary_arn:
            known["iam:PermissionsBoundary"] = [role.permissions_boundary_arn]
    return known


def _sts(call: ApiCall) -> dict[str, Sequence[str]]:
    return _given(
        call,
        {
            "sts:ExternalId": "ExternalId",
            "sts:RoleSessionName": "RoleSessionName",
            "sts:SourceIdentity": "SourceIdentity",
        },
    )


def _sns(call: ApiCall) -> dict[str, Sequence[str]]:
    return _given(call, {"sns:Protocol": "Protocol", "sns:Endpoint": "Endpoint"})


def _lambda(call: ApiCall) -> dict[str, Sequence[str]]:
    return _given(call, {"lambda:Principal": "Principal"})


def _cloudformation(call: ApiCall) -> dict[str, Sequence[str]]:
    return _given(
        call,
        {
            "cloudformation:RoleArn": "RoleARN",
            "cloudformation:ChangeSetName": "ChangeSetName",
            "cloudformation:TemplateUrl": "TemplateURL",
        },
    )


def _cloudwatch(call: ApiCall) -> dict[str, Sequence[str]]:
    return _given(call, {"cloudwatch:namespace": "Namespace"})


def _codecommit(call: ApiCall) -> dict[str, Sequence[str]]:
    branch = call.params.get("branchName")
    return {"codecommit:References": [f"refs/heads/{branch}"]} if branch else {}


def _kms(call: ApiCall) -> dict[str, Sequence[str]]:
    context = call.params.get("EncryptionContext") or {}
    return {f"kms:EncryptionContext:{name}": [value] for name, value in context.items()}


_SERVICES: Mapping[str, Callable[[ApiCall], dict[str, Sequence[str]]]] = {
    "cloudformation": _cloudformation,
    "cloudwatch": _cloudwatch,
    "codecommit": _codecommit,
    "iam": _iam,
    "kms": _kms,
    "lambda": _lambda,
    "s3": _s3,
    "sns": _sns,
    "sts": _sts,
}
