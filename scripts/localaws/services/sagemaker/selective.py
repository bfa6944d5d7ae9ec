"""Selective execution: some steps run, and what they need of others comes from an earlier execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from localaws.services.sagemaker.definition import Definition, Step
from localaws.services.sagemaker.step_state import StepState


@dataclass(frozen=True)
class Selection:
    """Which steps of an execution run.

    Attributes
    ----------
    steps
        Their names; None for all.
    reused
        The results of other steps that they need.
    """

    steps: frozenset[str] | None = None
    reused: Mapping[str, StepState] = field(default_factory=dict)

    def runs(self, step: Step) -> bool:
        """Tell whether a step is among those that run."""
        return self.steps is None or step.name in self.steps


def select(
    config: Mapping[str, Any] | None,
    definition: Definition,
    source_arn: str,
    source: Mapping[str, StepState],
) -> Selection:
    """Return what a SelectiveExecutionConfig selects.

    Parameters
    ----------
    config
        As the request gives it, None for a whole execution.
    definition
        Of the pipeline.
    source_arn, source
        The earlier execution and its steps, both empty without one.
    """
    if config is None:
        return Selection()
    selected = frozenset(item["StepName"] for item in config["SelectedSteps"])
    unknown = sorted(selected - set(definition.steps))
    if unknown:
        raise ValidationError(f"The selected steps {unknown} are not in the pipeline definition.")
    needed = {need for name in selected for need in definition.steps[name].needs} - selected
    missing = sorted(name for name in needed if name not in source or source[name].status != "Succeeded")
    if missing:
        raise ValidationError(
            f"The selected steps depend on {missing}, which did not succeed in the source pipeline execution "
            f"{source_arn or '(none is given)'}."
        )
    return Selection(selected, {name: _reused(source[name], source_arn) for name in needed})


def _reused(state: StepState, source_arn: str) -> StepState:
    return StepState(
        status="Succeeded",
        started=state.started,
        ended=state.ended,
        metadata=state.metadata,
        properties=state.properties,
        outcome=state.outcome,
        reused_from=state.reused_from or source_arn,
    )
