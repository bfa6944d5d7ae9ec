"""Lambda's API calls: parsed parameters come in, functions change, answers in botocore's shapes go out."""

from __future__ import annotations

import base64
import copy
import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.core.exceptions import ServiceException
from moto.iam.models import iam_backends

from localaws.operations import Operation, Request, state_of
from localaws.patience import ENDLESS
from localaws.services.awslambda import lambda_code
from localaws.services.awslambda.lambda_calls import POOL, call, call_later
from localaws.services.awslambda.lambda_model import (
    ACCOUNT_CONCURRENCY,
    DEFAULTS,
    LATEST,
    SETTINGS,
    Alias,
    Function,
    Functions,
    Policy,
    Version,
    invalid,
    not_found,
    parse_identifier,
)

SYNCHRONOUS_LIMIT = 6 * 1024 * 1024
ASYNCHRONOUS_LIMIT = 1024 * 1024
UNSUPPORTED_SETTINGS = ("Layers", "FileSystemConfigs", "CodeSigningConfigArn", "CapacityProviderConfig")
Answer = dict[str, Any]


def functions(account: str, region: str) -> Functions:
    """Return the functions of an account and region."""
    return state_of(lambda_backends[account][region], Functions)


def find(account: str, region: str, identifier: str, qualifier: str = "") -> tuple[Function, str]:
    """Return the function that a name or ARN means, and its qualifier; raise ResourceNotFoundException."""
    name, qualifier = parse_identifier(identifier, qualifier)
    function = functions(account, region).by_name.get(name)
    if function is None:
        arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
        raise not_found(f"{arn}:{qualifier}" if qualifier else arn)
    return function, qualifier


def _find(request: Request) -> tuple[Function, str]:
    return find(
        request.account, request.region, request.params["FunctionName"], request.params.get("Qualifier") or ""
    )


def _check_settings(request: Request, settings: Mapping[str, Any]) -> None:
    for name in UNSUPPORTED_SETTINGS:
        if request.params.get(name):
            raise invalid(f"localaws does not support {name} of a function.")
    if (request.params.get("SnapStart") or {}).get("ApplyOn") == "PublishedVersions":
        raise invalid("localaws does not support SnapStart.")
    if settings["PackageType"] == "Zip":
        if not settings.get("Handler") or not settings.get("Runtime"):
            raise invalid(
                "Runtime and Handler are mandatory parameters for functions created with zip packages."
            )
        if not re.fullmatch(r"python3\.\d+", settings["Runtime"]):
            raise invalid(f"localaws runs Python functions, not {settings['Runtime']}.")
    elif settings.get("Handler") or settings.get("Runtime"):
        raise invalid("Runtime and Handler must not be given for functions created with container images.")
    _check_role(request, settings["Role"])


def _check_role(request: Request, role_arn: str) -> None:
    """Refuse a role that is not there or does not trust Lambda, as AWS does."""
    roles = iam_backends[request.account][request.partition].roles.values()
    role = next((role for role in roles if role.arn == role_arn), None)
    trust = json.loads(role.assume_role_policy_document) if role else {}
    statements = trust.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        if statement.get("Effect") == "Allow" and "lambda.amazonaws.com" in services:
            return
    raise invalid("The role defined for the function cannot be assumed by Lambda.")


def create_function(request: Request) -> Answer:
    """CreateFunction."""
    name, _ = parse_identifier(request.params["FunctionName"])
    settings = copy.deepcopy(DEFAULTS)
    settings |= {key: request.params[key] for key in SETTINGS if request.params.get(key) is not None}
    _check_settings(request, settings)
    code = lambda_code.load(request.params["Code"], request.account, request.region)
    state = functions(request.account, request.region)
    with state.lock:
        if name in state.by_name:
            raise ServiceException("ResourceConflictException", f"Function already exist: {name}")
        function = Function(
            name=name,
            account=request.account,
            region=request.region,
            latest=Version(LATEST, settings, code),
            tags=dict(request.params.get("Tags") or {}),
        )
        state.by_name[name] = function
    if request.params.get("Publish"):
        version = function.publish()
        return function.configuration(version, version.number)
    return function.configuration(function.latest)


def get_function(request: Request) -> Answer:
    """GetFunction."""
    function, qualifier = _find(request)
    version = function.resolve(qualifier)
    answer: Answer = {
        "Configuration": function.configuration(version, qualifier),
        "Code": version.code.location(),
        "Tags": function.tags,
    }
    if function.concurrency is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": function.concurrency}
    return answer


