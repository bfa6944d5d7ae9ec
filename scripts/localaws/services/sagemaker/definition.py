"""Reads a pipeline definition and refuses, when it is made, what could not run; executions follow the parsed steps."""

from __future__ import annotations

import graphlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import Shape
from botocore.validate import ParamValidator
from moto.core.utils import get_service_model
from moto.sagemaker.exceptions import ValidationError

from localaws.services.sagemaker.expressions import (
    CONDITION_TYPES,
    ExpressionError,
    is_expression,
    references,
    tokens,
)
from localaws.services.sagemaker.step_types import CALLS, OTHERS, WITH_OUTPUT_PARAMETERS, CallType

VERSION = "2020-12-01"
STEP_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}")
EXECUTION_VARIABLES = (
    "PipelineExecutionId", "PipelineExecutionArn", "PipelineName", "PipelineArn", "StartDateTime",
    "CurrentDateTime",
)  # fmt: skip
# What a step may call the job that it starts, whose name nobody knows before.
OWN_NAMES = {kind: CALLS[kind].name_argument for kind in ("Processing", "Training")}
PARAMETER_TYPES: dict[str, type] = {"String": str, "Integer": int, "Float": float, "Boolean": bool}
SAMPLES: dict[str, Any] = {"String": "sample", "Integer": 1, "Float": 1.0, "Boolean": True}


@dataclass(frozen=True)
class Parameter:
    """A parameter of the pipeline."""

    name: str
    type: str
    default: Any
    allowed: tuple[Any, ...]

    def parsed(self, text: str) -> Any:
        """Return a value given at start, in the parameter's type."""
        try:
            value = _parsed(self.type, text)
        except ValueError as error:
            raise ValidationError(
                f"Invalid value [{text}] for pipeline parameter [{self.name}]: it must be of type {self.type}."
            ) from error
        if self.allowed and value not in self.allowed:
            raise ValidationError(
                f"Invalid value [{text}] for pipeline parameter [{self.name}]: it must be one of "
                f"{list(self.allowed)}."
            )
        return value


@dataclass(frozen=True)
class Branch:
    """The side of a condition that a step stands on."""

    condition: str
    outcome: bool


@dataclass(frozen=True)
class Step:
    """A step, wherever in the definition it stands.

    Attributes
    ----------
    raw
        The step as written.
    needs
        Steps that must have succeeded: DependsOn and every step that the arguments refer to.
    branch
        The condition that must have come out so; None outside of conditions.
    """

    name: str
    type: str
    raw: Mapping[str, Any]
    needs: frozenset[str]
    branch: Branch | None

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The step's Arguments."""
        arguments: Mapping[str, Any] = self.raw.get("Arguments", {})
        return arguments

    @property
    def property_files(self) -> dict[str, Mapping[str, str]]:
        """The step's PropertyFiles by name."""
        return {item["PropertyFileName"]: item for item in self.raw.get("PropertyFiles", ())}


