"""Values as written in, references and parameters of the plan out (to the request builders)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlpipelines.plan import (
    ExecutionReference,
    FileReference,
    Joined,
    Parameter,
    ParameterReference,
    ParameterType,
    PipelinePlan,
    PropertyReference,
)
from mlpipelines.schema_errors import one_of
from mlpipelines.schema_values import (
    ExecutionValue,
    FileValue,
    JoinValue,
    OutputValue,
    ParameterValue,
    PropertyValue,
)

PYTHON_TYPES: Mapping[type, ParameterType] = {bool: "Boolean", int: "Integer", float: "Float", str: "String"}
NUMBERS: Mapping[str, tuple[type, ...]] = {
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
    "String": (str,),
}

PARSERS: Mapping[str, Callable[[str], Any]] = {
    "Integer": int,
    "Float": float,
    "Boolean": {"true": True, "false": False}.__getitem__,
}


class ValueProblem(Exception):
    """A value that cannot be; whoever knows its place catches it."""


class ValueResolver:
    """Turns values into references, and gathers the parameters that they name."""

    def __init__(
        self, plan: PipelinePlan, outputs: Mapping[str, Mapping[str, Any]], files: Mapping[str, Sequence[str]]
    ) -> None:
        """Begin without parameters.

        Parameters
        ----------
        plan
            Where parameters are put.
        outputs
            Locations by step and output.
        files
            Names of property files by step.
        """
        self._plan = plan
        self._outputs = outputs
        self._files = files
        self._described: dict[str, Parameter] = {}

    def __call__(self, value: Any) -> Any:
        """Return the value as the request will hold it.

        Raises
        ------
        ValueProblem
            When it refers to what is not there.
        """
        if isinstance(value, ParameterValue):
            return self.parameter(value)
        if isinstance(value, OutputValue):
            found = self.output(value.step, value.output)
            return Joined((found, value.path), "/") if value.path else found
        if isinstance(value, PropertyValue):
            self._check_step(value.step)
            return PropertyReference(value.step, value.property)
        if isinstance(value, FileValue):
            return self._file(value)
        if isinstance(value, JoinValue):
            return Joined(tuple(self(part) for part in value.join), value.separator)
        if isinstance(value, ExecutionValue):
            return ExecutionReference(value.execution)
        return value

    def text(self, value: Any) -> Any:
        """Return a value where AWS takes only texts: numbers as people write them."""
        found = self(value)
        if isinstance(found, bool):
            return str(found).lower()
        if isinstance(found, ParameterReference) and self._plan.parameters[found.name].type != "String":
            return Joined((found,))
        return str(found) if isinstance(found, (int, float)) else found

    def usual(self, found: Any) -> Any:
        """Return a resolved value, or a parameter's default, which is what most executions have."""
        return self._plan.parameters[found.name].default if isinstance(found, ParameterReference) else found

    def texts(self, values: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return a mapping of such values."""
        return {name: self.text(value) for name, value in (values or {}).items()}

    def output(self, step: str, output: str) -> Any:
        """Return where an output of a step will lie."""
        self._check_step(step)
        outputs = self._outputs[step]
        if output not in outputs:
            known = f"has the outputs {', '.join(sorted(outputs))}" if outputs else "has no outputs"
            raise ValueProblem(f"{step} has no output {output}: it {known}")
        return outputs[output]

    def parameter(self, value: ParameterValue) -> ParameterReference:
        """Note a parameter; it may be named in many places, and described in one or equally in several."""
        kind = value.type or PYTHON_TYPES[type(value.default) if value.default is not None else str]
        parameter = Parameter(value.parameter, kind, _fitting(value, kind), tuple(value.enum or ()))
        described = value.type is not None or value.default is not None or value.enum is not None
        first = self._described.get(value.parameter)
        if described and first not in (None, parameter):
            raise ValueProblem(
                f"the parameter {value.parameter} is described twice, differently: describe it once,"
                f" and write {{parameter: {value.parameter}}} in the other places"
            )
        if described and first is None:
            self._described[value.parameter] = self._plan.parameters[value.parameter] = parameter
        self._plan.parameters.setdefault(value.parameter, parameter)
        return ParameterReference(value.parameter)

    def _file(self, value: FileValue) -> FileReference:
        self._check_step(value.step)
        known = self._files[value.step]
        if value.property_file not in known:
            raise ValueProblem(
                f"{value.step} has no property file {value.property_file}{one_of(value.property_file, known)}"
            )
        return FileReference(value.step, value.property_file, value.json_path)

    def _check_step(self, name: str) -> None:
        if name not in self._outputs:
            raise ValueProblem(f"there is no step {name}{one_of(name, self._outputs)}")


def _fitting(value: ParameterValue, kind: ParameterType) -> Any:
    default = value.default
    if default is None:
        return None
    if isinstance(default, str) and kind != "String":
        # Out of `${NAME}`, everything comes as text.
        default = _parse(value.parameter, default, kind)
    if not isinstance(default, NUMBERS[kind]) or (isinstance(default, bool) and kind != "Boolean"):
        raise ValueProblem(f"the default {default!r} of the parameter {value.parameter} is no {kind}")
    if value.enum is not None and default not in value.enum:
        raise ValueProblem(
            f"the default {default!r} of the parameter {value.parameter} is not among its enum"
        )
    return default


def _parse(name: str, text: str, kind: ParameterType) -> Any:
    try:
        return PARSERS[kind](text)
    except (ValueError, KeyError) as error:
        raise ValueProblem(f"the default {text!r} of the parameter {name} is no {kind}") from error
