"""Carries out stack operations in the background: create, update with rollback, delete."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from localaws.runtime import runtime
from localaws.services.cloudformation.dynamic_references import filled, look_up
from localaws.services.cloudformation.errors import ResourceFailure, ValidationError
from localaws.services.cloudformation.evaluation import Evaluation
from localaws.services.cloudformation.graph import reverse, run_graph
from localaws.services.cloudformation.intrinsics import normalised
from localaws.services.cloudformation.model import Input, Stack, StackResource, StackStore, now
from localaws.services.cloudformation.plan import changed_names
from localaws.services.cloudformation.resources.contract import Job, Provider
from localaws.services.cloudformation.resources.registry import provider_of, unsupported
from localaws.services.cloudformation.template import ResourceDefinition


class Executor:
    """Runs one operation on one stack.

    Parameters
    ----------
    store
        The stacks of the account and region, for exports.
    stack
        The stack.
    """

    def __init__(self, store: StackStore, stack: Stack) -> None:
        self._store = store
        self._stack = stack
        self._cancelled = threading.Event()
        # Physical resources that the operation left behind, deleted in its clean-up.
        self._replaced: list[StackResource] = []
        self._imported: set[str] = set()

    def create(self, wanted: Input) -> None:
        """Make the stack's resources; on failure do as the stack's ``OnFailure`` says."""
        stack = self._stack
        stack.input = wanted
        self._cancelled = stack.abandoned
        timer = self._timer()
        evaluation = self._evaluation(wanted)
        failures = run_graph(
            evaluation.depends(), lambda name: self._create(evaluation, name), self._cancelled
        )
        reason = self._outputs_failure(evaluation) if not failures else _reason(failures, "create")
        if timer:
            timer.cancel()
        if stack.status == "DELETE_IN_PROGRESS":
            return
        if not reason:
            stack.set_status("CREATE_COMPLETE")
        elif stack.on_failure == "DO_NOTHING":
            stack.set_status("CREATE_FAILED", reason)
        elif stack.on_failure == "DELETE":
            self.delete(reason=f"{reason} Delete requested by user.", rolling_back=True)
        else:
            stack.set_status("ROLLBACK_IN_PROGRESS", f"{reason} Rollback requested by user.")
            self._cancelled = threading.Event()
            failed = self._delete_all(stack.resources, rolling_back=True)
            stack.set_status("ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE", _reason(failed, "delete"))

    def update(self, wanted: Input, disable_rollback: bool = False) -> None:
        """Turn the stack into ``wanted``; on failure turn it back."""
        stack = self._stack
        before = copy.deepcopy(stack.resources)
        evaluation = self._evaluation(wanted)
        failures = run_graph(
            evaluation.depends(), lambda name: self._settle(evaluation, name), self._cancelled
        )
        reason = self._outputs_failure(evaluation) if not failures else _reason(failures, "update")
        if not reason:
            stack.input, stack.imports = wanted, self._imported
            stack.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            self._clean_up(evaluation)
            stack.set_status("UPDATE_COMPLETE")
        elif disable_rollback:
            stack.set_status("UPDATE_FAILED", reason)
        else:
            stack.set_status("UPDATE_ROLLBACK_IN_PROGRESS", reason)
            self.roll_back(before)

    def roll_back(self, before: dict[str, StackResource], skipped: Iterable[str] = ()) -> None:
        """Bring every resource back to ``before``, then delete what the update had made."""
        stack = self._stack
        self._cancelled = threading.Event()
        failures: dict[str, ResourceFailure] = {}
        graph = {name: resource.depends_on for name, resource in before.items()}
        failures = run_graph(graph, lambda name: self._restore(before[name], name in set(skipped)))
        if failures:
            stack.rollback_to = before
            stack.set_status("UPDATE_ROLLBACK_FAILED", _reason(failures, "update"))
            return
        stack.rollback_to = None
        stack.set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        made = {name: resource for name, resource in stack.resources.items() if name not in before}
        self._delete_all(made, rolling_back=True)
        for name in made:
            stack.resources.pop(name, None)
        self._delete_replaced()
        stack.set_status("UPDATE_ROLLBACK_COMPLETE")

    def delete(self, retained: Iterable[str] = (), reason: str = "", rolling_back: bool = False) -> None:
        """Delete the stack's resources, except ``retained`` and those whose policy says so."""
        stack = self._stack
        if stack.status != "DELETE_IN_PROGRESS":
            stack.set_status("DELETE_IN_PROGRESS", reason)
        self._cancelled = threading.Event()
        used = self._exports_in_use()
        failures = {"": ResourceFailure(used)} if used else {}
        if not used:
            failures = self._delete_all(stack.resources, rolling_back, set(retained))
        if failures:
            stack.set_status("DELETE_FAILED", used or _reason(failures, "delete"))
        else:
            stack.outputs = []
            stack.deleted = now()
            stack.set_status("DELETE_COMPLETE")

    def _create(self, evaluation: Evaluation, name: str) -> None:
        definition = evaluation.active[name]
        resource = _fresh(definition, evaluation.depends()[name])
        with self._stack.lock:
            self._stack.resources[name] = resource
        self._stack.set_resource_status(resource, "CREATE_IN_PROGRESS")
        self._guard(
            resource, "CREATE_FAILED", lambda: self._make(resource, evaluation.properties(definition))
        )
        self._stack.set_resource_status(resource, "CREATE_COMPLETE")

    def _make(self, resource: StackResource, properties: dict[str, Any]) -> None:
        provider = _provider(resource.type)
        resource.properties = properties
        problem = provider.problem(properties)
        if problem:
            raise ResourceFailure(problem)
        self._look_up(resource, properties)
        made = provider.create(self._job(resource, properties, {}))
        resource.physical_id, resource.attributes = made.physical_id, dict(made.attributes)
        self._stack.set_resource_status(resource, "CREATE_IN_PROGRESS", "Resource creation Initiated")

    def _settle(self, evaluation: Evaluation, name: str) -> None:
        """Make, change, replace or leave one resource of an update."""
        current = self._stack.resources.get(name)
        definition = evaluation.active[name]
        if current is None or not current.physical_id:
            self._create(evaluation, name)
            return
        properties = evaluation.properties(definition)
        wanted = _fresh(definition, evaluation.depends()[name])
        changed = changed_names(current.properties, properties)
        if changed or current.type != definition.type:
            self._change(current, wanted, properties)
        current.depends_on, current.metadata = wanted.depends_on, wanted.metadata
        current.deletion_policy = wanted.deletion_policy
        current.update_replace_policy = wanted.update_replace_policy

    def _change(self, current: StackResource, wanted: StackResource, properties: dict[str, Any]) -> None:
        provider = _provider(wanted.type)
        other_type = current.type != wanted.type
        replacing = other_type or bool(
            provider.replaced_by(normalised(current.properties), normalised(properties))
        )
        reason = "Requested update requires the creation of a new physical resource; hence creating one."
        self._stack.set_resource_status(current, "UPDATE_IN_PROGRESS", reason if replacing else "")
        before = copy.copy(current)

        def work() -> None:
            problem = provider.problem(properties)
            if problem:
                raise ResourceFailure(problem)
            self._look_up(current, properties)
            if replacing:
                current.type = wanted.type
                made = provider.create(self._job(current, properties, {}, physical_id=""))
            else:
                # Known before the call: a rollback must start from whatever the call has half done.
                current.properties = properties
                made = provider.update(self._job(current, properties, _known(before)))
            current.physical_id, current.attributes = made.physical_id, dict(made.attributes)
            current.properties = properties

        self._guard(current, "UPDATE_FAILED", work, before)
        if current.physical_id != before.physical_id:
            self._replaced.append(before)
        self._stack.set_resource_status(current, "UPDATE_COMPLETE")

    def _guard(
        self,
        resource: StackResource,
        failed: str,
        work: Callable[[], None],
        before: StackResource | None = None,
    ) -> None:
        try:
            work()
        except ResourceFailure as failure:
            if before is None:
                resource.physical_id = failure.physical_id
            else:
                self._keep_half_made(resource, before, failure)
            self._stack.set_resource_status(resource, failed, failure.reason)
            raise

    def _keep_half_made(
        self, resource: StackResource, before: StackResource, failure: ResourceFailure
    ) -> None:
        """Remember a replacement that failed half-way, so that clean-up deletes it."""
        resource.type = before.type
        if failure.physical_id and failure.physical_id != before.physical_id:
            self._replaced.append(
                replace(before, physical_id=failure.physical_id, update_replace_policy="Delete")
            )

    def _restore(self, before: StackResource, skip: bool) -> None:
        """Bring one resource back to what it was before the update."""
        stack = self._stack
        current = stack.resources[before.logical_id]
        current.depends_on = before.depends_on
        current.deletion_policy = before.deletion_policy
        current.update_replace_policy = before.update_replace_policy
        if current.updated == before.updated:
            return
        if skip:
            stack.set_resource_status(
                current, "UPDATE_COMPLETE", "Resource skipped by ContinueUpdateRollback"
            )
            return
        stack.set_resource_status(current, "UPDATE_IN_PROGRESS")
        if current.physical_id != before.physical_id and not _keeps_identity(before.type):
            self._replaced = [item for item in self._replaced if item.physical_id != before.physical_id]
            self._replaced.append(replace(current, update_replace_policy="Delete"))
            stack.resources[before.logical_id] = current = copy.copy(before)
        else:
            self._update_back(current, before)
        stack.set_resource_status(current, "UPDATE_COMPLETE")

    def _update_back(self, current: StackResource, before: StackResource) -> None:
        def work() -> None:
            old, current.looked_up = _known(current), before.looked_up
            job = self._job(current, before.properties, old)
            made = _provider(before.type).update(job)
            current.physical_id, current.attributes = made.physical_id, dict(made.attributes)
            current.properties = before.properties

        left_behind = current.physical_id
        self._guard(current, "UPDATE_FAILED", work, before)
        self._replaced = [item for item in self._replaced if item.physical_id != current.physical_id]
        if current.physical_id != left_behind:
            self._replaced.append(replace(before, physical_id=left_behind, update_replace_policy="Delete"))

    def _clean_up(self, evaluation: Evaluation) -> None:
        """Delete what the update replaced and what the template no longer has; failures are only recorded."""
        removed = {
            name: resource
            for name, resource in self._stack.resources.items()
            if name not in evaluation.active
        }
        self._delete_replaced()
        self._delete_all(removed, rolling_back=False)
        for name in removed:
            self._stack.resources.pop(name, None)

    def _delete_replaced(self) -> None:
        for resource in reversed(self._replaced):
            if resource.update_replace_policy != "Retain":
                self._attempt_delete(replace(resource, deletion_policy="Delete"), rolling_back=False)
        self._replaced = []

    def _attempt_delete(self, resource: StackResource, rolling_back: bool) -> None:
        try:
            self._delete(resource, rolling_back)
        except ResourceFailure:
            # Recorded as the resource's status; AWS leaves such a resource behind too.
            return

    def _delete_all(
        self, resources: Mapping[str, StackResource], rolling_back: bool, retained: set[str] | None = None
    ) -> dict[str, ResourceFailure]:
        graph = reverse({name: resource.depends_on for name, resource in resources.items()})

        def work(name: str) -> None:
            resource = resources[name]
            if name in (retained or ()):
                self._stack.set_resource_status(resource, "DELETE_SKIPPED")
            else:
                self._delete(resource, rolling_back)

        return run_graph(graph, work)

    def _delete(self, resource: StackResource, rolling_back: bool) -> None:
        stack = self._stack
        if resource.status == "DELETE_COMPLETE":
            return
        kept = resource.deletion_policy == "Retain" or (
            resource.deletion_policy == "RetainExceptOnCreate" and not rolling_back
        )
        if kept and resource.physical_id:
            stack.set_resource_status(resource, "DELETE_SKIPPED")
            return
        if resource.physical_id:
            stack.set_resource_status(resource, "DELETE_IN_PROGRESS")
            try:
                _provider(resource.type).delete(self._job(resource, resource.properties, {}))
            except ResourceFailure as failure:
                stack.set_resource_status(resource, "DELETE_FAILED", failure.reason)
                raise
        stack.set_resource_status(resource, "DELETE_COMPLETE")

    def _look_up(self, resource: StackResource, properties: Mapping[str, Any]) -> None:
        """Find what the properties refer to dynamically; only what is made or changed asks anew, as on AWS."""
        stack = self._stack

        def client(service: str) -> Any:
            return runtime().client(service, stack.region, stack.acting_role, stack.account)

        resource.looked_up = {**resource.looked_up, **look_up(properties, resource.type, client)}

    def _job(
        self,
        resource: StackResource,
        properties: Mapping[str, Any],
        old: Mapping[str, Any],
        physical_id: str | None = None,
    ) -> Job:
        stack = self._stack
        return Job(
            stack_id=stack.id,
            stack_name=stack.name,
            logical_id=resource.logical_id,
            type=resource.type,
            account=stack.account,
            region=stack.region,
            partition=stack.partition,
            role_arn=stack.acting_role,
            properties=filled(copy.deepcopy(dict(properties)), resource.looked_up),
            old=copy.deepcopy(dict(old)),
            physical_id=resource.physical_id if physical_id is None else physical_id,
            attributes=resource.attributes,
            cancelled=self._cancelled,
        )

    def _evaluation(self, wanted: Input) -> Evaluation:
        return Evaluation(self._stack, wanted, self._stack.resources, self._import)

    def _import(self, name: str) -> str:
        value = import_value(self._store, name)
        self._stack.imports.add(name)
        self._imported.add(name)
        return value

    def _outputs_failure(self, evaluation: Evaluation) -> str:
        """Set the stack's outputs; return why that cannot be done."""
        try:
            outputs = evaluation.outputs()
        except ValidationError as error:
            return error.message
        taken = self._store.exports()
        for output in outputs:
            owner = taken.get(output.get("ExportName", ""))
            if owner and owner[1] is not self._stack:
                return (
                    f"Export with name {output['ExportName']} is already exported by stack {owner[1].name}."
                )
        if used := self._exports_in_use(outputs):
            return used
        self._stack.outputs = outputs
        return ""

    def _exports_in_use(self, outputs: Iterable[Mapping[str, str]] = ()) -> str:
        """Return why the stack's exports cannot become those of ``outputs``: others import what goes or changes."""
        before, after = _exported(self._stack.outputs), _exported(outputs)
        changed = {name for name, value in before.items() if after.get(name) != value}
        for other in list(self._store.stacks.values()):
            shared = sorted(changed & other.imports) if other.status != "DELETE_COMPLETE" else []
            if shared and other is not self._stack:
                verb = "updated" if shared[0] in after else "deleted"
                return f"Export {shared[0]} cannot be {verb} as it is in use by {other.name}"
        return ""

    def _timer(self) -> threading.Timer | None:
        if not self._stack.timeout_minutes:
            return None
        timer = threading.Timer(self._stack.timeout_minutes * 60, self._cancelled.set)
        timer.daemon = True
        timer.start()
        return timer


