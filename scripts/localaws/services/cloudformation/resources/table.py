"""A provider from a declaration: which API calls make, change, show and delete a type, and how properties map to them.

Arguments are JMESPath expressions over one document: ``p`` (properties), ``old`` (before), ``id`` (physical id),
``made`` (answer of the create call), ``read`` (answer of the read call), ``item``, ``index`` and ``gone`` (of lists),
``account``, ``region``, ``partition``, ``stack``, ``logical``, ``attributes``, ``token`` (a UUID), ``unique`` (a
generated name). One that finds nothing leaves its argument out.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
import string
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from moto.core.utils import get_service_model

from localaws.services.cloudformation.errors import ResourceFailure
from localaws.services.cloudformation.resources.coercion import fit, member_of
from localaws.services.cloudformation.resources.contract import Job, Made
from localaws.services.cloudformation.schemas import TypeSchema, schema_of

Document = dict[str, Any]
_GONE_MARKS = ("NotFound", "NoSuch", "DoesNotExist", "NonExistent", "Not Found", "404")
_POLL_SECONDS = 0.25
_PROPERTY = re.compile(r"\bp\.(\w+)")


@dataclass(frozen=True)
class Call:
    """One API call.

    Attributes
    ----------
    operation
        boto3's method name.
    arguments
        API parameter -> expression.
    spread
        Whether to pass every other property that the operation has a parameter for.
    tolerate
        Error codes that are no failure.
    into
        Where the answer goes in the document.
    each
        Expression of a list: the call runs once per element (``item``).
    when
        Expression that must hold for the call to be made.
    service
        Another service than the type's own.
    """

    operation: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    spread: bool = False
    tolerate: tuple[str, ...] = ()
    into: str = "made"
    each: str = ""
    when: str = ""
    service: str = ""


@dataclass(frozen=True)
class Aspect:
    """Properties that have calls of their own, made after the resource and again when they change.

    Attributes
    ----------
    properties
        Their names; any of them being there or changing is a reason to call.
    put, remove
        Calls when they have a value, and when they lost it.
    key
        Expression of a list element's key: then ``put`` runs per new or changed element (``item``) and
        ``remove`` per element that is gone.
    change
        With ``key``: what runs instead of ``put`` for an element that was there and has changed.
    whole
        With ``key``: ``put`` runs once with the whole list, ``remove`` once with the keys that went (``gone``).
    on_create
        False when the create call takes these properties already.
    detach
        Whether ``remove`` must run before the resource can be deleted.
    """

    properties: tuple[str, ...]
    put: tuple[Call, ...] = ()
    remove: tuple[Call, ...] = ()
    change: tuple[Call, ...] = ()
    key: str = ""
    whole: bool = False
    on_create: bool = True
    detach: bool = False


TAGS_OF_ARN = Aspect(
    ("Tags",),
    key="Key",
    whole=True,
    put=(Call("tag_resource", {"ResourceArn": "id", "Tags": "p.Tags"}),),
    remove=(Call("untag_resource", {"ResourceArn": "id", "TagKeys": "gone"}),),
    on_create=False,
)
"""Tags, given in the first call too, of what has its ARN as physical id, by the calls that most services have."""


@dataclass(frozen=True)
class Wait:
    """How to tell that a resource is ready: ``status`` and ``reason`` are expressions."""

    status: str
    done: tuple[str | None, ...]
    failed: tuple[str, ...] = ()
    reason: str = "''"


@dataclass(frozen=True)
class Declaration:
    """How one resource type maps to its service's API.

    Attributes
    ----------
    physical_id
        Expression of the id over the document after the create call.
    create, update, before_delete, delete, read
        The calls. ``update`` runs when a property that no aspect covers has changed.
    name, name_limit, lower
        The property that names the resource: generated when missing, at most so long, in lower case.
    attributes
        ``Fn::GetAtt`` name -> expression; ``Ref`` under the key ``Ref`` when it is not the physical id.
    ignored
        Properties accepted without effect here, each with its reason beside it.
    prepare
        Rewrites properties into the API's terms before anything else.
    wait
        After create and update.
    wait_deleted
        Whether delete ends only when the read call finds nothing.
    check
        Returns why properties are refused, empty when they are not.
    """

    type: str
    service: str
    create: tuple[Call, ...]
    physical_id: str
    update: tuple[Call, ...] = ()
    delete: tuple[Call, ...] = ()
    read: Call | None = None
    name: str = ""
    name_limit: int = 64
    lower: bool = False
    aspects: tuple[Aspect, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    prepare: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    wait: Wait | None = None
    wait_deleted: bool = False
    check: Callable[[Mapping[str, Any]], str] = lambda properties: ""


class TableProvider:
    """Makes, changes and deletes resources as their declaration says."""

    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration

    @property
    def schema(self) -> TypeSchema:
        """The type's schema."""
        schema = schema_of(self.declaration.type)
        if schema is None:
            raise LookupError(f"cfn-lint has no schema of {self.declaration.type}")
        return schema

    def problem(self, properties: Mapping[str, Any]) -> str:
        """Return why the resource cannot be made: a property unknown to AWS, missing, or unknown to localaws."""
        misfit = self.schema.misfit(properties)
        if misfit:
            return f"Properties validation failed for resource with message: {misfit}"
        unsupported = sorted(set(properties) - self.supported(properties))
        if unsupported:
            return f"localaws does not support property {unsupported[0]} of {self.declaration.type}"
        return self.declaration.check(properties)

    def attribute_problem(self, attribute: str) -> str:
        """Return why ``Fn::GetAtt`` cannot answer an attribute, in CloudFormation's words where it cannot either."""
        known = {*self.declaration.attributes, self.declaration.name} - {"Ref", ""}
        if attribute in known or attribute.partition(".")[0] in known:
            return ""
        if self.schema.has_attribute(attribute):
            return (
                f"has the attribute {attribute}, which localaws does not support for {self.declaration.type}"
            )
        return f"does not support attribute type {attribute} in Fn::GetAtt"

    def supported(self, properties: Mapping[str, Any]) -> set[str]:
        """Return the properties that some call carries."""
        declared = self.declaration
        known = {name for aspect in declared.aspects for name in aspect.properties} | set(declared.ignored)
        for call in self._all_calls():
            texts = (*call.arguments.values(), call.each, call.when)
            known |= {word for text in texts for word in _words(text)}
            if call.spread:
                shape = _input_shape(declared, call)
                known |= {name for name in properties if shape is not None and member_of(shape, name)}
        return known | {declared.name}

    def replaced_by(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """Return the changed create-only properties; without an update call, whatever no aspect covers."""
        replaced = self.schema.replaced_by(old, new)
        if not replaced and not self.declaration.update:
            covered = {name for aspect in self.declaration.aspects for name in aspect.properties}
            covered |= set(self.declaration.ignored)
            replaced = sorted(
                name for name in {*old, *new} if old.get(name) != new.get(name) and name not in covered
            )
        return replaced

    def create(self, job: Job) -> Made:
        """Make the resource and its aspects, and wait until it is ready."""
        # What a replacement replaces has a name too, which is not the new one's.
        document = self._document(dataclasses.replace(job, attributes={}))
        properties = document["p"]
        declared = self.declaration
        if declared.name and not properties.get(declared.name):
            properties[declared.name] = document["unique"]
        for call in declared.create:
            self._run(job, call, document)
        physical_id = str(jmespath.search(declared.physical_id, document))
        document["id"] = physical_id
        try:
            return self._finish(job, document, creating=True)
        except ResourceFailure as failure:
            raise ResourceFailure(failure.reason, physical_id) from failure

    def update(self, job: Job) -> Made:
        """Make the calls that cover what has changed."""
        document = self._document(job)
        properties, old = document["p"], document["old"]
        covered = {name for aspect in self.declaration.aspects for name in aspect.properties}
        changed = {name for name in {*old, *properties} if old.get(name) != properties.get(name)}
        if changed - covered - {self.declaration.name}:
            for call in self.declaration.update:
                self._run(job, call, document)
        return self._finish(job, document, creating=False)

    def delete(self, job: Job) -> None:
        """Delete the resource."""
        document = self._document(job)
        for call, extra in self._detaching(document):
            self._run(job, call, document | extra, gone_is_fine=True)
        for call in self.declaration.delete:
            self._run(job, call, document, gone_is_fine=True)
        while self.declaration.wait_deleted and self._read(job, document, gone_is_fine=True):
            job.pause(_POLL_SECONDS)

    def _detaching(self, document: Document) -> Iterator[tuple[Call, Document]]:
        parting = {"p": {}, "old": document["p"]}
        for aspect in self.declaration.aspects:
            if aspect.detach:
                yield from _aspect_calls(aspect, parting)

    def _finish(self, job: Job, document: Document, creating: bool) -> Made:
        self._look(job, document)
        for aspect in self.declaration.aspects:
            if aspect.on_create or not creating:
                for call, extra in _aspect_calls(aspect, document):
                    document.update(extra)
                    self._run(job, call, document)
        self._await(job, document)
        self._look(job, document)
        return Made(document["id"], document["attributes"])

    def _look(self, job: Job, document: Document) -> None:
        if self.declaration.read is not None:
            document["read"] = self._read(job, document)
        document["attributes"] = {
            name: jmespath.search(expression, document)
            for name, expression in self.declaration.attributes.items()
        }
        if self.declaration.name:
            document["attributes"][self.declaration.name] = document["p"][self.declaration.name]

    def _read(self, job: Job, document: Document, gone_is_fine: bool = False) -> Any:
        if self.declaration.read is None:
            return None
        return self._call(job, self.declaration.read, document, gone_is_fine=gone_is_fine)

    def _await(self, job: Job, document: Document) -> None:
        wait = self.declaration.wait
        if wait is None:
            return
        while True:
            document["read"] = self._read(job, document)
            status = jmespath.search(wait.status, document)
            if status in wait.done:
                return
            if status in wait.failed:
                raise ResourceFailure(
                    f"Resource of type '{job.type}' with identifier '{document['id']}' did not stabilize: "
                    f"{jmespath.search(wait.reason, document) or status}",
                    document["id"],
                )
            job.pause(_POLL_SECONDS)

    def _run(self, job: Job, call: Call, document: Document, gone_is_fine: bool = False) -> None:
        if call.when and not jmespath.search(call.when, document):
            return
        if not call.each:
            document[call.into] = self._call(job, call, document, gone_is_fine)
            return
        for index, item in enumerate(jmespath.search(call.each, document) or ()):
            self._call(job, call, document | {"item": item, "index": index}, gone_is_fine)

    def _call(self, job: Job, call: Call, document: Document, gone_is_fine: bool = False) -> Any:
        client = job.client(call.service or self.declaration.service)
        arguments = self._arguments(client, call, document)
        try:
            answer = getattr(client, call.operation)(**arguments)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in call.tolerate or (gone_is_fine and is_gone(error)):
                return None
            raise ResourceFailure(_reason(error, self.declaration.service, code)) from error
        except BotoCoreError as error:
            raise ResourceFailure(f"Properties validation failed: {error}") from error
        answer.pop("ResponseMetadata", None)
        return answer or {"done": True}

    def _arguments(self, client: Any, call: Call, document: Document) -> dict[str, Any]:
        operation = client.meta.method_to_api_mapping[call.operation]
        shape = client.meta.service_model.operation_model(operation).input_shape
        wanted: Document = {}
        if call.spread:
            reserved = {
                name for aspect in self.declaration.aspects if aspect.on_create for name in aspect.properties
            }
            reserved |= set(self.declaration.ignored)
            for name, value in document["p"].items():
                member = member_of(shape, name)
                if member and member not in call.arguments and name not in reserved:
                    wanted[member] = value
        for name, expression in call.arguments.items():
            value = jmespath.search(expression, document)
            if value is not None:
                wanted[name] = value
        return {
            name: fit(shape.members[name], value, name)
            for name, value in wanted.items()
            if name in shape.members
        }

    def _document(self, job: Job) -> Document:
        declared = self.declaration
        properties, old = dict(declared.prepare(job.properties)), dict(declared.prepare(job.old))
        if declared.name and job.attributes.get(declared.name):
            properties.setdefault(declared.name, job.attributes[declared.name])
            old.setdefault(declared.name, job.attributes[declared.name])
        return {
            "p": properties,
            "old": old if job.old else {},
            "id": job.physical_id,
            "account": job.account,
            "region": job.region,
            "partition": job.partition,
            "stack": job.stack_name,
            "logical": job.logical_id,
            "token": str(uuid.uuid4()),
            "unique": generated_name(job, declared.name_limit, declared.lower),
            "attributes": dict(job.attributes),
        }

    def _all_calls(self) -> Iterator[Call]:
        yield from self.declaration.create
        yield from self.declaration.update
        yield from self.declaration.delete
        for aspect in self.declaration.aspects:
            yield from (*aspect.put, *aspect.change, *aspect.remove)


def is_gone(error: ClientError) -> bool:
    """Tell whether an API error says that the thing does not exist."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    message = str(error.response.get("Error", {}).get("Message", ""))
    return any(mark in code for mark in _GONE_MARKS) or "Could not find" in message


def generated_name(job: Job, limit: int, lower: bool = False) -> str:
    """Return ``<stack>-<logical id>-<random>`` within ``limit`` characters."""
    tail = "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(12))
    stem = f"{job.stack_name}-{job.logical_id}"
    if len(stem) + 13 > limit:
        half = (limit - 14) // 2
        stem = f"{job.stack_name[:half].rstrip('-')}-{job.logical_id[:half]}"
    name = f"{stem}-{tail}"
    return name.lower() if lower else name


def _aspect_calls(aspect: Aspect, document: Document) -> Iterator[tuple[Call, Document]]:
    new, old = document["p"], document["old"]
    if all(new.get(name) == old.get(name) for name in aspect.properties):
        return
    if aspect.key:
        yield from _element_calls(aspect, new, old)
    elif any(new.get(name) is not None for name in aspect.properties):
        yield from ((call, {}) for call in aspect.put)
    else:
        yield from ((call, {}) for call in aspect.remove)


def _element_calls(
    aspect: Aspect, new: Mapping[str, Any], old: Mapping[str, Any]
) -> Iterator[tuple[Call, Document]]:
    (name,) = aspect.properties
    before, after = _by_key(aspect.key, old.get(name)), _by_key(aspect.key, new.get(name))
    gone = [key for key in before if key not in after]
    # What is new comes first: some services refuse to lose their last element.
    if aspect.whole:
        if after:
            yield from ((call, {}) for call in aspect.put)
        if gone:
            yield from ((call, {"gone": gone}) for call in aspect.remove)
        return
    for key, item in after.items():
        if before.get(key) != item:
            calls = aspect.change if key in before and aspect.change else aspect.put
            yield from ((call, {"item": item}) for call in calls)
    for key in gone:
        yield from ((call, {"item": before[key]}) for call in aspect.remove)


def _by_key(expression: str, items: Any) -> dict[str, Any]:
    if isinstance(items, Mapping):
        return {str(key): {"Key": key, "Value": value} for key, value in items.items()}
    return {str(jmespath.search(expression, item)): item for item in items or ()}


def _words(expression: str) -> list[str]:
    return _PROPERTY.findall(expression)


def _input_shape(declared: Declaration, call: Call) -> Any:
    model = get_service_model(call.service or declared.service)
    for operation in model.operation_names:
        if xform_name(operation) == call.operation:
            return model.operation_model(operation).input_shape
    raise LookupError(f"{declared.service} has no operation {call.operation}")


def _reason(error: ClientError, service: str, code: str) -> str:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    message = error.response.get("Error", {}).get("Message", "")
    return (
        f'Resource handler returned message: "{message} (Service: {service}, Status Code: {status})" '
        f"(HandlerErrorCode: {code})"
    )