def get_function_configuration(request: Request) -> Answer:
    """GetFunctionConfiguration."""
    function, qualifier = _find(request)
    return function.configuration(function.resolve(qualifier), qualifier)


def update_function_code(request: Request) -> Answer:
    """UpdateFunctionCode."""
    function, _ = _find(request)
    lambda_code.check_precondition(request.params.get("RevisionId"), function.latest.revision_id)
    is_image = bool(request.params.get("ImageUri"))
    if is_image != (function.latest.settings["PackageType"] == "Image"):
        raise invalid(
            "Please provide ImageUri when updating a function with packageType Image, else an archive."
        )
    code = lambda_code.load(request.params, request.account, request.region)
    if request.params.get("DryRun"):
        return function.configuration(function.latest)
    with function.lock:
        function.latest.code = code
        if request.params.get("Architectures"):
            function.latest.settings["Architectures"] = request.params["Architectures"]
        function.latest.changed()
    POOL.retire(function)
    if request.params.get("Publish"):
        version = function.publish()
        return function.configuration(version, version.number)
    return function.configuration(function.latest)


def update_function_configuration(request: Request) -> Answer:
    """UpdateFunctionConfiguration."""
    function, _ = _find(request)
    lambda_code.check_precondition(request.params.get("RevisionId"), function.latest.revision_id)
    changes = {key: request.params[key] for key in SETTINGS if request.params.get(key) is not None}
    settings = {**copy.deepcopy(function.latest.settings), **changes}
    _check_settings(request, settings)
    with function.lock:
        function.latest.settings = settings
        function.latest.changed()
    POOL.retire(function)
    return function.configuration(function.latest)


def delete_function(request: Request) -> None:
    """DeleteFunction: the whole function, or one published version that no alias names."""
    function, qualifier = _find(request)
    if not qualifier:
        function.deleted = True
        functions(request.account, request.region).by_name.pop(function.name, None)
    elif qualifier == LATEST:
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    else:
        users = [alias.name for alias in function.aliases.values() if alias.version == qualifier]
        if users:
            raise ServiceException(
                "ResourceConflictException",
                f"Unable to delete version because the following aliases reference it: {users}",
            )
        if function.versions.pop(qualifier, None) is None:
            raise not_found(function.arn(qualifier))
    POOL.retire(function)


def list_functions(request: Request) -> Answer:
    """ListFunctions."""
    found = sorted(functions(request.account, request.region).by_name.values(), key=lambda each: each.name)
    answer: list[Answer] = []
    for function in found:
        if request.params.get("FunctionVersion") == "ALL":
            answer += _versions(function)
        else:
            answer.append(function.configuration(function.latest))
    return _page(request, "Functions", answer)


def _page(request: Request, key: str, entries: list[Answer]) -> Answer:
    start = int(request.params.get("Marker") or 0)
    end = start + int(request.params.get("MaxItems") or 50)
    answer: Answer = {key: entries[start:end]}
    if end < len(entries):
        answer["NextMarker"] = str(end)
    return answer


def _versions(function: Function) -> list[Answer]:
    versions = [function.latest, *function.versions.values()]
    return [function.configuration(version, version.number) for version in versions]


