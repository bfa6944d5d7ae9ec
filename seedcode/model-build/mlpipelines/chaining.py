"""Which outputs of which steps a step is given, and under which names (to the request builders).

What is chained is found by its channel's name: in /opt/ml/processing/input/<channel> of a processing job, as channel
of a training job. Where two sources have a channel of one name, both are called <step>-<channel>. The names that the
sample gives (<step>-input-<channel> and the like) are aliases, which `run_step.py` makes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlpipelines.pipeline_errors import Problem
from mlpipelines.schema_document import (
    AutoMLStepEntry,
    ChainSource,
    JobStep,
    MetricsStepEntry,
    ProcessingStepEntry,
    TransformStepEntry,
)
from mlpipelines.schema_errors import one_of
from mlpipelines.step_index import CHECKS, TRAINERS, WrittenStep

Outputs = Mapping[str, Mapping[str, Any]]
AUTOML_CHANNELS = ("train", "validation")


@dataclass(frozen=True)
class ChainedInput:
    """An output of another step as it comes to a step.

    Attributes
    ----------
    name
        What it is called there.
    uri
        Where it lies.
    alias
        What the sample calls it; empty for sources chosen by channel.
    """

    name: str
    uri: Any
    alias: str = ""


@dataclass(frozen=True)
class _Found:
    source: WrittenStep
    channel: str
    wanted: str
    chosen: bool


def chained_inputs(
    step: WrittenStep,
    steps: Mapping[str, WrittenStep],
    outputs: Outputs,
    taken: Sequence[str],
    problems: list[Problem],
) -> list[ChainedInput]:
    """Return what the step is given by others.

    Parameters
    ----------
    step
        Who is given.
    steps, outputs
        All steps of the pipeline, and where their outputs will lie.
    taken
        Names that its own data files have.
    problems
        Where it is noted that a source, or an output of it, does not exist.
    """
    found = list(_sources(step, steps, outputs, problems))
    times = Counter(taken) + Counter(each.wanted for each in found)
    inputs = [
        ChainedInput(
            each.wanted if times[each.wanted] == 1 else f"{each.source.name}-{each.wanted}",
            outputs[each.source.name][each.channel],
            "" if each.chosen else _sample_name(step, each),
        )
        for each in found
    ]
    twice = sorted(name for name, count in Counter(each.name for each in inputs).items() if count > 1)
    if twice:
        problems.append(step.problem(f"{', '.join(twice)} is chained twice", "chain_input_source_step"))
    return inputs


def _sources(
    step: WrittenStep, steps: Mapping[str, WrittenStep], outputs: Outputs, problems: list[Problem]
) -> Iterator[_Found]:
    entry = step.entry
    if not isinstance(entry, JobStep):
        return
    for number, written in enumerate(entry.chain_input_source_step):
        place = ("chain_input_source_step", number)
        name = written.step if isinstance(written, ChainSource) else written
        if name not in steps:
            problems.append(step.problem(f"there is no step {name}{one_of(name, steps)}", *place))
            continue
        if name == step.name:
            problems.append(step.problem("a step cannot be given its own outputs", *place))
            continue
        if not outputs[name]:
            problems.append(
                step.problem(f"{name} is a {steps[name].step_class} step and has no outputs", *place)
            )
            continue
        chosen = written.channels if isinstance(written, ChainSource) else _usual(step, outputs[name])
        renamed = chosen if isinstance(chosen, dict) else {channel: channel for channel in chosen}
        for channel, wanted in renamed.items():
            if channel not in outputs[name]:
                known = ", ".join(sorted(outputs[name]))
                problems.append(step.problem(f"{name} has no output {channel}: it has {known}", *place))
            else:
                yield _Found(steps[name], channel, wanted, isinstance(written, ChainSource))
    if not entry.chain_input_source_step:
        yield from _implicit(step, outputs)


def _usual(step: WrittenStep, outputs: Mapping[str, Any]) -> list[str]:
    """Choose of a source's outputs: all for processing and training; for what has one channel, that one."""
    if isinstance(step.entry, AutoMLStepEntry):
        return [name for name in AUTOML_CHANNELS if name in outputs] or list(outputs)
    if not isinstance(step.entry, (MetricsStepEntry, TransformStepEntry, *CHECKS)):
        return list(outputs)
    own = step.channels()[0] if step.channels() else "train"
    if own in outputs:
        return [own]
    if isinstance(step.entry, MetricsStepEntry) or len(outputs) == 1:
        return list(outputs)
    return [own]


def _implicit(step: WrittenStep, outputs: Outputs) -> Iterator[_Found]:
    """Yield what a step is given where nothing is written: the outputs of the nearest step that has what it needs."""
    source: WrittenStep | None
    if has_data_files(step):
        return
    if step.block_name == "model_quality":
        source = step.latest(TransformStepEntry)
    elif isinstance(step.entry, (*TRAINERS, TransformStepEntry, *CHECKS)):
        source = step.latest(ProcessingStepEntry)
    elif isinstance(step.entry, MetricsStepEntry):
        source = step.latest(TransformStepEntry) or step.latest(*TRAINERS)
    else:
        return
    for channel in _usual(step, outputs[source.name]) if source else ():
        if source and channel in outputs[source.name]:
            yield _Found(source, channel, channel, chosen=False)


def has_data_files(step: WrittenStep) -> bool:
    """Tell whether any channel of the step's block names data."""
    channels = getattr(step.block, "channels", None) or {}
    return any(channel is not None and channel.dataFiles for channel in channels.values())


def _sample_name(step: WrittenStep, found: _Found) -> str:
    channel = (
        "train" if isinstance(found.source.entry, TRAINERS) and not found.source.channels() else found.channel
    )
    if isinstance(step.entry, MetricsStepEntry):
        own = step.channels()[0] if step.channels() else "train"
        return f"{found.source.name}-{own}"
    if isinstance(step.entry, ProcessingStepEntry):
        return f"{found.source.name}-input-{channel}"
    return f"{found.source.name}-{channel}"
