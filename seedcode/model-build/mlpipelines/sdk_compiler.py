"""A plan in, SageMaker's definition of the pipeline out; the one module that imports the sagemaker SDK."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

import mlpipelines.light_sdk  # noqa: F401  # before the SDK

# isort: split
from sagemaker.core.lambda_helper import Lambda
from sagemaker.core.workflow import conditions
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import (
    Parameter,
    ParameterBoolean,
    ParameterFloat,
    ParameterInteger,
    ParameterString,
)
from sagemaker.core.workflow.properties import Properties, PropertyFile
from sagemaker.mlops.workflow.callback_step import CallbackOutput, CallbackOutputTypeEnum, CallbackStep
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import CacheConfig, ConfigurableRetryStep, Step, StepTypeEnum

from mlpipelines.pipeline_errors import UserError
from mlpipelines.plan import (
    AwsImage,
    AwsRepositoryImage,
    ConditionFact,
    ExecutionReference,
    FileReference,
    Joined,
    ParameterReference,
    PipelinePlan,
    PlannedStep,
    PropertyReference,
)
from mlpipelines.sdk_images import image_uri, repository_image_uri

COMPARISONS = {
    ">=": conditions.ConditionGreaterThanOrEqualTo,
    ">": conditions.ConditionGreaterThan,
    "<=": conditions.ConditionLessThanOrEqualTo,
    "<": conditions.ConditionLessThan,
    "==": conditions.ConditionEquals,
}
PARAMETERS = {
    "String": ParameterString,
    "Integer": ParameterInteger,
    "Float": ParameterFloat,
    "Boolean": ParameterBoolean,
}
SHAPES = {
    "Processing": ["DescribeProcessingJobResponse"],
    "Training": ["DescribeTrainingJobResponse"],
    "Tuning": [
        "DescribeHyperParameterTuningJobResponse",
        "ListTrainingJobsForHyperParameterTuningJobResponse",
    ],
    "AutoML": ["DescribeAutoMLJobResponse"],
    "QualityCheck": [],
    "ClarifyCheck": [],
    "Transform": ["DescribeTransformJobResponse"],
    "Model": ["DescribeModelOutput"],
    "RegisterModel": ["DescribeModelPackageOutput"],
}
"""What a step's properties are, by its type."""
CONSTRAINTS = ("BaselineUsedForDriftCheckConstraints", "CalculatedBaselineConstraints")
FURTHER_PROPERTIES = {
    "AutoML": ("BestCandidateProperties",),
    "ClarifyCheck": CONSTRAINTS,
    "QualityCheck": (*CONSTRAINTS, "BaselineUsedForDriftCheckStatistics", "CalculatedBaselineStatistics"),
}
"""What pipelines themselves add to them."""


