"""A configuration and a project in, the plan of each pipeline out, with everything that is wrong (to all commands)."""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from mlpipelines.automl_requests import AutoMLBuilder
from mlpipelines.check_requests import CheckBuilder
from mlpipelines.configuration import Configuration, PipelineConfiguration
from mlpipelines.data_inputs import DataLocator
from mlpipelines.dependency_notation import NotationError, parse_dependency
from mlpipelines.job_parts import JobParts
from mlpipelines.model_requests import ModelBuilder
from mlpipelines.pipeline_errors import Problem
from mlpipelines.plan import ConditionFact, PipelinePlan, PlannedStep, PropertyFileFact
from mlpipelines.processing_requests import ProcessingBuilder
from mlpipelines.project_images import FindImage, ImageResolver
from mlpipelines.project_settings import ProjectSettings
from mlpipelines.schema_document import (
    AutoMLStepEntry,
    CallbackStepEntry,
    ClarifyCheckStepEntry,
    ConditionStepEntry,
    CreateModelStepEntry,
    FailStepEntry,
    LambdaStepEntry,
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
from mlpipelines.schema_jobs import Evaluation
from mlpipelines.schema_values import ParameterValue
from mlpipelines.step_code import Staging, code_files
from mlpipelines.step_index import CHECKS, WrittenStep, blocks, index_steps
from mlpipelines.training_requests import TrainingBuilder
from mlpipelines.value_resolution import ValueProblem, ValueResolver

LONGEST_PIPELINE = 256
EVALUATION = "EvaluationReport"
"""What the sample calls the property file of a Metrics step."""

AWS_KINDS = {"CreateModel": "Model", "Metrics": "Processing"}


@dataclass(frozen=True)
class Surroundings:
    """What a plan is made for.

    Attributes
    ----------
    settings
        The project's facts.
    staging
        Where code and data will lie.
    find_image
        Tells the URI of a folder's image.
    """

    settings: ProjectSettings
    staging: Staging
    find_image: FindImage


def plan_all(configuration: Configuration, surroundings: Surroundings) -> dict[str, PipelinePlan]:
    """Return the plans of all pipelines by name; what is wrong is added to the configuration's problems."""
    plans = {}
    for name, pipeline in configuration.pipelines.items():
        planner = _Planner(configuration, pipeline, surroundings)
        plans[name] = planner.plan()
        configuration.problems += planner.problems
    configuration.problems += _unused(configuration)
    return plans


class _Planner:
    """Plans one pipeline."""

    def __init__(
        self, configuration: Configuration, pipeline: PipelineConfiguration, surroundings: Surroundings
    ) -> None:
        settings = surroundings.settings
        self._root = configuration.root
        self._pipeline = pipeline
        self._steps, self.problems = index_steps(pipeline)
        self._plan = PipelinePlan(f"{settings.pipeline_prefix}-{pipeline.name}", pipeline.section.start)
        outputs: dict[str, Mapping[str, Any]] = {}
        resolve = ValueResolver(self._plan, outputs, self._property_files())
        data = DataLocator(self._root, settings.project_bucket, surroundings.staging, self._plan, resolve)
        images = ImageResolver(
            self._root, settings.image_uri, settings.aws_region, surroundings.find_image, self.problems
        )
        self._resolve = resolve
        self._jobs = JobParts(
            settings,
            pipeline.name,
            self._steps,
            outputs,
            resolve,
            data,
            surroundings.staging,
            images,
            self.problems,
        )
        self._checks = CheckBuilder(self._jobs)
        self._builders = _builders(self._jobs)
        self._collect_parameters()
        for step in self._steps.values():
            outputs[step.name] = step.outputs(self._jobs.model_prefix(step))

    def plan(self) -> PipelinePlan:
        for step in self._steps.values():
            if not self._has_sources(step):
                continue
            try:
                self._plan.steps.append(self._planned(step))
            except ValueProblem as error:
                self.problems.append(step.problem(str(error)))
        self._order()
        self._check_branches()
        if not self.problems:
            self._check_cycles()
        if len(self._plan.name) > LONGEST_PIPELINE:
            self.problems.append(self._pipeline.problem("this name is too long", "pipelineName"))
        return self._plan

    def _collect_parameters(self) -> None:
        """Note all parameters first: how one is written down may depend on a description further below."""
        for step in self._steps.values():
            for value in (
                *_parameters(step.entry),
                *_parameters(step.block),
                *_parameters(step.model.section.tune),
            ):
                try:
                    self._resolve.parameter(value)
                except ValueProblem as error:
                    self.problems.append(step.problem(str(error)))

    def _property_files(self) -> dict[str, list[str]]:
        return {name: [file.name for file in _property_files(step)] for name, step in self._steps.items()}

    def _planned(self, step: WrittenStep) -> PlannedStep:
        entry = step.entry
        planned = PlannedStep(
            step.name,
            AWS_KINDS.get(step.step_class, step.step_class),
            step.model.name,
            display_name=entry.display_name,
            description=entry.description,
            cache_expire_after=entry.cache_expire_after if entry.enable_cache else "",
            property_files=_property_files(step),
        )
        build = self._builders.get(type(entry))
        if build is not None:
            planned.request = build(step)
        if isinstance(entry, RegisterModelStepEntry):
            self._plan.groups.append(planned.request["ModelPackageGroupName"])
        elif isinstance(entry, CHECKS):
            planned.more = self._checks.comparison(step)
            self._plan.groups.append(planned.more["ModelPackageGroupName"])
        elif build is None:
            self._plan_control(step, planned)
        return planned

    def _plan_control(self, step: WrittenStep, planned: PlannedStep) -> None:
        entry, resolve = step.entry, self._resolve
        if isinstance(entry, ConditionStepEntry):
            planned.conditions = [
                ConditionFact(
                    resolve(each.left),
                    each.operator,
                    [resolve(one) for one in each.right]
                    if isinstance(each.right, list)
                    else resolve(each.right),
                )
                for each in entry.conditions
            ]
            planned.if_steps, planned.else_steps = entry.if_steps, entry.else_steps
        elif isinstance(entry, FailStepEntry):
            planned.request = {"ErrorMessage": resolve.text(entry.error_message)}
        elif isinstance(entry, LambdaStepEntry):
            planned.request = {name: resolve(value) for name, value in entry.inputs.items()}
            planned.more = {
                "function": resolve(entry.function_arn),
                "outputs": [(o.name, o.type) for o in entry.outputs],
            }
        elif isinstance(entry, CallbackStepEntry):
            planned.request = {name: resolve(value) for name, value in entry.inputs.items()}
            planned.more = {
                "queue": resolve(entry.sqs_queue_url),
                "outputs": [(o.name, o.type) for o in entry.outputs],
            }

    def _has_sources(self, step: WrittenStep) -> bool:
        """Tell whether the step's script or flow and its files are there, and note what is missing."""
        found = self.problems[:]
        key = "flow" if getattr(step.block, "flow", None) else "entry_point"
        script = getattr(step.block, key, None)
        own = getattr(step.block, "source_directory", None) or step.model.section.source_directory
        folder = (self._root / own).resolve()
        inside = folder.is_relative_to(self._root.resolve())
        if script and not own:
            message = f"its {key} needs a source_directory, in its block or its model"
            self.problems.append(step.block_problem(message, key))
        elif script and not (inside and (folder / script).is_file()):
            alike = folder.rglob(f"*{Path(script).suffix}") if inside else ()
            known = [path.relative_to(folder).as_posix() for path in alike]
            message = f"there is no file {own.strip('/')}/{script}{one_of(script, known)}"
            self.problems.append(step.block_problem(message, key))
        elif script:
            for number, pattern in enumerate(getattr(step.block, "source_files", None) or ()):
                if not code_files(self._root, own, [pattern]):
                    message = f"{own.strip('/')} has no file {pattern}"
                    self.problems.append(step.block_problem(message, "source_files", number))
        return self.problems == found

    def _order(self) -> None:
        planned = {step.name: step for step in self._plan.steps}
        for number, line in enumerate(self._pipeline.section.dependencies or ()):
            try:
                for earlier, later in parse_dependency(line):
                    missing = [name for name in (earlier, later) if name not in self._steps]
                    if missing:
                        raise NotationError(f"there is no step {missing[0]}{one_of(missing[0], self._steps)}")
                    if earlier in planned and later in planned and earlier not in planned[later].needs():
                        planned[later].depends_on.append(earlier)
            except NotationError as error:
                self.problems.append(self._pipeline.problem(str(error), "dependencies", number))

    def _check_branches(self) -> None:
        owners: dict[str, str] = {}
        for step in self._steps.values():
            if not isinstance(step.entry, ConditionStepEntry):
                continue
            for key in ("if_steps", "else_steps"):
                for number, name in enumerate(getattr(step.entry, key)):
                    if name not in self._steps:
                        message = f"there is no step {name}{one_of(name, self._steps)}"
                    elif name in owners:
                        message = f"{name} is already in a branch of {owners[name]}"
                    elif name == step.name:
                        message = "a condition cannot choose itself"
                    else:
                        owners[name] = step.name
                        continue
                    self.problems.append(step.problem(message, key, number))

    def _check_cycles(self) -> None:
        graph: dict[str, set[str]] = {name: set() for name in self._steps}
        for earlier, later, _ in self._plan.edges():
            graph[later].add(earlier)
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            circle = error.args[1]
            message = f"these steps wait for each other: {' >> '.join(circle)}"
            self.problems.append(self._steps[circle[0]].problem(message))


def _builders(jobs: JobParts) -> Mapping[type[StepEntry], Callable[[WrittenStep], dict[str, Any]]]:
    """Return what makes the request of each kind of step that has one."""
    processing, training = ProcessingBuilder(jobs), TrainingBuilder(jobs)
    checks, models = CheckBuilder(jobs), ModelBuilder(jobs)
    return {
        ProcessingStepEntry: processing.processing,
        MetricsStepEntry: processing.processing,
        TrainingStepEntry: training.training,
        TuningStepEntry: training.tuning,
        AutoMLStepEntry: AutoMLBuilder(jobs).automl,
        QualityCheckStepEntry: checks.quality,
        ClarifyCheckStepEntry: checks.clarify,
        TransformStepEntry: models.transform,
        CreateModelStepEntry: models.create,
        RegisterModelStepEntry: models.register,
    }


def _property_files(step: WrittenStep) -> list[PropertyFileFact]:
    found = [
        PropertyFileFact(f.name, f.output, f.path) for f in getattr(step.block, "property_files", None) or ()
    ]
    if isinstance(step.entry, MetricsStepEntry) and isinstance(step.block, Evaluation):
        report = step.block.metrics
        found.append(PropertyFileFact(EVALUATION, report.output, report.file))
    return found


def _parameters(value: Any) -> Iterator[ParameterValue]:
    """Yield every parameter below a part of the schema."""
    if isinstance(value, ParameterValue):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _parameters(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _parameters(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _parameters(item)


def _unused(configuration: Configuration) -> Iterator[Problem]:
    """Yield models that no pipeline has, and blocks of unusual names that no step asks for: most likely misspelt."""
    used = {name for pipeline in configuration.pipelines.values() for name in pipeline.section.models}
    asked = {
        (name, getattr(entry, "step_type", None))
        for pipeline in configuration.pipelines.values()
        for name, section in pipeline.section.models.items()
        for entry in section.steps
    }
    for name, model in configuration.models.items():
        if name not in used:
            yield model.problem(f"no pipeline has steps of the model {name}{one_of(name, used)}")
        usual = type(model.section).model_fields
        for block in model.section.__pydantic_extra__ or {}:
            if (name, block) not in asked:
                yield model.problem(
                    f"no step has the step_type {block}{one_of(block, [*usual, *blocks(model)])}", block
                )
