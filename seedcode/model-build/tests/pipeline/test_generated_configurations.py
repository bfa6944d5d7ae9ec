"""Whatever is written, the answer is a plan or problems in words, never a traceback."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import yaml
from configured_repository import Repository
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_shapes import FILES, SAMPLES
from test_checks_and_automl import CONF as CHECKS
from test_control_steps import CONF as CALLS

from mlpipelines.project_settings import stand_in_settings
from mlpipelines.schema_errors import keys_with_sections
from mlpipelines.schema_model import ModelSection

WRITTEN = {
    **SAMPLES,
    "checks": {"work/adults/conf/conf.yaml": CHECKS, "adults/prepare.py": "\n"},
    "calls": {"work/calls/conf/conf.yaml": CALLS},
}
KEYS = [*sorted(keys_with_sections()), "models", "x", "conf", "a"]
WORDS = [
    "",
    "a",
    "b",
    "project",
    "ml.m5.large",
    "ml.x.y",
    "Training",
    "Processing",
    "a >> b",
    "s3://b/k",
    "${X}",
    "train",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**9)
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(max_size=8)
)
NAMES = st.sampled_from(["a", "b", "prepare", "train"])
EXPRESSIONS = st.fixed_dictionaries(
    {"parameter": NAMES}, optional={"type": st.sampled_from(["String", "Integer", "x"]), "default": SCALARS}
) | st.fixed_dictionaries(
    {"step": NAMES}, optional={"output": NAMES, "property": NAMES, "property_file": NAMES, "json_path": NAMES}
)
VALUES = SCALARS | EXPRESSIONS
TREES = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=15,
)
BLOCK_NAMES = ["b", *sorted(ModelSection.model_fields)]
BLOCKS = st.dictionaries(st.sampled_from(KEYS), VALUES | TREES, max_size=4)
CLASSES = [
    "Processing",
    "Training",
    "Tuning",
    "CreateModel",
    "Transform",
    "Metrics",
    "RegisterModel",
    "Condition",
    "Fail",
    "Lambda",
    "Callback",
    "AutoML",
    "QualityCheck",
    "ClarifyCheck",
    "Nothing",
]
STEPS = st.builds(
    lambda base, more: more | base,
    st.fixed_dictionaries({"step_name": NAMES, "step_class": st.sampled_from(CLASSES)}),
    st.fixed_dictionaries(
        {},
        optional={
            "step_type": NAMES,
            "chain_input_source_step": st.lists(NAMES, max_size=2),
            "if_steps": st.lists(NAMES, max_size=2),
            "error_message": VALUES,
            "enable_cache": st.booleans(),
            "conditions": st.just([{"left": 1, "operator": "==", "right": 1}]),
            "function_arn": VALUES,
            "sqs_queue_url": VALUES,
        },
    ),
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "models": st.dictionaries(
            NAMES,
            st.dictionaries(
                st.sampled_from(BLOCK_NAMES),
                BLOCKS,
                max_size=5,
            ),
            max_size=2,
        ),
        "sagemakerPipeline": st.fixed_dictionaries(
            {
                "pipelineName": st.sampled_from(["p", "q"]),
                "models": st.dictionaries(
                    NAMES, st.fixed_dictionaries({"steps": st.lists(STEPS, max_size=5)}), max_size=2
                ),
            },
            optional={
                "dependencies": st.lists(
                    st.sampled_from(["a >> b", "b >> a", "[a, b] >> train", "a >>", "prepare << a"])
                    | st.text(max_size=12),
                    max_size=3,
                )
            },
        ),
    }
)


def read(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(Path(folder), stand_in_settings())
        repository.write({"m/conf/conf.yaml": text})
        for problem in repository.problems():
            assert problem.startswith("m/conf/conf.yaml")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(DOCUMENTS)
def test_generated_configurations_are_planned_or_told(document: Any) -> None:
    read(yaml.safe_dump(document))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(TREES)
def test_any_yaml_is_planned_or_told(document: Any) -> None:
    read(yaml.safe_dump(document))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=60))
def test_any_text_is_planned_or_told(text: str) -> None:
    read(text)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(WRITTEN)), st.data())
def test_what_is_right_with_a_mutation_is_planned_or_told(name: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(Path(folder), stand_in_settings()).write(FILES)
        for path, text in WRITTEN[name].items():
            lines = text.splitlines()
            number = data.draw(st.integers(0, len(lines) - 1))
            line = lines[number]
            word = data.draw(st.sampled_from(re.findall(r"[\w.-]+", line) or [""]))
            other = line.replace(word, data.draw(st.sampled_from(WORDS)), 1)
            lines[number] = data.draw(
                st.sampled_from(["", line + "x", line.strip(), line.replace(":", ""), other])
            )
            repository.write({path: "\n".join(lines) + "\n"})
        for problem in repository.problems():
            assert problem.startswith("work/")
