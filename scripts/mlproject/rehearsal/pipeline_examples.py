"""A project that has trained comes in; a data scientist switches on the repository's examples, and each one runs."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlproject import console, projects
from mlproject.errors import PlatformError, UserError
from mlproject.rehearsal.scientist import Clone

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
    url = projects.outputs(life.lead, life.project)["ModelBuildCloneUrl"]
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone(life.local, life.people.scientist, url, Path(folder))
        for number, name in enumerate(names, start=2):
            with life.summary.step(f"run the pipeline {name}") as progress, ExitStack() as imports:
                _switch_on(life, clone, name, imports)
                life.wait_pipeline(life.project.names.repository("modelbuild"), number, progress)
                console.note(f"{name}: {tell_steps(life, name)}")


def _switch_on(life: Life, clone: Clone, name: str, imports: ExitStack) -> None:
    """Rename the example's configuration, so that it is read, and push."""
    example = clone.folder / "examples" / name.replace("-", "_")
    for path in sorted((example / "conf").glob("example*.yaml")):
        clone.git("mv", str(path), str(path.with_name(path.name.replace("example", "conf"))))
    context = example / "container"
    if context.is_dir() and not life.local.engine.builds_images:
        imports.enter_context(life.importing_image(context, "model"))()
    clone.push(f"Switch {name} on")


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
