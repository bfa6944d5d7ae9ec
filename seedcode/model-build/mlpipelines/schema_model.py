"""The schema of `models.<name>`: a model's source and all that is done with it."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from mlpipelines.schema_base import Section, spelled
from mlpipelines.schema_checks import ClarifyCheck, ModelQualityCheck, QualityCheck
from mlpipelines.schema_jobs import Evaluation, Processing
from mlpipelines.schema_serving import Registry, Transform
from mlpipelines.schema_training import AutoML, Train, Tune


class ModelSection(Section):
    """A model: its source and its jobs. Any other key is a processing job for steps with that step_type."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Processing]

    source_directory: str = Field("", description="Folder of its scripts, from the root of the repository.")
    name: str | None = Field(None, description="Taken for the sample's sake: SageMaker names models itself.")
    preprocess: Processing | None = Field(None, description="What Processing steps do.")
    train: Train | None = Field(None, description="What Training and Tuning steps do.")
    tune: Tune | None = Field(None, description="What Tuning steps search.")
    automl: AutoML | None = Field(None, description="What AutoML steps do.")
    transform: Transform | None = Field(None, description="What Transform steps do.")
    evaluate: Evaluation | None = Field(
        None, validation_alias=spelled("evaluate", "metrics"), description="What Metrics steps do."
    )
    data_quality: QualityCheck | None = Field(None, description="What QualityCheck steps do.")
    model_quality: ModelQualityCheck | None = Field(
        None, description="What QualityCheck steps with this step_type do."
    )
    data_bias: ClarifyCheck | None = Field(None, description="What ClarifyCheck steps do.")
    model_bias: ClarifyCheck | None = Field(
        None,
        description="What ClarifyCheck steps with this step_type do, to the model of the CreateModel step before.",
    )
    model_explainability: ClarifyCheck | None = Field(None, description="The same, for explanations.")
    registry: Registry | None = Field(None, description="What RegisterModel and CreateModel steps do.")