class RequestStep(ConfigurableRetryStep):
    """A step with exactly the given arguments.

    The SDK's own steps take them from objects that start jobs; the plan already holds the requests.
    """

    def __init__(
        self, planned: PlannedStep, arguments: Mapping[str, Any], more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(planned.name, StepTypeEnum(planned.kind), planned.display_name, planned.description)
        self._planned = planned
        self._arguments = dict(arguments)
        self._more = dict(more or {})
        self._properties = Properties(step_name=planned.name, step=self, shape_names=SHAPES[planned.kind])

    @property
    def arguments(self) -> dict[str, Any]:
        return self._arguments

    @property
    def properties(self) -> Properties:
        return self._properties

    def to_request(self) -> dict[str, Any]:
        request: dict[str, Any] = super().to_request()
        if self._planned.cache_expire_after:
            request |= CacheConfig(True, self._planned.cache_expire_after).config
        files = [PropertyFile(f.name, f.output, f.path) for f in self._planned.property_files]
        return request | self._more | ({"PropertyFiles": [file.expr for file in files]} if files else {})


def compile_pipeline(plan: PipelinePlan) -> str:
    """Return the definition, as JSON; equal plans give equal bytes.

    Raises
    ------
    UserError
        When a value refers to a property that AWS does not have.
    """
    return _Compiler(plan).compile()


class _Compiler:
    def __init__(self, plan: PipelinePlan) -> None:
        self._plan = plan
        self._parameters: dict[str, Parameter] = {}
        self._steps: dict[str, Step] = {}
        self._kinds = {step.name: step.kind for step in plan.steps}
        for parameter in plan.parameters.values():
            options: dict[str, Any] = (
                {"default_value": parameter.default} if parameter.default is not None else {}
            )
            if parameter.enum:
                options["enum_values"] = list(parameter.enum)
            self._parameters[parameter.name] = PARAMETERS[parameter.type](name=parameter.name, **options)

    def compile(self) -> str:
        with warnings.catch_warnings():
            # The SDK warns that a Lambda function is not updated, which is what is meant.
            warnings.filterwarnings("ignore", message="Lambda function won't be updated")
            inner = {name for step in self._plan.steps for name in (*step.if_steps, *step.else_steps)}
            for planned in self._plan.steps:
                if planned.kind != "Condition":
                    self._add(planned)
            for planned in reversed(self._plan.steps):
                # A condition holds its steps, so those come first: also conditions inside of conditions.
                self._add(planned)
            pipeline = Pipeline(
                name=self._plan.name,
                parameters=list(self._parameters.values()),
                # No experiment: it would outlive the project.
                pipeline_experiment_config=None,
                steps=[self._steps[step.name] for step in self._plan.steps if step.name not in inner],
                sagemaker_session=_NoSession(),
            )
            definition = json.loads(pipeline.definition())
        return json.dumps(definition, indent=1) + "\n"

    def _add(self, planned: PlannedStep) -> None:
        if planned.name in self._steps:
            return
        for name in (*planned.if_steps, *planned.else_steps):
            self._add(next(step for step in self._plan.steps if step.name == name))
        step = self._make(planned)
        if planned.depends_on:
            step.add_depends_on(list(planned.depends_on))
        self._steps[planned.name] = step

    def _make(self, planned: PlannedStep) -> Step:
        words = {
            "name": planned.name,
            "display_name": planned.display_name,
            "description": planned.description,
        }
        if planned.kind == "Condition":
            return ConditionStep(
                **words,
                conditions=[self._condition(each) for each in planned.conditions],
                if_steps=[self._steps[name] for name in planned.if_steps],
                else_steps=[self._steps[name] for name in planned.else_steps],
            )
        request = self._value(planned.request)
        if planned.kind == "Fail":
            return FailStep(**words, error_message=request["ErrorMessage"])
        cache = CacheConfig(True, planned.cache_expire_after) if planned.cache_expire_after else None
        if planned.kind == "Lambda":
            outputs = [
                LambdaOutput(name, LambdaOutputTypeEnum[kind]) for name, kind in planned.more["outputs"]
            ]
            function = Lambda(function_arn=self._value(planned.more["function"]), session=_NoSession())
            return LambdaStep(
                **words, lambda_func=function, inputs=request, outputs=outputs, cache_config=cache
            )
        if planned.kind == "Callback":
            outputs = [
                CallbackOutput(name, CallbackOutputTypeEnum[kind]) for name, kind in planned.more["outputs"]
            ]
            queue = self._value(planned.more["queue"])
            return CallbackStep(
                **words, sqs_queue_url=queue, inputs=request, outputs=outputs, cache_config=cache
            )
        return RequestStep(planned, request, self._value(planned.more))

    def _condition(self, condition: ConditionFact) -> conditions.Condition:
        left, right = self._value(condition.left), self._value(condition.right)
        if condition.operator == "in":
            return conditions.ConditionIn(value=left, in_values=right if isinstance(right, list) else [right])
        return COMPARISONS[condition.operator](left=left, right=right)

    def _value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if isinstance(value, ParameterReference):
            return self._parameters[value.name]
        if isinstance(value, Joined):
            return Join(on=value.separator, values=[self._value(part) for part in value.parts])
        if isinstance(value, FileReference):
            return JsonGet(step_name=value.step, property_file=value.property_file, json_path=value.json_path)
        if isinstance(value, ExecutionReference):
            return getattr(ExecutionVariables, value.name)
        if isinstance(value, PropertyReference):
            return self._property(value)
        if isinstance(value, AwsImage):
            return image_uri(value)
        if isinstance(value, AwsRepositoryImage):
            return repository_image_uri(value)
        return value

    def _property(self, reference: PropertyReference) -> Properties:
        first = reference.path.partition(".")[0].partition("[")[0]
        kind = self._kinds[reference.step]
        known = SHAPES.get(kind, [])
        members = {name for shape in known for name in Properties._shapes_map["sagemaker"][shape]["members"]}
        names = sorted(members.union(FURTHER_PROPERTIES.get(kind, ())))
        if kind in SHAPES and first not in names:
            raise UserError(f"the step {reference.step} has no property {first}: it has {', '.join(names)}")
        return Properties(step_name=reference.step, path=reference.path)


class _NoSession:
    """Stands where the SDK wants a session and its clients, of which making a definition uses nothing."""

    local_mode = False
    sagemaker_config: Mapping[str, Any] = {}

    @property
    def boto_session(self) -> _NoSession:
        return self

    def client(self, service: str) -> None:
        """Return no client."""
