"""What each type of pipeline step calls, answers and is cached by; definitions are checked and steps run by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localaws.services.sagemaker.automl_run import BEST_CANDIDATE_MEMBERS, best_candidate_properties


@dataclass(frozen=True)
class JobType:
    """The job that a step waits for.

    Attributes
    ----------
    table
        moto's table of these jobs.
    noun
        Prefix of the job's fields: ``<noun>Arn``, ``<noun>Status``.
    metadata
        How the step's Metadata calls the job.
    cached
        Arguments that must be equal for an earlier result to be taken; of those with names of their own, these.
    """

    table: str
    noun: str
    metadata: str
    cached: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class AddedProperty:
    """A structure that pipelines add to what the job's own description answers.

    Attributes
    ----------
    name
        What the property is called.
    members
        What it may hold.
    make
        Makes it of the job's own properties.
    """

    name: str
    members: tuple[str, ...]
    make: Callable[[Mapping[str, Any]], dict[str, str]]


@dataclass(frozen=True)
class CallType:
    """A step that creates something by API.

    Attributes
    ----------
    create
        The operation whose request the step's Arguments are.
    describe
        Operations whose answers are the step's properties.
    name_argument
        The argument that SageMaker fills in, empty for none.
    name_length
        How long what is filled in may be.
    job
        For a step that is a job.
    added
        A property besides those of the answers.
    """

    create: str
    describe: tuple[str, ...]
    name_argument: str = ""
    name_length: int = 63
    job: JobType | None = None
    added: AddedProperty | None = None


def _whole(*names: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(names, ())


CALLS: dict[str, CallType] = {
    "Processing": CallType(
        "CreateProcessingJob",
        ("DescribeProcessingJob",),
        "ProcessingJobName",
        job=JobType(
            "processing_jobs",
            "ProcessingJob",
            "ProcessingJob",
            _whole("AppSpecification", "Environment", "ProcessingInputs"),
        ),
    ),
    "Training": CallType(
        "CreateTrainingJob",
        ("DescribeTrainingJob",),
        "TrainingJobName",
        job=JobType(
            "training_jobs",
            "TrainingJob",
            "TrainingJob",
            _whole(
                "AlgorithmSpecification",
                "CheckpointConfig",
                "DebugHookConfig",
                "DebugRuleConfigurations",
                "Environment",
                "HyperParameters",
                "InputDataConfig",
            ),
        ),
    ),
    "Transform": CallType(
        "CreateTransformJob",
        ("DescribeTransformJob",),
        "TransformJobName",
        job=JobType(
            "transform_jobs",
            "TransformJob",
            "TransformJob",
            _whole("DataProcessing", "Environment", "ModelName", "TransformInput"),
        ),
    ),
    "Tuning": CallType(
        "CreateHyperParameterTuningJob",
        ("DescribeHyperParameterTuningJob", "ListTrainingJobsForHyperParameterTuningJob"),
        "HyperParameterTuningJobName",
        32,
        job=JobType(
            "hyper_parameter_tuning_jobs",
            "HyperParameterTuningJob",
            "TuningJob",
            {
                "HyperParameterTuningJobConfig": (),
                "TrainingJobDefinition": (
                    "AlgorithmSpecification",
                    "HyperParameterRanges",
                    "InputDataConfig",
                    "StaticHyperParameters",
                    "TuningObjective",
                ),
                "TrainingJobDefinitions": (),
            },
        ),
    ),
    "AutoML": CallType(
        "CreateAutoMLJob",
        ("DescribeAutoMLJob",),
        "AutoMLJobName",
        32,
        job=JobType(
            "auto_ml_jobs",
            "AutoMLJob",
            "AutoMLJob",
            _whole("AutoMLJobConfig", "AutoMLJobObjective", "InputDataConfig", "ProblemType"),
        ),
        added=AddedProperty("BestCandidateProperties", BEST_CANDIDATE_MEMBERS, best_candidate_properties),
    ),
    "RegisterModel": CallType("CreateModelPackage", ("DescribeModelPackage",)),
    "Model": CallType("CreateModel", ("DescribeModel",), "ModelName"),
}
OTHERS = ("Condition", "Fail", "Lambda", "Callback")
WITH_OUTPUT_PARAMETERS = ("Lambda", "Callback")
