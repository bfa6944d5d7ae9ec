"""Turns a request into a checked input: template text or URL, parameters, rules, capabilities, role."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

from botocore.exceptions import ClientError

from localaws.operations import Request
from localaws.runtime import runtime
from localaws.services.cloudformation.assertions import check_rules
from localaws.services.cloudformation.errors import InsufficientCapabilities, ValidationError
from localaws.services.cloudformation.intrinsics import attribute_references
from localaws.services.cloudformation.model import Input
from localaws.services.cloudformation.parameters import parameter_texts, parameter_values
from localaws.services.cloudformation.resources.registry import provider_of, unsupported
from localaws.services.cloudformation.template import Template, parse_template

_BODY_LIMIT, _URL_LIMIT = 51_200, 1_048_576
_VIRTUAL = re.compile(r"(?P<bucket>.+)\.s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?")
_PATH = re.compile(r"s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?")
_VIRTUAL_PLAIN = re.compile(r"(?P<bucket>.+)\.s3\.amazonaws\.com")
_IAM_NAMES = {
    "AWS::IAM::AccessKey": "",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": "",
}


def template_text(request: Request, previous: str = "") -> str:
    """Return the template that a request gives by body, URL or ``UsePreviousTemplate``."""
    params = request.params
    given = [name for name in ("TemplateBody", "TemplateURL") if params.get(name)]
    if params.get("UsePreviousTemplate"):
        if not previous or given:
            raise ValidationError("UsePreviousTemplate goes with an existing stack and no template.")
        return previous
    if len(given) != 1:
        raise ValidationError("Either Template URL or Template Body must be specified.")
    if given == ["TemplateURL"]:
        return fetch_template(request, params["TemplateURL"])
    body = str(params["TemplateBody"])
    if len(body.encode()) > _BODY_LIMIT:
        raise ValidationError(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have "
            f"length less than or equal to {_BODY_LIMIT}"
        )
    return body


def take_in(request: Request, text: str, previous: Input | None = None) -> Input:
    """Return the checked input of a create, update or change-set request."""
    params = request.params
    template = parse_template(text)
    _check_types(template)
    _check_allowed(template, params.get("ResourceTypes") or ())
    texts = parameter_texts(
        template.parameters, params.get("Parameters") or [], previous.texts if previous else {}
    )
    values = parameter_values(template.parameters, texts, lambda name: _ssm_value(request, name))
    check_rules(template.rules, values)
    capabilities = tuple(params.get("Capabilities") or ())
    _check_capabilities(template, capabilities)
    role_arn = params.get("RoleARN") or (previous.role_arn if previous else "")
    _check_role(request, role_arn)
    _check_options(params)
    tags = {tag["Key"]: tag["Value"] for tag in params["Tags"]} if "Tags" in params else None
    if tags is None:
        tags = dict(previous.tags) if previous else {}
    return Input(
        template=template,
        texts=texts,
        values=values,
        tags=tags,
        capabilities=capabilities,
        role_arn=role_arn,
        caller_role=request.caller_role,
    )


def required_capabilities(template: Template) -> tuple[list[str], list[str]]:
    """Return the capability that a template needs, if any, and the resource types that need it."""
    types = sorted({item.type for item in template.resources.values() if item.type in _IAM_NAMES})
    if not types:
        return [], []
    named = any(
        item.type in _IAM_NAMES and _IAM_NAMES[item.type] in item.properties
        for item in template.resources.values()
    )
    return ["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"], types


def _check_options(params: Mapping[str, Any]) -> None:
    if params.get("NotificationARNs"):
        raise ValidationError("localaws does not send stack notifications (NotificationARNs)")
    if (params.get("RollbackConfiguration") or {}).get("RollbackTriggers"):
        raise ValidationError("localaws does not support RollbackTriggers")
    for name in (
        "StackPolicyBody",
        "StackPolicyURL",
        "StackPolicyDuringUpdateBody",
        "StackPolicyDuringUpdateURL",
    ):
        if params.get(name):
            raise ValidationError(f"localaws does not support stack policies ({name})")


def _check_allowed(template: Template, allowed: Sequence[str]) -> None:
    """Hold resource types against the request's ResourceTypes, such as ``AWS::S3::*``."""
    types = sorted({item.type for item in template.resources.values()})
    refused = [each for each in types if not any(fnmatchcase(each, pattern) for pattern in allowed)]
    if allowed and refused:
        raise ValidationError(
            f"Resource type {refused[0]} is not allowed by parameter ResourceTypes {list(allowed)}"
        )


def _check_types(template: Template) -> None:
    for resource in template.resources.values():
        if provider_of(resource.type) is None:
            raise ValidationError(unsupported(resource.type))
    places = [*(resource.properties for resource in template.resources.values()), template.outputs]
    for name, attribute in attribute_references(places):
        provider = provider_of(template.resources[name].type) if name in template.resources else None
        if provider is not None and (problem := provider.attribute_problem(attribute)):
            raise ValidationError(f"Template error: resource {name} {problem}")


def _check_capabilities(template: Template, given: Sequence[str]) -> None:
    needed, _ = required_capabilities(template)
    enough = {"CAPABILITY_NAMED_IAM", *(needed if needed == ["CAPABILITY_IAM"] else ())}
    if needed and not enough & set(given):
        raise InsufficientCapabilities(f"Requires capabilities : [{needed[0]}]")


def _check_role(request: Request, role_arn: str) -> None:
    if not role_arn:
        return
    name = role_arn.rsplit("/", 1)[-1]
    try:
        runtime().client("iam", request.region, account=request.account).get_role(RoleName=name)
    except ClientError as error:
        raise ValidationError(f"Role {role_arn} is invalid or cannot be assumed") from error


def _ssm_value(request: Request, name: str) -> str:
    try:
        answer = (
            runtime()
            .client("ssm", request.region, account=request.account)
            .get_parameter(Name=name, WithDecryption=False)
        )
    except ClientError as error:
        raise ValidationError(
            f"Unable to fetch parameters [{name}] from parameter store for this account."
        ) from error
    return str(answer["Parameter"]["Value"])


def fetch_template(request: Request, url: str) -> str:
    """Return the template that lies at an S3 URL."""
    bucket, key, version = _location(url)
    arguments: Mapping[str, Any] = {"VersionId": version} if version else {}
    try:
        answer = (
            runtime()
            .client("s3", request.region, account=request.account)
            .get_object(Bucket=bucket, Key=key, **arguments)
        )
    except ClientError as error:
        message = error.response.get("Error", {}).get("Message", "")
        raise ValidationError(f"S3 error: {message} (bucket {bucket}, key {key})") from error
    body: bytes = answer["Body"].read()
    if len(body) > _URL_LIMIT:
        raise ValidationError(f"Template may not exceed {_URL_LIMIT} bytes in size.")
    return body.decode()


def _location(url: str) -> tuple[str, str, str]:
    parts = urlparse(url)
    host, path = parts.hostname or "", unquote(parts.path.lstrip("/"))
    version = parse_qs(parts.query).get("versionId", [""])[0]
    virtual = _VIRTUAL_PLAIN.fullmatch(host) or _VIRTUAL.fullmatch(host)
    if virtual:
        return virtual["bucket"], path, version
    bucket, _, key = path.partition("/")
    here = urlparse(runtime().endpoint).netloc == parts.netloc
    if not bucket or not key or not (_PATH.fullmatch(host) or here):
        raise ValidationError("TemplateURL must be a supported URL.")
    return bucket, key, version
