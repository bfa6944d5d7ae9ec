"""What is published of the schema is what files are checked against."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml
from conftest import REPOSITORY
from sample_shapes import SAMPLES

from mlpipelines import reference

STALE = "is stale: run python -m mlpipelines.reference"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (reference.SCHEMA_FILE, reference.json_schema()),
        (reference.PAGE, reference.page()),
        (reference.TYPES_FILE, reference.types_list()),
    ],
)
def test_what_is_published_is_up_to_date(path: str, text: str) -> None:
    assert (REPOSITORY / path).read_text(encoding="utf-8") == text, f"{path} {STALE}"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(reference.json_schema()))


def test_editors_take_what_the_repository_says(validator: jsonschema.Draft202012Validator) -> None:
    files = [*REPOSITORY.glob("*/conf/*.yaml"), *REPOSITORY.glob("*/*/conf/*.yaml")]
    for file in files:
        validator.validate(yaml.safe_load(file.read_text()))


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_editors_take_the_sample_s_spellings(validator: jsonschema.Draft202012Validator, name: str) -> None:
    for text in SAMPLES[name].values():
        validator.validate(yaml.safe_load(text))


def test_editors_refuse_unknown_keys(validator: jsonschema.Draft202012Validator) -> None:
    document = {"models": {"a": {"train": {"entry_pint": "x.py"}}}}
    assert not validator.is_valid(document)
