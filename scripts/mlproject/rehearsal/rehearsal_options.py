"""What a user wants to rehearse comes in; what does not go together is refused before anything starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mlproject.errors import UserError
from mlproject.platform_parameters import Place
from mlproject.rehearsal import other_accounts, pipeline_examples, stage_modes, variants
from mlproject.rehearsal.engines import Engine
from mlproject.rehearsal.local import Iam, Network
from mlproject.rehearsal.team_repositories import Source


@dataclass(frozen=True)
class RehearsalOptions:
    """What kind of life is rehearsed.

    Attributes
    ----------
    data
        The user's own data; None for what the template makes up.
    keep
        Leave the project and the local AWS up, and tell how to reach them, instead of deleting the project.
    iam
        Let everybody act in a role of their own, and deny or write down what its policies do not allow.
    engine
        What shall run builds, jobs, functions and endpoints.
    pipeline
        The example to run after the first training, in place of approving and deploying the model.
    variant
        What the project begins as.
    place
        Where the template is published; a project of a template in S3 is updated, too.
    mode
        How the stages answer.
    network
        Where builds and jobs are: in one without internet, packages come from the platform.
    accounts
        How many there are: with three, staging and production are in accounts of their own, with two in one.
    source
        Where the repositories are; to the team's own somebody pushes a change, too.
    """

    data: Path | None = None
    keep: bool = False
    iam: Iam = Iam.OFF
    engine: Engine = Engine.AUTO
    pipeline: str = pipeline_examples.DEFAULT
    variant: str = variants.DEFAULT
    place: Place = Place.CATALOG
    mode: str = stage_modes.DEFAULT
    network: Network = Network.OPEN
    accounts: int = 1
    source: Source = Source.CODECOMMIT

    def check(self) -> None:
        """Raise `UserError` for what there is not, and for what does not go together."""
        if self.data is not None and not self.data.is_file():
            raise UserError(
                f"data {str(self.data)!r} is no file: name a CSV file with the columns of the variant's data"
            )
        other_accounts.checked(self.accounts)
        examples, mode = bool(self.examples), bool(self.other_mode)
        if self.of_another_variant and (examples or mode):
            raise UserError(
                f"PIPELINE and MODE are of the variant {variants.DEFAULT}: leave them out for {self.project_variant}"
            )
        if self.isolated and (self.of_another_variant or examples or mode):
            raise UserError(
                f"NETWORK is of the variant {variants.DEFAULT}: leave out VARIANT, PIPELINE and MODE"
            )
        if mode and examples:
            raise UserError("PIPELINE ends before a model is deployed: leave out MODE, or the pipeline")
        if self.accounts > 1 and (self.isolated or examples or mode):
            raise UserError("ACCOUNTS goes with VARIANT and IAM: leave out NETWORK, PIPELINE and MODE")
        if self.isolated and self.elsewhere:
            raise UserError("the runner reaches SOURCE=connection by the internet: leave out NETWORK")

    @property
    def project_variant(self) -> str:
        """What the project begins as."""
        return variants.checked(self.variant)

    @property
    def examples(self) -> list[str]:
        """The pipelines of examples to run."""
        return pipeline_examples.chosen(self.pipeline)

    @property
    def other_mode(self) -> str:
        """How the stages answer, empty for how they do to begin with."""
        return stage_modes.checked(self.mode)

    @property
    def of_another_variant(self) -> bool:
        """Whether the project begins otherwise than usual."""
        return self.project_variant != variants.DEFAULT

    @property
    def isolated(self) -> bool:
        """Whether there is no internet."""
        return self.network is Network.ISOLATED

    @property
    def elsewhere(self) -> bool:
        """Whether the repositories are the team's own."""
        return self.source is Source.CONNECTION

    @property
    def usual(self) -> bool:
        """Whether it is the life that every project begins with, by which rights are judged."""
        return not (
            self.examples
            or self.of_another_variant
            or self.other_mode
            or self.isolated
            or self.accounts > 1
            or self.elsewhere
        )
