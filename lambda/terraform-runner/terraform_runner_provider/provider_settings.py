"""The provider's settings: what the platform stack gave the function comes in, one typed object goes out."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class ProviderSettings:
    """Where requests are kept and which CodeBuild project carries them out."""

    artifact_bucket: str
    runner_project: str

    @classmethod
    def from_environment(cls) -> ProviderSettings:
        """Read the function's environment; a missing variable is our bug and raises ``KeyError``."""
        return cls(
            artifact_bucket=os.environ["ARTIFACT_BUCKET"],
            runner_project=os.environ["RUNNER_PROJECT"],
        )
