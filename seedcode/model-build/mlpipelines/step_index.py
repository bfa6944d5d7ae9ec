"""A pipeline's steps as written in, each with its model, block, place and outputs out; `planning` builds on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mlpipelines.configuration import Model, PipelineConfiguration
from mlpipelines.pipeline_errors import Problem
from mlpipelines.plan import Joined, PropertyReference
from mlpipelines.schema_base import Section
from mlpipelines.schema_checks import ClarifyCheck, QualityCheck
from mlpipelines.schema_document import (
    AutoMLStepEntry,
    ClarifyCheckStepEntry,
    CreateModelStepEntry,
    JobStep,
    MetricsStepEntry,
    ProcessingStepEntry,
    QualityCheckStepEntry,
    RegisterModelStepEntry,
    StepEntry,
    TrainingStepEntry,
    TransformStepEntry,
    TuningStepEntry,
)
from mlpipelines.schema_errors import one_of
from mlpipelines.schema_jobs import Evaluation, Processing
from mlpipelines.schema_serving import Registry, Transform
from mlpipelines.schema_training import AutoML, Train
from mlpipelines.yaml_source import KeyPath

TRAINERS = (TrainingStepEntry, TuningStepEntry, AutoMLStepEntry)
CHECKS = (QualityCheckStepEntry, ClarifyCheckStepEntry)
BEST_CANDIDATE = "BestCandidate.InferenceContainers[0]"
UNCACHED = ("CreateModel", "RegisterModel", "Condition", "Fail")
"""Step classes whose results SageMaker never takes from an earlier execution."""

USUAL_BLOCKS: Mapping[type[StepEntry], str] = {
    TrainingStepEntry: "train",
    TuningStepEntry: "train",
    AutoMLStepEntry: "automl",
    TransformStepEntry: "transform",
    MetricsStepEntry: "evaluate",
    QualityCheckStepEntry: "data_quality",
    ClarifyCheckStepEntry: "data_bias",
    CreateModelStepEntry: "registry",
    RegisterModelStepEntry: "registry",
}
BLOCK_TYPES: Mapping[type[StepEntry], type[Section]] = {
    ProcessingStepEntry: Processing,
    TrainingStepEntry: Train,
    TuningStepEntry: Train,
    AutoMLStepEntry: AutoML,
    TransformStepEntry: Transform,
    MetricsStepEntry: Evaluation,
    QualityCheckStepEntry: QualityCheck,
    ClarifyCheckStepEntry: ClarifyCheck,
    CreateModelStepEntry: Registry,
    RegisterModelStepEntry: Registry,
}
Uri: TypeAlias = Any


@dataclass
class WrittenStep:
    """A step as a file says it.

    Attributes
    ----------
    entry
        What the pipeline says of it.
    model
        Its model.
    block
        What the model says of its job; None for steps without one.
    block_name
        The block's key in the model.
    path
        Where in the pipeline's file it stands.
    earlier
        The steps of its model before it.
    """

    entry: StepEntry
    model: Model
    pipeline: PipelineConfiguration
    path: KeyPath
    block: Any
    block_name: str
    earlier: Sequence[WrittenStep] = field(default_factory=tuple)

    @property
    def name(self) -> str:
        return self.entry.step_name

    @property
    def step_class(self) -> str:
        return str(getattr(self.entry, "step_class"))  # noqa: B009  # every subclass has one

    def problem(self, message: str, *below: str | int) -> Problem:
        """Return a problem at the step, or below it."""
        return self.pipeline.problem(message, *self.path, *below)

    def block_problem(self, message: str, *below: str | int) -> Problem:
        """Return a problem at the step's block, or below it."""
        return self.model.problem(message, self.block_name, *below)

    def latest(self, *kinds: type[StepEntry]) -> WrittenStep | None:
        """Return the nearest step of these kinds before this one in its model."""
        return next((step for step in reversed(self.earlier) if isinstance(step.entry, kinds)), None)

    def channels(self) -> list[str]:
        """Return the names of its block's channels."""
        return list(getattr(self.block, "channels", None) or {})

    def outputs(self, model_prefix: str) -> dict[str, Uri]:
        """Return where each of its outputs will lie, by name.

        Parameters
        ----------
        model_prefix
            Where its trainings put their models.
        """
        if isinstance(self.entry, MetricsStepEntry):
            return {self.block.metrics.output: self._processing_output(self.block.metrics.output)}
        if isinstance(self.entry, ProcessingStepEntry):
            place = self._flow_output if self.block.flow else self._processing_output
            return {name: place(name) for name in self.channels()}
        if isinstance(self.entry, TrainingStepEntry):
            return {"model": PropertyReference(self.name, "ModelArtifacts.S3ModelArtifacts")}
        if isinstance(self.entry, TuningStepEntry):
            best = PropertyReference(self.name, "TrainingJobSummaries[0].TrainingJobName")
            return {"model": Joined((model_prefix, best, "output/model.tar.gz"), "/")}
        if isinstance(self.entry, AutoMLStepEntry):
            return {"model": PropertyReference(self.name, f"{BEST_CANDIDATE}.ModelDataUrl")}
        if isinstance(self.entry, CHECKS):
            kinds = ("Constraints", "Statistics")[: 2 if isinstance(self.entry, QualityCheckStepEntry) else 1]
            return {kind.lower(): PropertyReference(self.name, f"CalculatedBaseline{kind}") for kind in kinds}
        if isinstance(self.entry, TransformStepEntry):
            return {self.channels()[0]: PropertyReference(self.name, "TransformOutput.S3OutputPath")}
        return {}

    def _processing_output(self, name: str) -> PropertyReference:
        return PropertyReference(self.name, f"ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri")

    def _flow_output(self, name: str) -> Joined:
        """Return where Data Wrangler puts the table of ``<node id>.<output>``."""
        job = PropertyReference(self.name, "ProcessingJobName")
        return Joined((self._processing_output(name), job, name.replace(".", "/")), "/")


