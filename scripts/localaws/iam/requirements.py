"""Everything that a call needs a right for: its own actions, passed roles, tags of new resources, and keys."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localaws.accounts import owner
from localaws.iam.api_call import ApiCall, UnknownCall
from localaws.iam.encryption import key_uses
from localaws.iam.named_resources import resources_of
from localaws.iam.reference import actions_for, is_write, mapping, prefix_of
from localaws.iam.request_context import RequestContext, requested_tags
from localaws.iam.resource_tags import tags_of

IMAGE_READS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_IMAGE = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[^/]+/(?P<name>[^:@]+)")
_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/.+")
_ROLE_FIELDS = frozenset(
    {"cloudwatchrolearn", "credentials", "executionrolearn", "role", "rolearn", "servicerole"}
)
# These name roles without handing them to a service.
_PASS_NOTHING = frozenset({"iam", "kms", "sts", "servicecatalog"})
# The call to CloudFormation that follows in the caller's name passes the role.
_PASSED_ON = frozenset({("sagemaker", "CreateProject")})
_RECEIVERS = {"sagemaker-runtime": "sagemaker"}


@dataclass(frozen=True)
class Requirement:
    """An action on a resource that the caller must be allowed."""

    action: str
    resource: str
    context: RequestContext


def requirements_of(call: ApiCall, context: RequestContext) -> list[Requirement]:
    """Return what the caller must be allowed to do.

    Raises
    ------
    UnknownCall
        Nobody knows which action the operation is.
    """
    actions = _actions(call)
    found = [
        Requirement(action, arn, _about(context, arn))
        for action in actions
        for arn in resources_of(call, action)
    ]
    if any(map(is_write, actions)):
        found += [Requirement("iam:PassRole", arn, context.with_keys(keys)) for arn, keys in _passed(call)]
        found += _tags(call, actions, context)
    if call.service == "lambda":
        found += [
            Requirement(action, arn, context) for arn in _image_repositories(call) for action in IMAGE_READS
        ]
    if (call.service, call.operation) == ("sts", "AssumeRole") and call.params.get("Tags"):
        found.append(Requirement("sts:TagSession", str(call.params["RoleArn"]), context))
    found += [Requirement("sagemaker:CreateModel", arn, context) for arn in _others_packages(call)]
    found += [Requirement(*use) for use in key_uses(call, context)]
    return found


def _others_packages(call: ApiCall) -> Iterator[str]:
    """Yield the model packages of other accounts that a model is made from: their registry must let it be."""
    if (call.service, call.operation) != ("sagemaker", "CreateModel"):
        return
    for container in [call.params.get("PrimaryContainer") or {}, *(call.params.get("Containers") or ())]:
        arn = str(container.get("ModelPackageName", ""))
        if owner(arn) not in ("", call.account):
            yield arn


def _about(context: RequestContext, arn: str) -> RequestContext:
    """Return the context with the tags of a resource, looked up when a policy asks for one."""
    return context.with_tags(functools.partial(tags_of, arn))


def requirements_of_services(call: ApiCall) -> Iterator[tuple[str, Requirement]]:
    """Yield what an AWS service must be allowed by a resource's policy before it takes the call on, with its name."""
    source = RequestContext({"aws:SourceAccount": [call.account]})
    if call.service == "lambda" and call.operation == "CreateFunction":
        for repository in _image_repositories(call):
            scope = f"arn:{call.partition}:lambda:{call.region}:{call.account}"
            keys = {"aws:SourceArn": [f"{scope}:function:{call.params['FunctionName']}"]}
            for action in IMAGE_READS:
                yield "lambda.amazonaws.com", Requirement(action, repository, source.with_keys(keys))
    elif call.service == "logs" and call.operation == "CreateLogGroup" and call.params.get("kmsKeyId"):
        group = (
            f"arn:{call.partition}:logs:{call.region}:{call.account}:log-group:{call.params['logGroupName']}"
        )
        keys = {"kms:EncryptionContext:aws:logs:arn": [group]}
        yield (
            f"logs.{call.region}.amazonaws.com",
            Requirement("kms:Encrypt", str(call.params["kmsKeyId"]), source.with_keys(keys)),
        )


def _actions(call: ApiCall) -> Sequence[str]:
    if call.service == "apigateway":
        # API Gateway's actions are HTTP's methods.
        return [f"apigateway:{call.method}"]
    actions = actions_for(call.service, call.operation)
    if actions is None:
        raise UnknownCall(f"{call.service}:{call.operation}")
    return [_of_version(call, action) for action in actions]


def _of_version(call: ApiCall, action: str) -> str:
    """Return the action on an object's version where the call names one."""
    if call.service == "s3" and call.params.get("VersionId") and action in _VERSIONED:
        return f"{action}Version"
    return action


_VERSIONED = frozenset({"s3:DeleteObject", "s3:GetObject", "s3:GetObjectAcl"})


def _tags(call: ApiCall, actions: Sequence[str], context: RequestContext) -> Iterator[Requirement]:
    if not requested_tags(call.params):
        return
    for action in actions:
        tagging = mapping()["tagging"].get(action)
        if tagging is None:
            continue
        keys = {"sagemaker:TaggingAction": [call.operation]} if call.service == "sagemaker" else {}
        for arn in resources_of(call, action):
            yield Requirement(tagging, arn, _about(context, arn).with_keys(keys))


def _passed(call: ApiCall) -> Iterator[tuple[str, Mapping[str, Sequence[str]]]]:
    """Yield the roles that a call hands to a service, with IAM's keys about that."""
    if call.service in _PASS_NOTHING or (call.service, call.operation) in _PASSED_ON:
        return
    service = f"{_RECEIVERS.get(call.service, prefix_of(call.service))}.amazonaws.com"
    for arn in dict.fromkeys(_roles(call.params)):
        # No role of another account can be passed: a pipeline's own role assumes it when the action runs.
        if call.service != "codepipeline" or owner(arn) == call.account:
            yield arn, {"iam:PassedToService": [service]}


def _image_repositories(call: ApiCall) -> Iterator[str]:
    """Yield the repository of the image that a function is made from."""
    uri = call.params.get("ImageUri") or (call.params.get("Code") or {}).get("ImageUri") or ""
    found = _IMAGE.match(uri)
    if found:
        yield f"arn:{call.partition}:ecr:{found['region']}:{found['account']}:repository/{found['name']}"


def _roles(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if isinstance(each, str) and key.lower() in _ROLE_FIELDS and _ROLE_ARN.fullmatch(each):
                yield each
            elif (
                key != "configuration"
            ):  # Of a pipeline's action: its service is handed the role when it runs.
                yield from _roles(each)
    elif isinstance(value, list):
        for each in value:
            yield from _roles(each)
