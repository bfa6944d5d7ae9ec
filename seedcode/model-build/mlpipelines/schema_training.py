"""The schema of what makes a model: training, tuning, AutoML."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from mlpipelines.schema_base import Section, spelled
from mlpipelines.schema_jobs import Channels, ScriptJob, Tags, usual_channels
from mlpipelines.schema_values import Count, Scalar, Text, Value


class MetricDefinition(Section):
    """A metric that SageMaker reads out of a training job's log."""

    name: str = Field(description="Its name.")
    regex: str = Field(description="Its first group is the value.")


class Train(ScriptJob):
    """A training job."""

    hyperparameters: dict[str, Value] | None = Field(
        None,
        validation_alias=spelled("hyperparameters", "hyperparams"),
        description="What the image, or the script, is given; numbers become texts.",
    )
    model_data_uri: Text | None = Field(None, description="A model to begin with, in the channel `model`.")
    output_path: Text | None = Field(
        None, description="S3 prefix of the model; in the project's bucket without it."
    )
    content_type: str | None = Field(None, description="Of all channels.")
    input_mode: Literal["File", "Pipe", "FastFile"] = Field("File", description="How data comes.")
    distribution: Literal["FullyReplicated", "ShardedByS3Key"] = Field(
        "FullyReplicated", description="How data is spread over several instances."
    )
    metric_definitions: list[MetricDefinition] | None = Field(None, description="Metrics out of the log.")
    channels: Channels | None = Field(
        None, description="What is found in /opt/ml/input/data/<channel>, besides what is chained."
    )


class Range(Section):
    """Values that tuning tries for one hyperparameter."""

    type: Literal["integer", "continuous", "categorical"] = Field(description="What they are.")
    min: float | None = Field(None, description="Smallest (integer, continuous).")
    max: float | None = Field(None, description="Largest (integer, continuous).")
    scaling: Literal["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"] = Field(
        "Auto", description="Where they are looked for (integer, continuous)."
    )
    values: list[Scalar] | None = Field(None, min_length=1, description="All of them (categorical).")


class Objective(Section):
    """What tuning looks for."""

    metric_name: str = Field(description="One of train's metric_definitions.")
    type: Literal["Maximize", "Minimize"] = Field("Maximize", description="Is more better?")


class Tune(Section):
    """A hyperparameter tuning job over `train`."""

    strategy: Literal["Bayesian", "Random", "Grid", "Hyperband"] = Field(
        "Bayesian", description="How to search."
    )
    objective: Objective = Field(description="What to look for.")
    max_jobs: PositiveInt = Field(4, description="How many trainings.")
    max_parallel_jobs: PositiveInt = Field(2, description="How many at a time.")
    early_stopping: Literal["Off", "Auto"] = Field("Off", description="Give up hopeless trainings.")
    random_seed: int | None = Field(None, ge=0, description="For the same search again.")
    parameter_ranges: dict[str, Range] = Field(
        min_length=1, description="By hyperparameter; the others stay as train says."
    )


class AutoML(Section):
    """An AutoML job (Autopilot): SageMaker finds and trains the model by itself, as an ensemble."""

    target: str = Field(min_length=1, description="The column to predict.")
    problem_type: Literal["BinaryClassification", "MulticlassClassification", "Regression"] | None = Field(
        None, description="What it is; SageMaker finds out without it."
    )
    objective: (
        Literal[
            "Accuracy", "MSE", "F1", "F1macro", "AUC", "RMSE", "BalancedAccuracy", "R2", "Recall", "RecallMacro",
            "Precision", "PrecisionMacro", "MAE",
        ]
        | None
    ) = Field(None, description="The metric to look for; neither it nor problem_type without the other.")  # fmt: skip
    algorithms: (
        list[
            Literal[
                "xgboost", "linear-learner", "lightgbm", "catboost", "randomforest", "extra-trees", "nn-torch",
                "fastai",
            ]
        ]
        | None
    ) = Field(None, min_length=1, description="Only these; all without it.")  # fmt: skip
    max_candidates: Count | None = Field(None, description="How many models are tried at most.")
    max_runtime_seconds: Count = Field(3600, description="When the search ends.")
    max_runtime_per_candidate_seconds: Count | None = Field(
        None, description="When one training of it is given up."
    )
    validation_fraction: float | None = Field(
        None, gt=0, lt=1, description="Share of the data to judge by, where no channel `validation` is given."
    )
    sample_weight: str | None = Field(
        None, pattern=r"^[a-zA-Z0-9_-]+$", max_length=256, description="Column with the weight of each row."
    )
    content_type: Literal["text/csv;header=present", "x-application/vnd.amazon+parquet"] = Field(
        "text/csv;header=present", description="Of both channels."
    )
    inference_response_keys: (
        list[Literal["predicted_label", "probability", "probabilities", "labels"]] | None
    ) = Field(
        None,
        min_length=1,
        description="What the model answers of a class, in this order; the label alone without it.",
    )
    output_path: Text | None = Field(
        None, description="S3 prefix of the models; in the project's bucket without it."
    )
    tags: Tags | None = Field(None, description="Tags besides the project's.")
    channels: Channels = Field(
        default_factory=usual_channels, description="`train` and, if there is one, `validation`."
    )
