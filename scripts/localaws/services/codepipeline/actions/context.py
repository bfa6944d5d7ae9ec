"""What an action gets to work with: its execution, its resolved configuration, its artifacts and its role."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localaws.pace import minutes
from localaws.runtime import runtime
from localaws.services.codepipeline.artifactstore import ArtifactStore
from localaws.services.codepipeline.executions import ActionRun, Execution
from localaws.services.codepipeline.pipelinefaults import Abandoned, ActionFailed

if TYPE_CHECKING:
    from localaws.services.codepipeline.pipelines import Pipeline

POLL_SECONDS = 0.2
DEFAULT_TIMEOUT_MINUTES = {
    "CodeBuild": 8 * 60,
    "CloudFormation": 3 * 24 * 60,
    "Lambda": 20,
    "Manual": 7 * 24 * 60,
}


@dataclass(frozen=True)
class ActionContext:
    """One action at work.

    Attributes
    ----------
    run
        Its record: inputs and outputs are set; the action fills in what it learns.
    store
        The artifact store, as the action's role reaches it.
    """

    pipeline: Pipeline
    execution: Execution
    run: ActionRun
    store: ArtifactStore
    role_arn: str

    @property
    def region(self) -> str:
        """The pipeline's region."""
        return self.pipeline.region

    @property
    def configuration(self) -> dict[str, str]:
        """The configuration with its variables resolved."""
        return self.run.configuration

    @property
    def timeout_minutes(self) -> int:
        """How long the action may take."""
        provider = self.run.action["actionTypeId"]["provider"]
        return int(self.run.action.get("timeoutInMinutes") or DEFAULT_TIMEOUT_MINUTES.get(provider, 60))

    def client(self, service: str) -> Any:
        """Return a client that acts as the action's role."""
        return runtime().client(service, self.region, self.role_arn)

    def ticks(self) -> Iterator[None]:
        """Yield now and then until the action may not go on: abandoned, or out of time."""
        began = time.monotonic()
        yield
        while not self.execution.abandoned.wait(POLL_SECONDS):
            if time.monotonic() - began > minutes(self.timeout_minutes):
                raise ActionFailed(
                    f"The action did not end within {self.timeout_minutes} minutes", "JobTimedOut"
                )
            yield
        raise Abandoned

    def set_revision(self, revision: str, summary: str, url: str, created: Any) -> None:
        """Note which revision of the source this is."""
        artifact = next(iter(self.run.outputs), "")
        self.run.revision = {
            "artifact": artifact,
            "id": revision,
            "summary": summary,
            "url": url,
            "created": created,
        }
        self.run.external_id, self.run.external_url = revision, url
        self.run.summary = summary
        self.execution.revisions[self.run.name] = self.run.revision