@dataclass(frozen=True)
class Definition:
    """A definition that can run."""

    parameters: dict[str, Parameter]
    steps: dict[str, Step]

    def values(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Return the value of every parameter of an execution."""
        unknown = sorted(set(given) - set(self.parameters))
        if unknown:
            raise ValidationError(
                f"Pipeline parameters {unknown} are not declared in the pipeline definition."
            )
        values = {name: parameter.default for name, parameter in self.parameters.items()}
        values |= {name: self.parameters[name].parsed(text) for name, text in given.items()}
        missing = sorted(name for name, value in values.items() if value is None)
        if missing:
            raise ValidationError(f"Pipeline parameters {missing} have no default: a value is required.")
        return values


STEP_KEYS = {
    "Arguments", "CacheConfig", "DependsOn", "Description", "DisplayName", "FunctionArn", "Name", "OutputParameters",
    "PropertyFiles", "RetryPolicies", "SqsQueueUrl", "Type",
}  # fmt: skip


def parse(text: str) -> Definition:
    """Return the definition in ``text``; raise ValidationException with the first thing wrong with it."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise _wrong(f"it is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("Version") != VERSION:
        raise _wrong(f"Version must be {VERSION}")
    parameters = {item["Name"]: item for item in map(_parameter_item, document.get("Parameters", []))}
    if len(parameters) != len(document.get("Parameters", [])):
        raise _wrong("parameter names must be unique")
    definition = Definition(
        {name: _parameter(item) for name, item in parameters.items()}, _steps(document.get("Steps", []))
    )
    if not definition.steps:
        raise _wrong("it has no steps")
    for step in definition.steps.values():
        _check_references(definition, step)
        _check_arguments(definition, step)
    _check_order(definition)
    return definition


def _parsed(kind: str, text: str) -> Any:
    if kind == "Boolean":
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return text.lower() == "true"
    return PARAMETER_TYPES[kind](text)


def _parameter_item(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict) or "Name" not in item or item.get("Type") not in PARAMETER_TYPES:
        raise _wrong(f"a parameter needs a Name and a Type of {list(PARAMETER_TYPES)}: {item}")
    return item


def _parameter(item: dict[str, Any]) -> Parameter:
    default, allowed = item.get("DefaultValue"), tuple(item.get("EnumValues", ()))
    expected = (int, float) if item["Type"] == "Float" else PARAMETER_TYPES[item["Type"]]
    if default is not None and not isinstance(default, expected):
        raise _wrong(f"the default of parameter {item['Name']} is not of type {item['Type']}")
    if default is not None and allowed and default not in allowed:
        raise _wrong(f"the default of parameter {item['Name']} is not one of its EnumValues")
    return Parameter(item["Name"], item["Type"], default, allowed)


def _steps(items: Any) -> dict[str, Step]:
    steps: dict[str, Step] = {}
    for step in _flattened(items, None):
        if step.name in steps:
            raise _wrong(f"step names must be unique: {step.name} is there twice")
        steps[step.name] = step
    return steps


def _flattened(items: Any, branch: Branch | None) -> Iterator[Step]:
    if not isinstance(items, list):
        raise _wrong("Steps must be a list")
    for item in items:
        step = _step(item, branch)
        yield step
        if step.type == "Condition":
            for key, outcome in (("IfSteps", True), ("ElseSteps", False)):
                yield from _flattened(step.arguments.get(key, []), Branch(step.name, outcome))


def _step(item: Any, branch: Branch | None) -> Step:
    name, kind = item.get("Name", ""), item.get("Type", "")
    if not STEP_NAME.fullmatch(name):
        raise _wrong(f"{name!r} is no step name (letters, digits, hyphens and underscores, at most 64)")
    if kind not in (*CALLS, *OTHERS):
        raise _wrong(f"localaws does not support the type {kind} of step {name}")
    unknown = sorted(set(item) - STEP_KEYS)
    if unknown:
        raise _wrong(f"step {name} has the unknown key {unknown[0]}")
    own = {key: value for key, value in item.items() if key != "Arguments"}
    inner = {k: v for k, v in item.get("Arguments", {}).items() if k not in ("IfSteps", "ElseSteps")}
    needs = {_step_of(reference) for reference in references([own, inner]) if reference.startswith("Steps.")}
    needs |= set(item.get("DependsOn", ()))
    if branch is not None:
        needs.add(branch.condition)
    return Step(name, kind, item, frozenset(needs), branch)


def _step_of(reference: str) -> str:
    return str(_path(reference)[1])


def _path(reference: str) -> list[str | int]:
    try:
        path = tokens(reference)
    except ExpressionError as error:
        raise _wrong(str(error)) from error
    if len(path) < 2:
        raise _wrong(f"the reference {reference} names nothing")
    return path


def _check_order(definition: Definition) -> None:
    try:
        graphlib.TopologicalSorter({step.name: step.needs for step in definition.steps.values()}).prepare()
    except graphlib.CycleError as error:
        raise _wrong(f"steps depend on each other in a cycle: {' -> '.join(error.args[1])}") from error


def _check_references(definition: Definition, step: Step) -> None:
    unknown = step.needs - set(definition.steps)
    if unknown:
        raise _wrong(f"step {step.name} depends on {sorted(unknown)}, which is not in the definition")
    for reference in references(step.raw):
        root, name, *rest = _path(reference)
        if root == "Parameters" and name in definition.parameters and not rest:
            continue
        if root == "Execution" and name in (*EXECUTION_VARIABLES, OWN_NAMES.get(step.type)) and not rest:
            continue
        if root == "Steps" and _property_exists(definition.steps.get(str(name)), rest):
            continue
        raise _wrong(f"step {step.name} refers to {reference}, which does not exist")


def _property_exists(step: Step | None, path: list[str | int]) -> bool:
    if step is None:
        return False
    if path and path[0] == "PropertyFiles":
        return len(path) == 2 and path[1] in step.property_files
    if step.type in WITH_OUTPUT_PARAMETERS:
        declared = {item["OutputName"] for item in step.raw.get("OutputParameters", ())}
        return len(path) == 2 and path[0] == "OutputParameters" and path[1] in declared
    call = CALLS.get(step.type)
    if call and call.added and path and path[0] == call.added.name:
        return len(path) == 2 and path[1] in call.added.members
    shapes = [_model_shape(operation, "output") for operation in call.describe] if call else []
    return bool(path) and any(_in_shape(shape, path) for shape in shapes)


def _in_shape(shape: Any, path: list[str | int]) -> bool:
    for token in path:
        if shape.type_name == "structure":
            if token not in shape.members:
                return False
            shape = shape.members[token]
        elif shape.type_name == "list":
            shape = shape.member
        elif shape.type_name == "map":
            shape = shape.value
        else:
            return False
    return True


def _model_shape(operation: str, side: str) -> Any:
    model = get_service_model("sagemaker").operation_model(operation)
    return model.input_shape if side == "input" else model.output_shape


def _check_arguments(definition: Definition, step: Step) -> None:
    if step.type in CALLS:
        _check_call(definition, step, CALLS[step.type])
    elif step.type == "Condition":
        for condition in step.arguments.get("Conditions", ()):
            _check_condition(step, condition)
    elif step.type == "Fail" and "ErrorMessage" not in step.arguments:
        raise _wrong(f"step {step.name} of type Fail needs an ErrorMessage")
    elif step.type == "Lambda" and "FunctionArn" not in step.raw:
        raise _wrong(f"step {step.name} of type Lambda needs a FunctionArn")
    elif step.type == "Callback" and "SqsQueueUrl" not in step.raw:
        raise _wrong(f"step {step.name} of type Callback needs an SqsQueueUrl")


def _check_condition(step: Step, condition: Mapping[str, Any]) -> None:
    kind = condition.get("Type", "")
    if kind not in CONDITION_TYPES:
        raise _wrong(f"localaws does not support the condition type {kind} in step {step.name}")
    wanted = {
        "Not": ("Expression",),
        "Or": ("Conditions",),
        "And": ("Conditions",),
        "In": ("QueryValue", "Values"),
    }
    missing = [key for key in wanted.get(kind, ("LeftValue", "RightValue")) if key not in condition]
    if missing:
        raise _wrong(f"a condition of type {kind} in step {step.name} needs {missing}")
    for inner in [*condition.get("Conditions", []), *([condition["Expression"]] if kind == "Not" else [])]:
        _check_condition(step, inner)


def _check_call(definition: Definition, step: Step, call: CallType) -> None:
    shape = _model_shape(call.create, "input")
    arguments = _sampled(dict(step.arguments), shape, definition)
    if call.name_argument:
        arguments.setdefault(call.name_argument, "sample")
    if step.type == "RegisterModel":
        arguments.setdefault("ClientToken", "sample")
    report = ParamValidator().validate(arguments, shape)
    if report.has_errors():
        raise _wrong(f"the arguments of step {step.name} are invalid: {report.generate_report()}")


def _sampled(value: Any, shape: Any, definition: Definition) -> Any:
    """Replace what is known only at run time by something of its kind."""
    if is_expression(value):
        return _sample(value, shape, definition)
    if isinstance(value, dict) and shape is not None and shape.type_name == "structure":
        return {key: _sampled(item, shape.members.get(key), definition) for key, item in value.items()}
    if isinstance(value, dict) and shape is not None and shape.type_name == "map":
        return {key: _sampled(item, shape.value, definition) for key, item in value.items()}
    if isinstance(value, list) and shape is not None and shape.type_name == "list":
        return [_sampled(item, shape.member, definition) for item in value]
    return value


def _sample(value: Mapping[str, Any], shape: Shape | None, definition: Definition) -> Any:
    if "Std:Join" in value:
        return "sample"
    reference = str(value.get("Get", ""))
    if reference.startswith("Parameters."):
        return SAMPLES[definition.parameters[reference.removeprefix("Parameters.")].type]
    kinds = {"integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": True, "list": [], "map": {}}
    return kinds.get(shape.type_name if shape is not None else "string", "sample")


def _wrong(what: str) -> ValidationError:
    return ValidationError(f"Unable to parse pipeline definition: {what}.")
