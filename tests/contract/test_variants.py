"""The project variants: what the form offers is what the function, the stack, the bundle and the rehearsal know."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from mlproject.rehearsal.variants import DEFAULT, FIRST_MODELS
from mlproject.seeds import unpack_bundle
from terraform_runner.project_request import DEFAULT_VARIANT
from terraform_runner.template_bundle import TemplateBundle

ROOT = Path(__file__).parents[2]
# As the API reference of CreateModelPackage lists them; its model takes any text.
TASKS = {
    "CLASSIFICATION", "FILL_MASK", "IMAGE_CLASSIFICATION", "IMAGE_SEGMENTATION", "OBJECT_DETECTION", "OTHER",
    "REGRESSION", "TEXT_GENERATION",
}  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> TemplateBundle:
    return unpack_bundle(ROOT, tmp_path_factory.mktemp("bundle"))


def names_in(path: str, pattern: str) -> list[str]:
    found = re.search(pattern, (ROOT / path).read_text())
    assert found
    return re.findall(r"[a-z][a-z0-9-]+", found[1])


def test_every_part_knows_the_same_variants(bundle: TemplateBundle) -> None:
    form = names_in("cloudformation/project.yaml", r"ProjectVariant:\n.*\n.*\n +AllowedValues: \[(.*)\]")
    function = names_in(
        "lambda/terraform-runner/terraform_runner_provider/custom_resource_request.py",
        r"_VARIANTS = \((.*)\)",
    )
    stack = names_in("terraform/variables.tf", r"contains\(\[(.*)\], var.project_variant\)")
    assert form == function == stack
    assert sorted(form) == list(bundle.variants) == sorted(FIRST_MODELS)
    assert form[0] == DEFAULT == DEFAULT_VARIANT


def test_every_variant_s_repositories_stand_alone(bundle: TemplateBundle) -> None:
    for variant in bundle.variants:
        seeded = bundle.seed("modelbuild", variant)
        assert {"README.md", "buildspec/train.yml", "container/Dockerfile", "mlpipelines/plan.py"} <= {
            *seeded
        }
        assert any(re.fullmatch(r"tests/jobs/test_\w+\.py", name) for name in seeded)
        assert ("churn/conf/conf.yaml" in seeded) == (variant == DEFAULT)


def test_every_variant_says_what_a_record_is_and_how_its_stages_answer(bundle: TemplateBundle) -> None:
    for variant in bundle.variants:
        seeded = bundle.seed("modeldeploy", variant)
        assert {"config/staging.yaml", "config/prod.yaml", "lambda/Dockerfile", "endpoint.yaml"} <= {*seeded}
        schema = json.loads(seeded["lambda/inference_api/record.schema.json"].content)
        Draft4Validator.check_schema(schema)
        assert (schema["$schema"], schema["type"]) == ("http://json-schema.org/draft-04/schema#", "object")
        assert {*schema.get("required", [])} <= {*schema.get("properties", {})}


def test_models_are_registered_for_tasks_that_sagemaker_knows(bundle: TemplateBundle) -> None:
    written = {
        variant: re.findall(r"^ +task: (\S+)$", file.content.decode(), re.MULTILINE)
        for variant in bundle.variants
        for name, file in bundle.seed("modelbuild", variant).items()
        if name.endswith("/conf/conf.yaml")
    }
    assert {*written} == {*bundle.variants} - {"config-only"}
    assert all(tasks and {*tasks} <= TASKS for tasks in written.values())


def test_the_income_model_s_columns_are_those_of_its_record(bundle: TemplateBundle) -> None:
    record = bundle.seed("modeldeploy", "autopilot")["lambda/inference_api/record.schema.json"]
    columns = bundle.seed("modelbuild", "autopilot")["adult/columns.py"].content.decode()
    listed = re.search(r"COLUMNS = \((.*), TARGET,", columns, re.DOTALL)
    assert listed
    properties = json.loads(record.content)["properties"]
    sent = [name for name, kind in properties.items() if not kind.get("x-not-sent")]
    assert re.findall(r'"([a-z-]+)"', listed[1]) == sent
