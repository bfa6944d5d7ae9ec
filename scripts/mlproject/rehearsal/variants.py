"""A variant's name comes in; what the people of such a project live through, in place of the default one, goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from mlproject.errors import PlatformError, UserError
from mlproject.rehearsal import logs, pipeline_examples

if TYPE_CHECKING:
    from mlproject.rehearsal.life import Life

DEFAULT = "churn-xgboost-daal4py"
NOTHING_TO_RUN = "no pipeline: no file has a sagemakerPipeline"


def life_of(variant: str) -> Callable[[Life], None] | None:
    """Return what a project of this variant goes through until it is deleted; nothing for the default one.

    Raises
    ------
    UserError
        When there is no such variant.
    """
    if variant in ("", DEFAULT):
        return None
    if variant not in LIVES:
        raise UserError(f"there is no variant {variant!r}: there is {', '.join([DEFAULT, *LIVES])}")
    return LIVES[variant]


def config_only(life: Life) -> None:
    """Create an empty project whose first build is green with nothing to run, and switch its example on."""
    life.publish()
    life.create()
    with life.summary.step("build green without a pipeline") as progress:
        build = life.project.names.repository("modelbuild")
        life.wait_pipeline(build, 1, progress)
        if NOTHING_TO_RUN not in logs.read(life.session, f"/aws/codebuild/{build}-train"):
            raise PlatformError("the first build had nothing to run, yet its log does not say so")
    life.wait_for_nothing_to_deploy()
    pipeline_examples.run(life, ["first-pipeline"])


LIVES: Mapping[str, Callable[[Life], None]] = {"config-only": config_only}