def start(stack: Stack, name: str, work: Callable[[], None]) -> None:
    """Run an operation in the background; a defect of ours ends it in a failed status rather than in none."""

    def run() -> None:
        try:
            with stack.operation:
                work()
        except BaseException as error:
            stack.set_status(_FAILED_BY_DEFECT[name], f"Internal Failure: {type(error).__name__}: {error}")
            raise

    runtime().spawn(f"cloudformation {name} {stack.name}", run)


_FAILED_BY_DEFECT = {
    "create": "CREATE_FAILED",
    "update": "UPDATE_FAILED",
    "rollback": "UPDATE_ROLLBACK_FAILED",
    "delete": "DELETE_FAILED",
}


def import_value(store: StackStore, name: str) -> str:
    """Return the value of an export."""
    exports = store.exports()
    if name not in exports:
        raise ValidationError(f"No export named {name} found.")
    return exports[name][0]


def _exported(outputs: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {output["ExportName"]: output["OutputValue"] for output in outputs if "ExportName" in output}


def _known(resource: StackResource) -> Any:
    """Return a resource's properties as it was made or changed with them."""
    return filled(resource.properties, resource.looked_up)


def _fresh(definition: ResourceDefinition, depends_on: set[str]) -> StackResource:
    return StackResource(
        logical_id=definition.logical_id,
        type=definition.type,
        depends_on=depends_on,
        deletion_policy=definition.deletion_policy,
        update_replace_policy=definition.update_replace_policy,
        metadata=definition.metadata,
    )


def _provider(resource_type: str) -> Provider:
    provider = provider_of(resource_type)
    if provider is None:
        raise ResourceFailure(unsupported(resource_type))
    return provider


def _keeps_identity(resource_type: str) -> bool:
    # A custom resource is told to update back even when its update gave it another id.
    return resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource"


def _reason(failures: Mapping[str, ResourceFailure], verb: str) -> str:
    if not failures:
        return ""
    return f"The following resource(s) failed to {verb}: [{', '.join(sorted(failures))}]."
