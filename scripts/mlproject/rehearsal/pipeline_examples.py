"""A project that has trained comes in; a data scientist switches on the repository's examples, and each one runs."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlproject import console, projects
from mlproject.errors import PlatformError, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlproject.rehearsal.life import Life

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "seedcode/model-build/examples"
DEFAULT = "churn"
ALL = "all"


def chosen(name: str) -> list[str]:
    """Return the pipelines of the examples that ``name`` stands for; none for the one that every project has.

    Raises
    ------
    UserError
        When there is no such example.
    """
    known = sorted(path.parent.parent.name.replace("_", "-") for path in EXAMPLES.glob("*/conf/example.yaml"))
    if name in ("", DEFAULT):
        return []
    if name == ALL:
        return known
    if name not in known:
        raise UserError(f"there is no pipeline {name!r}: there is {', '.join([DEFAULT, *known])}, and {ALL}")
    return [name]


def run(life: Life, names: Sequence[str]) -> None:
    """Switch each example on by a push, and wait for its pipeline's end; the model build has run once before."""
    with tempfile.TemporaryDirectory() as folder:
        scientist = _Scientist(life, Path(folder) / "modelbuild")
        for number, name in enumerate(names, start=2):
            with life.summary.step(f"run the pipeline {name}") as progress, ExitStack() as imports:
                scientist.switch_on(name, imports)
                life.wait_pipeline(life.project.names.repository("modelbuild"), number, progress)
                console.note(f"{name}: {tell_steps(life, name)}")


class _Scientist:
    """A clone of the modelbuild repository, and who works in it."""

    def __init__(self, life: Life, folder: Path) -> None:
        self._life = life
        self._folder = folder
        url = projects.outputs(life.lead, life.project)["ModelBuildCloneUrl"]
        self._git(
            "clone", "--quiet", url.replace("https://", "https://me:any@"), str(folder), within=folder.parent
        )

    def switch_on(self, name: str, imports: ExitStack) -> None:
        """Rename the example's configuration, so that it is read, and push."""
        example = f"examples/{name.replace('-', '_')}"
        for path in sorted((self._folder / example / "conf").glob("example*.yaml")):
            target = path.with_name(path.name.replace("example", "conf"))
            self._git("mv", str(path), str(target))
        context = self._folder / example / "container"
        if context.is_dir() and not self._life.local.engine.builds_images:
            imports.enter_context(self._life.importing_image(context, "model"))()
        person = ("-c", "user.name=scientist", "-c", "user.email=scientist@example.com")
        self._git(*person, "commit", "--quiet", "--message", f"Switch {name} on")
        self._git("push", "--quiet", "origin", "HEAD:main")

    def _git(self, *arguments: str, within: Path | None = None) -> None:
        local = self._life.local
        through = {"HTTPS_PROXY": local.endpoint, "GIT_SSL_CAINFO": str(local.certificate_authority)}
        done = subprocess.run(  # noqa: S603  # a program and arguments of this file
            ["git", *arguments],  # noqa: S607  # the git of this machine is meant
            cwd=within or self._folder,
            env=os.environ | through,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PlatformError(f"git {arguments[0]} fails: {done.stderr.strip()}")


def tell_steps(life: Life, name: str) -> str:
    """Return how each step of the pipeline's latest execution ended; raise if it did not succeed."""
    sagemaker: Any = life.session.client("sagemaker")
    pipeline = f"{life.project.names.prefix}-{name}"
    latest = sagemaker.list_pipeline_executions(
        PipelineName=pipeline, SortBy="CreationTime", SortOrder="Descending"
    )["PipelineExecutionSummaries"][0]
    answer = sagemaker.list_pipeline_execution_steps(
        PipelineExecutionArn=latest["PipelineExecutionArn"], SortOrder="Ascending"
    )
    steps: Sequence[Mapping[str, Any]] = answer["PipelineExecutionSteps"]
    told = ", ".join(f"{step['StepName']} {step['StepStatus'].lower()}" for step in steps)
    if latest["PipelineExecutionStatus"] != "Succeeded":
        raise PlatformError(f"{pipeline} has {latest['PipelineExecutionStatus'].lower()}: {told}")
    return told
