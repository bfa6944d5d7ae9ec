"""Whatever is wrong is told at once, each with its place and what to do."""

# ruff: noqa: E501  # the table of mistakes reads best with a line each
from __future__ import annotations

import re

import pytest
from configured_repository import Repository

CONF = """\
models:
  a:
    source_directory: a
    preprocess: {entry_point: prepare.py, channels: {train: {dataFiles: [{fileName: "s3://b/k"}]}, test: }}
    train: {image: project, instance_type: ml.m5.large}
    transform: {channels: test}
    registry: {}
sagemakerPipeline:
  pipelineName: first
  models:
    a:
      steps:
        - {step_name: prepare, step_class: Processing}
        - {step_name: fit, step_class: Training}
        - {step_name: make, step_class: CreateModel}
        - {step_name: score, step_class: Transform}
        - {step_name: register, step_class: RegisterModel}
  dependencies:
    - fit >> register
"""


def problems(repository: Repository, old: str, new: str) -> list[str]:
    assert old in CONF
    repository.write({"a/conf/conf.yaml": CONF.replace(old, new, 1), "a/prepare.py": ""})
    return repository.problems()


def test_what_is_right_has_no_problems(repository: Repository) -> None:
    assert problems(repository, "a", "a") == []


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("entry_point:", "entry_pint:", "4:18: models.a.preprocess.entry_pint", "unknown key; did you mean entry_point?"),
        ("registry: {}", "registry: {hyperparams: {}}", "7:16", "unknown key here: it belongs to Train"),
        ("pipelineName: first", "pipelineNam: first", "9:3", "did you mean pipelineName?"),
        ("pipelineName: first", "start: always", "8:1: sagemakerPipeline", "this key is missing: pipelineName"),
        ("step_class: Training", "step_class: Trainin", "14:11", "'Trainin' is no step_class; did you mean Training?"),
        ("step_name: fit,", "", "14:11", "this key is missing: step_name"),
        ("ml.m5.large", "ml.m5.larg", "5:", "no instance type ml.m5.larg for training; did you mean ml.m5.large?"),
        ("ml.m5.large", "m5.large", "5:", "does not have the form"),
        ("prepare.py,", "prepar.py,", "4:18", "there is no file a/prepar.py; did you mean prepare.py?"),
        ("s3://b/k", "data/x.csv", "4:", "there is no file data/x.csv in this repository"),
        ("- {step_name: make, step_class: CreateModel}", "", "1", "a Transform step needs a model"),
        ("step_name: score", "step_name: fit", "16:12", "two steps are called fit: the first is on line 14"),
        ("fit >> register", "fit >> registr", "19:7", "there is no step registr; did you mean register?"),
        ("fit >> register", "fit > register", "19:7", "unexpected '>'"),
        ("fit >> register", "register >> prepare >> register", "13:11", "these steps wait for each other"),
        (
            "{step_name: fit, step_class: Training}",
            "{step_name: fit, step_class: Training, chain_input_source_step: [{step: prepare, channels: [tran]}]}",
            "14:",
            "prepare has no output tran: it has test, train",
        ),
        (
            "{step_name: fit, step_class: Training}",
            "{step_name: fit, step_class: Training, chain_input_source_step: [register]}",
            "14:",
            "register is a RegisterModel step and has no outputs",
        ),
        ("step_class: RegisterModel", "step_class: RegisterModel, enable_cache: true", "17:", "SageMaker does not cache"),
        ("step_class: Processing", "step_class: Processing, step_type: prep", "13:", "has no prep for it (Processing)"),
        ("  a:\n      steps", "  b:\n      steps", "11:5", "no file has a model b; there is a"),
        ("registry: {}", 'registry: {ModelRepack: "True"}', "7:16: models.a.registry.ModelRepack", "put the script into code/ of SM_MODEL_DIR"),
        ("    registry: {}", "    registry: {}\n    postprocess: {}", "8:5", "no step has the step_type postprocess"),
        ("train: {image: project", "train: {instance_count: 0, image: project", "5:13", "greater than or equal to 1"),
        ("train: {image: project", "train: {image: ./nowhere", "5:5", "there is no nowhere/Dockerfile"),
        ("train: {image: project", "train: {env: {A: {paramter: B}}, image: project", "5:19", "a mapping needs one of the keys"),
        ("train: {image: project", "train: {env: {A: '${NO_SUCH}'}, image: project", "5:19", "NO_SUCH is not set"),
        ("models:\n  a:", "s3Bucket: b\nmodels:\n  a:", "1:1", "comes from the project, never from a file"),
        ("registry: {}", "registry: {}\n    train: {}", "8:5", "this key stands here twice, first on line 5"),
        ("pipelineName: first", "pipelineName: [", "1", "this is not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(
    repository: Repository, old: str, new: str, place: str, words: str
) -> None:
    found = problems(repository, old, new)
    assert any(each.startswith(f"a/conf/conf.yaml:{place}") and words in each for each in found), found


def test_everything_that_is_wrong_is_told_at_once(repository: Repository) -> None:
    wrong = (
        CONF.replace("entry_point", "entrypoint")
        .replace("dependencies", "dependencys")
        .replace("registry: {}", "registry: 3")
    )
    repository.write({"a/conf/conf.yaml": wrong, "b/conf/conf.yaml": "- no\n"})
    found = repository.problems()
    assert len(found) == 4
    assert {each.partition(":")[0] for each in found} == {"a/conf/conf.yaml", "b/conf/conf.yaml"}


def test_a_model_in_two_files_is_refused_with_both_places(repository: Repository) -> None:
    other = re.sub(r"(?s)sagemakerPipeline.*", "", CONF)
    repository.write({"a/conf/conf.yaml": CONF, "a/prepare.py": "", "b/conf/conf-2.yaml": other})
    assert repository.problems() == [
        "b/conf/conf-2.yaml:2:3: models.a: the model a is here twice: first at a/conf/conf.yaml:2:3"
    ]


def test_a_pipeline_in_two_files_is_refused_with_both_places(repository: Repository) -> None:
    other = CONF.replace("  a:", "  b:")
    repository.write({"a/conf/conf.yaml": CONF, "a/prepare.py": "", "b/conf/conf.yaml": other})
    (found,) = repository.problems()
    assert found.startswith("b/conf/conf.yaml:9:3")
    assert "first at a/conf/conf.yaml:8:1" in found


@pytest.mark.parametrize(
    "text", ["a: &a [*a]", "\x00", "{", "? [1]\n: 2", "a: !!python/object:os.x {}", "&a a: *b"]
)
def test_a_file_that_is_no_yaml_is_told_as_that(repository: Repository, text: str) -> None:
    (found,) = repository.write({"x/conf/conf.yaml": text}).problems()
    assert found.startswith("x/conf/conf.yaml")