def index_steps(pipeline: PipelineConfiguration) -> tuple[dict[str, WrittenStep], list[Problem]]:
    """Return the pipeline's steps by name, and what is wrong with their names, models and blocks."""
    steps: dict[str, WrittenStep] = {}
    problems: list[Problem] = []
    for model_name, section in pipeline.section.models.items():
        model = pipeline.models.get(model_name)
        if model is None:
            message = f"no file has a model {model_name}{one_of(model_name, pipeline.models)}"
            problems.append(pipeline.problem(message, "models", model_name))
            continue
        earlier: list[WrittenStep] = []
        for number, entry in enumerate(section.steps):
            block_name, block = _find_block(entry, model)
            path = ("models", model_name, "steps", number)
            step = WrittenStep(entry, model, pipeline, path, block, block_name, tuple(earlier))
            problems += _step_problems(step, steps)
            if entry.step_name not in steps and not (block is None and type(entry) in BLOCK_TYPES):
                steps[entry.step_name] = step
                earlier.append(step)
    return steps, problems


def _find_block(entry: StepEntry, model: Model) -> tuple[str, Any]:
    name = getattr(entry, "step_type", None) or USUAL_BLOCKS.get(type(entry), "")
    if not name and isinstance(entry, ProcessingStepEntry):
        # The sample asks for a step_type here; where a model has but one processing block there is nothing to ask.
        name = "preprocess"
    if isinstance(entry, (CreateModelStepEntry, RegisterModelStepEntry)):
        name = "registry"
    if isinstance(entry, MetricsStepEntry) and name == "metrics":
        name = "evaluate"
    if not isinstance(entry, (JobStep, CreateModelStepEntry, RegisterModelStepEntry)):
        return "", None
    block = getattr(model.section, name, None) if name in blocks(model) else None
    return name, block if isinstance(block, BLOCK_TYPES[type(entry)]) else None


def blocks(model: Model) -> dict[str, Any]:
    """Return the jobs that a model's file describes, by key."""
    section = model.section
    named = {name: getattr(section, name) for name in type(section).model_fields}
    found = named | (section.__pydantic_extra__ or {})
    return {name: block for name, block in found.items() if isinstance(block, Section)}


def _step_problems(step: WrittenStep, steps: Mapping[str, WrittenStep]) -> Iterator[Problem]:
    entry = step.entry
    if entry.step_name in steps:
        first = steps[entry.step_name]
        line, _ = first.pipeline.source.place((*first.pipeline.path, *first.path))
        yield step.problem(
            f"two steps are called {entry.step_name}: the first is on line {line}", "step_name"
        )
    if entry.enable_cache and step.step_class in UNCACHED:
        yield step.problem(f"SageMaker does not cache {step.step_class} steps", "enable_cache")
    if type(entry) in BLOCK_TYPES and step.block is None:
        kind = BLOCK_TYPES[type(entry)].__name__
        fitting = [n for n, b in blocks(step.model).items() if isinstance(b, BLOCK_TYPES[type(entry)])]
        hint = one_of(step.block_name, fitting)
        message = f"the model {step.model.name} has no {step.block_name} for it ({kind}){hint}"
        yield step.problem(message, *(["step_type"] if getattr(entry, "step_type", None) else []))
    if isinstance(entry, TuningStepEntry) and step.model.section.tune is None:
        yield step.problem(f"the model {step.model.name} has no tune, which says what to search")
