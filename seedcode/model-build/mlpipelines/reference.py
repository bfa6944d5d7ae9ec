"""The schema in, what is published of it out: the JSON Schema for editors, the reference page, the instance types.

`python -m mlpipelines.reference` writes all three; tests compare them with what stands in the repository.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mlpipelines import (
    instance_types,
    schema_checks,
    schema_document,
    schema_jobs,
    schema_model,
    schema_serving,
    schema_training,
    schema_values,
)
from mlpipelines.project_settings import repository_root
from mlpipelines.schema_base import spellings

SCHEMA_FILE = "mlpipelines/conf.schema.json"
PAGE = "docs/reference.md"
TYPES_FILE = "mlpipelines/instance_types.txt"
TYPES_HEAD = "# Instance types of SageMaker: P processing, T training, B batch transform, E endpoints."

CHAPTERS: Mapping[str, tuple[type[BaseModel], ...]] = {
    "The file": (schema_document.Document,),
    "A model": (schema_model.ModelSection,),
    "Processing": (schema_jobs.Processing, schema_jobs.PropertyFileEntry),
    "Training and tuning": (
        schema_training.Train,
        schema_training.MetricDefinition,
        schema_training.Tune,
        schema_training.Objective,
        schema_training.Range,
    ),
    "AutoML": (schema_training.AutoML,),
    "Batch transform": (schema_serving.Transform,),
    "Evaluation": (schema_jobs.Evaluation, schema_jobs.MetricsReport),
    "Checks": (
        schema_checks.QualityCheck,
        schema_checks.ModelQualityCheck,
        schema_checks.ClarifyCheck,
    ),
    "Registration": (schema_serving.Registry, schema_serving.Inference),
    "Channels and data files": (schema_jobs.Channel, schema_jobs.DataFile),
    "The pipeline": (schema_document.PipelineSection, schema_document.PipelineModel),
    "Steps": (
        schema_document.StepEntry,
        schema_document.ProcessingStepEntry,
        schema_document.TrainingStepEntry,
        schema_document.TuningStepEntry,
        schema_document.AutoMLStepEntry,
        schema_document.CreateModelStepEntry,
        schema_document.TransformStepEntry,
        schema_document.MetricsStepEntry,
        schema_document.QualityCheckStepEntry,
        schema_document.ClarifyCheckStepEntry,
        schema_document.RegisterModelStepEntry,
        schema_document.ConditionStepEntry,
        schema_document.Comparison,
        schema_document.FailStepEntry,
        schema_document.LambdaStepEntry,
        schema_document.CallbackStepEntry,
        schema_document.OutputParameter,
        schema_document.ChainSource,
    ),
    "Values": tuple(schema_values.KINDS.values()),
}
PLACES: Mapping[str, str] = {
    "ModelSection": "models.<name>",
    "Processing": "models.<name>.preprocess, or any other name",
    "Train": "models.<name>.train",
    "Tune": "models.<name>.tune",
    "AutoML": "models.<name>.automl",
    "QualityCheck": "models.<name>.data_quality",
    "ModelQualityCheck": "models.<name>.model_quality",
    "ClarifyCheck": "models.<name>.data_bias, model_bias and model_explainability",
    "Transform": "models.<name>.transform",
    "Evaluation": "models.<name>.evaluate",
    "Registry": "models.<name>.registry",
    "Channel": "channels.<channel>",
    "DataFile": "channels.<channel>.dataFiles[]",
    "PipelineSection": "sagemakerPipeline",
    "PipelineModel": "sagemakerPipeline.models.<name>",
    "StepEntry": "sagemakerPipeline.models.<name>.steps[], whatever the step_class",
}


def json_schema() -> str:
    """Return the JSON Schema of a file; all of it may stand below the key `conf`."""
    document = schema_document.Document.model_json_schema()
    wrapped = {"type": "object", "properties": {"conf": {"$ref": "#/$defs/Document"}}, "required": ["conf"]}
    definitions = document.pop("$defs") | {"Document": document}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A pipeline's configuration",
        "anyOf": [{"$ref": "#/$defs/Document"}, wrapped],
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    }
    return json.dumps(schema, indent=1) + "\n"


def page() -> str:
    """Return the reference page."""
    lines = [
        "# Reference of configuration files",
        "",
        "Made by `python -m mlpipelines.reference` out of the schema that files are checked against.",
        "`validate` refuses every key that is not here.",
    ]
    for title, sections in CHAPTERS.items():
        lines += ["", f"## {title}"]
        for section in sections:
            lines += ["", *_section(section)]
    return "\n".join(lines) + "\n"


def types_list() -> str:
    """Return the list of instance types, out of botocore's model."""
    import botocore.session

    model: Any = botocore.session.get_session().get_service_model("sagemaker")
    known = {kind: set(model.shape_for(kind).enum) for kind in instance_types.LETTERS}
    names = sorted(set().union(*known.values()))
    lines = [
        f"{name} {''.join(letter for kind, letter in instance_types.LETTERS.items() if name in known[kind])}"
        for name in names
    ]
    return "\n".join([TYPES_HEAD, *lines]) + "\n"


def main() -> None:
    """Write all three files."""
    root = repository_root()
    for path, text in ((SCHEMA_FILE, json_schema()), (PAGE, page()), (TYPES_FILE, types_list())):
        (root / path).parent.mkdir(exist_ok=True)
        Path(root / path).write_text(text, encoding="utf-8")


def _section(section: type[BaseModel]) -> Iterator[str]:
    fields = dict(section.model_fields)
    title = PLACES.get(section.__name__)
    common = schema_document.StepEntry.model_fields
    if "step_class" in fields:
        (name,) = fields.pop("step_class").annotation.__args__  # type: ignore[union-attr]  # always a Literal
        title = f"step_class: {name}"
        fields = {key: field for key, field in fields.items() if key not in common}
    yield f"### {f'`{title}`' if title else section.__name__}"
    yield ""
    yield str(section.__doc__).partition("\n")[0]
    if fields:
        yield ""
        yield "| key | default | |"
        yield "|---|---|---|"
    for name, field in fields.items():
        first, *others = spellings(field.validation_alias or name)
        also = f" Also spelt {', '.join(f'`{other}`' for other in others)}." if others else ""
        yield f"| `{first}` | {_default(field)} | {(field.description or '').replace('|', chr(92) + '|')}{also} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined or value in ({}, [], ""):
        return ""
    if isinstance(value, BaseModel):
        return "as below"
    text = json.dumps(value) if not isinstance(value, str) else value
    return f"`{text}`"


if __name__ == "__main__":
    main()
