"""A project request comes in; the project is created, updated or deleted, and its `Outcome` goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from terraform_runner import stage_accounts
from terraform_runner.cloudformation_reply import Outcome
from terraform_runner.git_seeding import SeedWaits
from terraform_runner.inventory import Inventory
from terraform_runner.naming import REPOSITORIES, ProjectNames
from terraform_runner.project_record import ProjectStore
from terraform_runner.project_request import ProjectRequest, TemplateReference
from terraform_runner.runner_errors import UserError
from terraform_runner.runner_settings import RunnerSettings
from terraform_runner.source_repositories import SourceRepositories, repositories_of
from terraform_runner.teardown import tear_down
from terraform_runner.template_bundle import TemplateBundle, fetch_bundle
from terraform_runner.terraform_install import install
from terraform_runner.terraform_stack import TerraformStack
from terraform_runner.way_back import way_back

if TYPE_CHECKING:
    import boto3

_REPOSITORIES_MODULE = "module.repositories"
# What holds a project's data; left alone when the data is to be kept.
_BUCKET_TYPE = "aws_s3_bucket"


@dataclass(frozen=True)
class Lifecycle:
    """Carries one request out.

    Parameters
    ----------
    settings, request
        What is to be done, and where.
    session
        Makes every AWS client.
    say
        Takes each line for the log.
    """

    settings: RunnerSettings
    request: ProjectRequest
    session: boto3.Session
    say: Callable[[str], None]

    def run(self) -> Outcome:
        """Carry the request out; failures are raised."""
        store = self._store()
        previous = store.previous_build()
        if not store.take_over(self.request, self.settings.codebuild_build_id, self.settings.stage_roles()):
            return Outcome(True, "The project belongs to another stack; nothing of this one was made.")
        if self.request.request_type == "Delete":
            return self._delete(store, previous)
        bundle = self._bundle(self.request.resource_properties)
        bundle.check_variant(self._variant)
        host, unreachable = self._host(store)
        stack = self._stack(bundle, store, previous, {"repository_host": host} if host else {})
        if self.request.request_type == "Update":
            return self._update(stack, bundle, store, unreachable)
        return self._create(stack, bundle, store)

    def _create(self, stack: TerraformStack, bundle: TemplateBundle, store: ProjectStore) -> Outcome:
        # A pipeline starts itself when it is made: seeded first, its first run has something to run.
        stack.apply(target=_REPOSITORIES_MODULE)
        self._seed(bundle)
        stack.apply()
        store.remember_applied(self.request.resource_properties)
        return Outcome(True, "The project is ready.", stack.outputs())

    def _update(
        self, stack: TerraformStack, bundle: TemplateBundle, store: ProjectStore, unreachable: str
    ) -> Outcome:
        old = self.request.old_resource_properties
        if old and (old.project_name, old.project_id) != (self._names.project_name, self._names.project_id):
            raise UserError("A project's name and id cannot be changed: create a new project instead.")
        self._move_back(stack, store)
        # All at once: Terraform refuses a target while anything beside it is elsewhere in the state than here.
        # The repositories are seeded since creation; one that somebody deleted is made and seeded again.
        stack.apply(planned=store.remember_moves)
        if unreachable:
            # The template is not noted as applied: the next update offers what has changed in it, too.
            store.remember_moves({})
            reason = f"The project is up to date, but for its repositories: {unreachable}"
            return Outcome(True, reason, stack.outputs())
        self._seed(bundle)
        # What was applied last, not what CloudFormation calls old: when it rolls a failed update back, that is the
        # version that was never reached, and nothing of it is to be taken back.
        offered = self._offer(store.applied(), bundle)
        store.remember_applied(self.request.resource_properties)
        return Outcome(True, f"The project is up to date. {offered}".rstrip(), stack.outputs())

    def _delete(self, store: ProjectStore, previous: str) -> Outcome:
        keep_data = self.request.resource_properties.keep_data_on_delete
        inventory = Inventory(self.session, self._names)
        others = stage_accounts.sessions(self.session, store.stage_roles().values(), self._names.project_id)
        stage_inventories = [Inventory(other, self._names) for other in others]
        tear_down(self.session, self._names, inventory, keep_data, self.say, stage_inventories)
        # Without a state there is nothing to destroy, and what kept a create from getting as far as a state (a
        # bundle that was changed, a provider that could not be had) must not keep its rollback from succeeding.
        if store.has_state():
            stack = self._stack(self._bundle(self.request.resource_properties), store, previous)
            if keep_data:
                stack.forget([address for address in stack.addresses() if _holds_data(address)])
            stack.destroy()
        for swept in (inventory.sweep(keep_data), *(each.sweep_stages() for each in stage_inventories)):
            for orphan in swept:
                self.say(f"deleted {orphan}, which Terraform did not know")
        store.archive(datetime.now(UTC))
        return Outcome(True, f"The project is deleted. {self._repositories.farewell()}".rstrip())

    def _move_back(self, stack: TerraformStack, store: ProjectStore) -> None:
        """Undo what an update that failed has moved in the state: the template of before knows no way back."""
        moves = store.unfinished_moves()
        if not moves:
            return
        for source, destination in way_back(moves, stack.addresses()):
            self.say(f"an update that failed had moved {destination} to {source}: moving it back")
            stack.move(source, destination)
        store.remember_moves({})

    def _host(self, store: ProjectStore) -> tuple[str, str]:
        """Return where people clone from, if Terraform cannot tell, and why nobody can just now, if so.

        A connection that broke later must not keep a project from being updated, nor an update from being rolled back.
        """
        try:
            return self._repositories.host(), ""
        except UserError as error:
            properties = self.request.resource_properties
            url = store.output("model_build_clone_url")
            if (
                self.request.request_type == "Create"
                or not url
                or store.has_another_connection(properties.connection_arn)
            ):
                raise
            return url.removesuffix(f"/{properties.build_repository_id}.git"), str(error)

    def _seed(self, bundle: TemplateBundle) -> None:
        waiting = []
        repositories = self._repositories
        for kind in REPOSITORIES:
            try:
                if repositories.seed(kind, bundle.seed(kind, self._variant), bundle.version):
                    self.say(f"seeded {repositories.name(kind)}")
            except SeedWaits as error:
                # Both are told of at once: somebody has to merge both.
                waiting.append(str(error))
        if waiting:
            raise UserError(" ".join(waiting))

    def _offer(self, applied: TemplateReference | None, bundle: TemplateBundle) -> str:
        """Offer what changed since the ``applied`` template; return what a lead is told of it."""
        if applied is None or applied.template_version == bundle.version:
            return ""
        try:
            before = self._bundle(applied)
        except UserError as error:
            # The project itself is up to date; a bundle that somebody removed must not undo that.
            return f"What changed in the seed files is unknown: {error}"
        repositories = self._repositories
        offered = []
        for kind in REPOSITORIES:
            old, new = before.seed(kind, self._variant), bundle.seed(kind, self._variant)
            branch = repositories.offer(kind, old, new, bundle.version)
            if branch:
                offered.append(f"branch {branch} of {repositories.name(kind)}")
        return f"Seed files that changed wait on {' and '.join(offered)}." if offered else ""

    @property
    def _names(self) -> ProjectNames:
        properties = self.request.resource_properties
        return ProjectNames(properties.project_name, properties.project_id)

    @property
    def _variant(self) -> str:
        return self.request.resource_properties.project_variant

    @cached_property
    def _repositories(self) -> SourceRepositories:
        folder = self.settings.work_dir / "repositories"
        return repositories_of(self.session, self._names, self.request.resource_properties, folder)

    def _store(self) -> ProjectStore:
        return ProjectStore(
            self.session.client("s3"),
            self.session.client("codebuild"),
            self.settings.state_bucket,
            self._names,
        )

    def _bundle(self, reference: TemplateReference) -> TemplateBundle:
        s3 = self.session.client("s3")
        return fetch_bundle(s3, self.settings.artifact_bucket, reference, self.settings.work_dir / "bundles")

    def _stack(
        self,
        bundle: TemplateBundle,
        store: ProjectStore,
        previous: str,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> TerraformStack:
        """Return the stack with ``more`` variables, ready to be changed.

        A lock that the ``previous`` build died with is taken away.
        """
        program = install(self.settings, self.session.client("s3"), self.settings.work_dir / "terraform")
        backend = {
            "bucket": self.settings.state_bucket,
            "key": self._names.state_key,
            "region": self.settings.aws_region,
            "kms_key_id": self.settings.kms_key_arn,
            "encrypt": "true",
            "use_lockfile": "true",
        }
        stack = TerraformStack(program, bundle.terraform_dir, backend, self.say)
        stack.init(
            self.request.resource_properties.terraform_variables()
            | self.settings.platform_variables()
            | store.stage_roles()
            | dict(more)
        )
        if lock := store.stale_lock(previous):
            self.say(f"taking away the lock {lock} of the dead build {previous}")
            stack.unlock(lock)
        return stack


def _holds_data(address: str) -> bool:
    resource = address.split(".")[-2] if "." in address else address
    return resource == _BUCKET_TYPE or resource.startswith(f"{_BUCKET_TYPE}_")