def publish_version(request: Request) -> Answer:
    """PublishVersion."""
    function, _ = _find(request)
    lambda_code.check_precondition(request.params.get("RevisionId"), function.latest.revision_id)
    expected = request.params.get("CodeSha256")
    if expected and expected != function.latest.code.sha256:
        raise invalid(f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST.")
    version = function.publish(request.params.get("Description") or "")
    return function.configuration(version, version.number)


def list_versions_by_function(request: Request) -> Answer:
    """ListVersionsByFunction."""
    function, _ = _find(request)
    return _page(request, "Versions", _versions(function))


def _alias_answer(function: Function, alias: Alias) -> Answer:
    answer: Answer = {
        "AliasArn": function.arn(alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    }
    if alias.routing:
        answer["RoutingConfig"] = dict(alias.routing)
    return answer


def _find_alias(request: Request) -> tuple[Function, Alias]:
    function, _ = _find(request)
    name = request.params["Name"]
    if name not in function.aliases:
        raise ServiceException("ResourceNotFoundException", f"Cannot find alias arn: {function.arn(name)}")
    return function, function.aliases[name]


def _check_alias_target(request: Request, function: Function) -> None:
    if (request.params.get("RoutingConfig") or {}).get("AdditionalVersionWeights"):
        raise invalid("localaws does not support weighted aliases.")
    version = request.params.get("FunctionVersion")
    if version and version != LATEST and version not in function.versions:
        raise not_found(function.arn(version))


def create_alias(request: Request) -> Answer:
    """CreateAlias."""
    function, _ = _find(request)
    name = request.params["Name"]
    _check_alias_target(request, function)
    with function.lock:
        if name in function.aliases:
            raise ServiceException("ResourceConflictException", f"Alias already exists: {function.arn(name)}")
        alias = Alias(name, request.params["FunctionVersion"], request.params.get("Description") or "")
        function.aliases[name] = alias
    return _alias_answer(function, alias)


def get_alias(request: Request) -> Answer:
    """GetAlias."""
    return _alias_answer(*_find_alias(request))


def update_alias(request: Request) -> Answer:
    """UpdateAlias."""
    function, alias = _find_alias(request)
    lambda_code.check_precondition(request.params.get("RevisionId"), alias.revision_id)
    _check_alias_target(request, function)
    alias.version = request.params.get("FunctionVersion") or alias.version
    if request.params.get("Description") is not None:
        alias.description = request.params["Description"]
    alias.revision_id = str(uuid.uuid4())
    return _alias_answer(function, alias)


def delete_alias(request: Request) -> None:
    """DeleteAlias: one that is not there is as good as deleted."""
    function, _ = _find(request)
    function.aliases.pop(request.params["Name"], None)
    function.policies.pop(request.params["Name"], None)


def list_aliases(request: Request) -> Answer:
    """ListAliases."""
    function, _ = _find(request)
    wanted = request.params.get("FunctionVersion")
    aliases = [alias for alias in function.aliases.values() if wanted in (None, alias.version)]
    return _page(request, "Aliases", [_alias_answer(function, alias) for alias in aliases])


def _find_policy(request: Request) -> tuple[Function, str, Policy]:
    function, qualifier = _find(request)
    function.resolve(qualifier)
    return function, qualifier, function.policies.get(qualifier) or Policy()


def add_permission(request: Request) -> Answer:
    """AddPermission: to the function, or to one of its versions or aliases."""
    function, qualifier, policy = _find_policy(request)
    if qualifier == LATEST:
        raise invalid("We currently do not support adding policies for $LATEST.")
    lambda_code.check_precondition(request.params.get("RevisionId"), policy.revision_id)
    statement = _statement(request, function.arn(qualifier))
    with function.lock:
        if any(known["Sid"] == statement["Sid"] for known in policy.statements):
            raise ServiceException(
                "ResourceConflictException",
                f"The statement id ({statement['Sid']}) provided already exists. Please provide a new statement "
                "id, or remove the existing statement.",
            )
        policy.statements.append(statement)
        policy.revision_id = str(uuid.uuid4())
        function.policies[qualifier] = policy
    return {"Statement": json.dumps(statement)}


def _statement(request: Request, resource: str) -> Answer:
    parameters = request.params
    principal = parameters["Principal"]
    statement: Answer = {
        "Sid": parameters["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(principal, request.partition),
        "Action": parameters["Action"],
        "Resource": resource,
    }
    equals = {
        "AWS:SourceAccount": parameters.get("SourceAccount"),
        "aws:PrincipalOrgID": parameters.get("PrincipalOrgID"),
    }
    condition: Answer = {}
    if any(equals.values()):
        condition["StringEquals"] = {key: value for key, value in equals.items() if value}
    if parameters.get("SourceArn"):
        condition["ArnLike"] = {"AWS:SourceArn": parameters["SourceArn"]}
    return {**statement, "Condition": condition} if condition else statement


def _principal(principal: str, partition: str) -> Any:
    if principal == "*":
        return "*"
    if principal.endswith(".amazonaws.com"):
        return {"Service": principal}
    account = re.fullmatch(r"\d{12}", principal)
    return {"AWS": f"arn:{partition}:iam::{principal}:root" if account else principal}


def remove_permission(request: Request) -> None:
    """RemovePermission."""
    function, qualifier, policy = _find_policy(request)
    lambda_code.check_precondition(request.params.get("RevisionId"), policy.revision_id)
    kept = [each for each in policy.statements if each["Sid"] != request.params["StatementId"]]
    if len(kept) == len(policy.statements):
        raise ServiceException(
            "ResourceNotFoundException",
            f"Statement {request.params['StatementId']} is not found in resource policy.",
        )
    policy.statements = kept
    policy.revision_id = str(uuid.uuid4())
    if not kept:
        function.policies.pop(qualifier)


def get_policy(request: Request) -> Answer:
    """GetPolicy."""
    _, _, policy = _find_policy(request)
    if not policy.statements:
        raise ServiceException("ResourceNotFoundException", "The resource you requested does not exist.")
    document = {"Version": "2012-10-17", "Id": "default", "Statement": policy.statements}
    return {"Policy": json.dumps(document), "RevisionId": policy.revision_id}


def put_function_concurrency(request: Request) -> Answer:
    """PutFunctionConcurrency."""
    function, _ = _find(request)
    function.concurrency = int(request.params["ReservedConcurrentExecutions"])
    return {"ReservedConcurrentExecutions": function.concurrency}


def get_function_concurrency(request: Request) -> Answer:
    """GetFunctionConcurrency."""
    function, _ = _find(request)
    return {} if function.concurrency is None else {"ReservedConcurrentExecutions": function.concurrency}


def delete_function_concurrency(request: Request) -> None:
    """DeleteFunctionConcurrency."""
    function, _ = _find(request)
    function.concurrency = None


def put_function_event_invoke_config(request: Request) -> Answer:
    """PutFunctionEventInvokeConfig."""
    function, qualifier = _find(request)
    keys = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    config = {key: request.params[key] for key in keys if request.params.get(key) is not None}
    return _store_event_invoke(function, qualifier, config)


def update_function_event_invoke_config(request: Request) -> Answer:
    """UpdateFunctionEventInvokeConfig: what is not given stays."""
    function, qualifier, known = _find_event_invoke(request)
    keys = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    changes = {key: request.params[key] for key in keys if request.params.get(key) is not None}
    return _store_event_invoke(function, qualifier, {**known, **changes})


def _store_event_invoke(function: Function, qualifier: str, config: Answer) -> Answer:
    arn = function.arn(qualifier or LATEST)
    function.event_invoke[qualifier or LATEST] = {
        **config,
        "FunctionArn": arn,
        "LastModified": datetime.now(UTC),
    }
    return function.event_invoke[qualifier or LATEST]


def _find_event_invoke(request: Request) -> tuple[Function, str, Answer]:
    function, qualifier = _find(request)
    config = function.event_invoke.get(qualifier or LATEST)
    if config is None:
        raise ServiceException(
            "ResourceNotFoundException",
            f"The function {function.arn(qualifier or LATEST)} doesn't have an EventInvokeConfig",
        )
    return function, qualifier, config


def get_function_event_invoke_config(request: Request) -> Answer:
    """GetFunctionEventInvokeConfig."""
    return _find_event_invoke(request)[2]


def delete_function_event_invoke_config(request: Request) -> None:
    """DeleteFunctionEventInvokeConfig."""
    function, qualifier, _ = _find_event_invoke(request)
    del function.event_invoke[qualifier or LATEST]


def list_function_event_invoke_configs(request: Request) -> Answer:
    """ListFunctionEventInvokeConfigs."""
    function, _ = _find(request)
    return {"FunctionEventInvokeConfigs": list(function.event_invoke.values())}


def _find_by_arn(request: Request) -> Function:
    return find(request.account, request.region, request.params["Resource"])[0]


def tag_resource(request: Request) -> None:
    """TagResource."""
    _find_by_arn(request).tags.update(request.params["Tags"])


def untag_resource(request: Request) -> None:
    """UntagResource."""
    tags = _find_by_arn(request).tags
    for key in request.params["TagKeys"]:
        tags.pop(key, None)


def list_tags(request: Request) -> Answer:
    """ListTags."""
    return {"Tags": _find_by_arn(request).tags}


def get_function_code_signing_config(request: Request) -> Answer:
    """GetFunctionCodeSigningConfig: no function here has one."""
    return {"FunctionName": _find(request)[0].name}


def get_runtime_management_config(request: Request) -> Answer:
    """GetRuntimeManagementConfig: the runtime is the one localaws runs on."""
    function, qualifier = _find(request)
    return {"UpdateRuntimeOn": "Auto", "FunctionArn": function.arn(qualifier)}


def get_function_recursion_config(request: Request) -> Answer:
    """GetFunctionRecursionConfig: AWS's default."""
    _find(request)
    return {"RecursiveLoop": "Terminate"}


def get_account_settings(request: Request) -> Answer:
    """GetAccountSettings."""
    known = functions(request.account, request.region).by_name.values()
    reserved = sum(function.concurrency or 0 for function in known)
    return {
        "AccountLimit": {
            "TotalCodeSize": 80530636800,
            "CodeSizeUnzipped": 262144000,
            "CodeSizeZipped": 52428800,
            "ConcurrentExecutions": ACCOUNT_CONCURRENCY,
            "UnreservedConcurrentExecutions": ACCOUNT_CONCURRENCY - reserved,
        },
        "AccountUsage": {
            "TotalCodeSize": sum(function.latest.code.size for function in known),
            "FunctionCount": len(known),
        },
    }


def invoke(request: Request, patience: float = ENDLESS) -> Answer:
    """Invoke: now, later or not at all. Raise TimeoutError when the caller's patience ends first."""
    function, qualifier = _find(request)
    version = function.resolve(qualifier)
    payload = _payload(request)
    kind = request.params.get("InvocationType") or "RequestResponse"
    limit = ASYNCHRONOUS_LIMIT if kind == "Event" else SYNCHRONOUS_LIMIT
    if len(payload) > limit:
        raise ServiceException(
            "RequestTooLargeException",
            f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
        )
    if kind == "DryRun":
        return {"StatusCode": 204}
    if kind == "Event":
        call_later(function, qualifier, payload)
        return {"StatusCode": 202}
    wants_tail = request.params.get("LogType") == "Tail"
    context = request.params.get("ClientContext") or ""
    invocation = call(function, qualifier, payload, patience, client_context=context, wants_tail=wants_tail)
    answer: Answer = {"StatusCode": 200, "Payload": invocation.answer, "ExecutedVersion": version.number}
    if invocation.error:
        answer["FunctionError"] = "Unhandled"
    if wants_tail:
        answer["LogResult"] = base64.b64encode(invocation.tail().encode()).decode()
    return answer


def _payload(request: Request) -> bytes:
    payload = request.params.get("Payload") or b"{}"
    body: bytes = payload.encode() if isinstance(payload, str) else payload
    try:
        json.loads(body)
    except ValueError as error:
        raise ServiceException(
            "InvalidRequestContentException", f"Could not parse request body into json: {error}"
        ) from error
    return body


OPERATIONS: dict[str, Operation] = {
    "AddPermission": add_permission,
    "CreateAlias": create_alias,
    "CreateFunction": create_function,
    "DeleteAlias": delete_alias,
    "DeleteFunction": delete_function,
    "DeleteFunctionConcurrency": delete_function_concurrency,
    "DeleteFunctionEventInvokeConfig": delete_function_event_invoke_config,
    "GetAccountSettings": get_account_settings,
    "GetAlias": get_alias,
    "GetFunction": get_function,
    "GetFunctionCodeSigningConfig": get_function_code_signing_config,
    "GetFunctionConcurrency": get_function_concurrency,
    "GetFunctionConfiguration": get_function_configuration,
    "GetFunctionEventInvokeConfig": get_function_event_invoke_config,
    "GetFunctionRecursionConfig": get_function_recursion_config,
    "GetPolicy": get_policy,
    "GetRuntimeManagementConfig": get_runtime_management_config,
    "Invoke": invoke,
    "ListAliases": list_aliases,
    "ListFunctionEventInvokeConfigs": list_function_event_invoke_configs,
    "ListFunctions": list_functions,
    "ListTags": list_tags,
    "ListVersionsByFunction": list_versions_by_function,
    "PublishVersion": publish_version,
    "PutFunctionConcurrency": put_function_concurrency,
    "PutFunctionEventInvokeConfig": put_function_event_invoke_config,
    "RemovePermission": remove_permission,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateAlias": update_alias,
    "UpdateFunctionCode": update_function_code,
    "UpdateFunctionConfiguration": update_function_configuration,
    "UpdateFunctionEventInvokeConfig": update_function_event_invoke_config,
}
