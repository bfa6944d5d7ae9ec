"""Which resources an action of a request is checked on: ARNs out of parameters, by the reference's formats."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jmespath
from moto.kms.models import kms_backends

from localaws.iam.api_call import ApiCall
from localaws.iam.reference import ResourceType, mapping, resource_types

ANY = "*"


def resources_of(call: ApiCall, action: str) -> Sequence[str]:
    """Return the ARNs that ``action`` is checked on; ``*`` where the call names none that it could be limited to."""
    special = _SPECIAL.get(action) or _SPECIAL.get(action.partition(":")[0])
    if special is not None:
        return special(call, action)
    return named(call, action) or [ANY]


def named(call: ApiCall, action: str) -> list[str]:
    """Return the ARNs that the parameters give or make up, whatever kind of resource the action knows."""
    # A key of an object may look like an ARN, and is none.
    given = list(_arns(call.params)) if call.service != "s3" else []
    variables = mapping()["variables"].get(action.partition(":")[0], {})
    found = [arn for kind in resource_types(action) for arn in _of_type(kind, call, given, variables)]
    return list(dict.fromkeys(found))


def _of_type(
    kind: ResourceType, call: ApiCall, given: Sequence[str], variables: Mapping[str, str]
) -> Iterator[str]:
    fitting = [arn for arn in given if kind.fits(arn)]
    if fitting:
        yield from fitting
        return
    choices = [_values(call.params, name, variables) for name in kind.variables]
    # ECR's calls name the account of another's repository apart.
    account = str(call.params.get("registryId") or call.account)
    scope = {"Partition": call.partition, "Region": call.region, "Account": account}
    for values in itertools.product(*choices):
        whole = next((each for each in values if each.startswith("arn:") and ":s3:" not in kind.arn), "")
        if not whole:
            yield kind.filled(scope | dict(zip(kind.variables, values, strict=True)))
        elif kind.fits(whole):
            yield whole


def _values(params: Mapping[str, Any], name: str, variables: Mapping[str, str]) -> list[str]:
    """Return what the parameters say for a variable of an ARN."""
    if name in variables:
        found = jmespath.search(variables[name], params)
    else:
        found = next((value for key, value in params.items() if key.lower() == name.lower()), None)
    return [str(each) for each in (found if isinstance(found, list) else [found]) if each not in (None, "")]


def _arns(params: Mapping[str, Any]) -> Iterator[str]:
    for value in params.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str) and each.startswith("arn:"):
                yield each


def _apigateway(call: ApiCall, _: str) -> Sequence[str]:
    return [f"arn:{call.partition}:apigateway:{call.region}::{call.path.partition('?')[0]}"]


def _builds(call: ApiCall, action: str) -> Sequence[str]:
    """Builds are checked on their project, which their ids begin with."""
    found = named(call, action)
    return [arn.replace(":build/", ":project/").partition("/")[0] + "/" + _project(arn) for arn in found] or [
        ANY
    ]


def _project(arn: str) -> str:
    return arn.partition("/")[2].partition(":")[0]


def _function(call: ApiCall, action: str) -> Sequence[str]:
    found = named(call, action)
    qualifier = call.params.get("Qualifier")
    if not qualifier:
        return found or [ANY]
    return [arn if arn.count(":") > 6 else f"{arn}:{qualifier}" for arn in found]


def _log_group(call: ApiCall, action: str) -> Sequence[str]:
    """CloudWatch Logs asks about a group with an empty stream behind it, unless it is about its tags."""
    found = [arn.removesuffix(":*") for arn in named(call, action)]
    if action.endswith(("TagResource", "TagsForResource", "UntagResource")):
        return found or [ANY]
    return [arn if ":log-stream:" in arn else f"{arn}:log-stream:" for arn in found] or [ANY]


def _objects(call: ApiCall, action: str) -> Sequence[str]:
    listed = (call.params.get("Delete") or {}).get("Objects") or []
    bucket = f"arn:{call.partition}:s3:::{call.params.get('Bucket')}"
    return [f"{bucket}/{each['Key']}" for each in listed] or named(call, action) or [ANY]


def _key(call: ApiCall, action: str) -> Sequence[str]:
    """A key that a call names by its alias is decided on as the key itself."""
    return [_of_alias(arn) for arn in named(call, action)] or [ANY]


def _of_alias(arn: str) -> str:
    scope, by_alias, alias = arn.partition(":key/alias/")
    if not by_alias:
        return arn
    region, account = scope.split(":")[3:5]
    key = kms_backends[account][region].get_key_id_from_alias(f"alias/{alias}")
    return f"{scope}:key/{key}" if key else arn


def _targets(call: ApiCall, action: str) -> Sequence[str]:
    """A rule on the default bus has no bus in its ARN."""
    bus = str(call.params.get("EventBusName") or "default").rsplit("/", 1)[-1]
    found = [
        arn
        for arn in named(call, action)
        if (":rule/" not in arn) or (arn.count("/") == 2) == (bus != "default")
    ]
    return found or [ANY]


def _bus(call: ApiCall, _: str) -> Sequence[str]:
    names = {str(each.get("EventBusName") or "default").rsplit("/", 1)[-1] for each in call.params["Entries"]}
    return [
        f"arn:{call.partition}:events:{call.region}:{call.account}:event-bus/{name}" for name in sorted(names)
    ]


def _queue(call: ApiCall, action: str) -> Sequence[str]:
    name = (
        str(call.params.get("QueueName") or call.params.get("QueueUrl") or "").rstrip("/").rsplit("/", 1)[-1]
    )
    arn = f"arn:{call.partition}:sqs:{call.region}:{call.account}:{name}"
    return [arn] if name and resource_types(action) else [ANY]


def _model_package(call: ApiCall, action: str) -> Sequence[str]:
    """A version is named by its ARN, or as a new one by its group."""
    group = call.params.get("ModelPackageGroupName")
    if action == "sagemaker:CreateModelPackage" and group:
        name = str(group).rsplit("/", 1)[-1]
        return [f"arn:{call.partition}:sagemaker:{call.region}:{call.account}:model-package/{name}/*"]
    # IAM knows versions only for a listing, and the call names none.
    return [ANY] if action == "sagemaker:ListModelPackages" else named(call, action) or [ANY]


def _anything(_: ApiCall, __: str) -> Sequence[str]:
    return [ANY]


_SPECIAL: Mapping[str, Callable[[ApiCall, str], Sequence[str]]] = {
    "apigateway": _apigateway,
    "codebuild:BatchGetBuilds": _builds,
    "codebuild:StopBuild": _builds,
    "codebuild:RetryBuild": _builds,
    "events": _targets,
    "events:PutEvents": _bus,
    "kms:DescribeKey": _key,
    "lambda": _function,
    "logs": _log_group,
    "s3:DeleteObject": _objects,
    "s3:DeleteObjectVersion": _objects,
    "sagemaker:CreateModelPackage": _model_package,
    "sagemaker:ListModelPackages": _model_package,
    "servicecatalog:TerminateProvisionedProduct": _anything,
    "servicecatalog:UpdateProvisionedProduct": _anything,
    "sqs": _queue,
}
