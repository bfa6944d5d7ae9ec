"""AWS's own images, named by repository and tag, come from the registry that a region has."""

from __future__ import annotations

import json

import pytest
from configured_repository import Repository

from mlpipelines.pipeline_errors import UserError
from mlpipelines.plan import AwsRepositoryImage
from mlpipelines.sdk_compiler import compile_pipeline
from mlpipelines.sdk_images import repository_image_uri

TRAINING, SERVING = "tensorflow-training:2.19.0-cpu-py312", "tensorflow-inference:2.19.0-cpu"
CONF = f"""\
models:
  texts:
    train:
      image: aws:{TRAINING}
      channels: {{train: {{dataFiles: [{{fileName: "s3://bucket/texts.csv"}}]}}}}
    registry: {{InferenceSpecification: {{image: "aws:{SERVING}"}}}}
sagemakerPipeline:
  pipelineName: texts
  models:
    texts:
      steps:
        - {{step_name: train, step_class: Training}}
        - {{step_name: register, step_class: RegisterModel}}
"""


def test_jobs_and_registered_models_get_the_region_s_uri(repository: Repository) -> None:
    plan = repository.write({"texts/conf/conf.yaml": CONF}).plan()["texts"]
    train, register = json.loads(compile_pipeline(plan))["Steps"]
    region = repository.settings.aws_region
    registry = f"763104351884.dkr.ecr.{region}.amazonaws.com"
    assert train["Arguments"]["AlgorithmSpecification"]["TrainingImage"] == f"{registry}/{TRAINING}"
    (container,) = register["Arguments"]["InferenceSpecification"]["Containers"]
    assert container["Image"] == f"{registry}/{SERVING}"


@pytest.mark.parametrize(
    "written", ["ml.g4dn.xlarge", "{parameter: TrainingInstanceType, default: ml.g4dn.xlarge}"]
)
def test_instances_with_disks_of_their_own_get_no_key_which_sagemaker_would_refuse(
    repository: Repository, written: str
) -> None:
    conf = CONF.replace("    train:\n", f"    train:\n      instance_type: {written}\n", 1)
    plan = repository.write({"texts/conf/conf.yaml": conf}).plan()["texts"]
    train, _ = json.loads(compile_pipeline(plan))["Steps"]
    assert "VolumeKmsKeyId" not in train["Arguments"]["ResourceConfig"]


@pytest.mark.parametrize(
    ("repository_name", "region", "registry"),
    [
        ("huggingface-pytorch-training", "eu-south-1", "692866216735.dkr.ecr.eu-south-1.amazonaws.com"),
        ("tensorflow-training", "cn-north-1", "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_regions_have_accounts_and_suffixes_of_their_own(
    repository_name: str, region: str, registry: str
) -> None:
    image = AwsRepositoryImage(repository_name, "1", region)
    assert repository_image_uri(image) == f"{registry}/{repository_name}:1"


@pytest.mark.parametrize(
    ("name", "region", "words"),
    [
        (
            "tensorflow-trainning",
            "eu-west-1",
            "lists of AWS's images have no repository tensorflow-trainning",
        ),
        ("nobody-s", "eu-west-1", "have no repository nobody-s"),
        ("tensorflow-training", "mars-north-1", "AWS has no repository tensorflow-training in mars-north-1"),
    ],
)
def test_what_aws_does_not_have_is_named(name: str, region: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        repository_image_uri(AwsRepositoryImage(name, "1", region))


def test_an_image_without_a_tag_is_told_how_one_is_written(repository: Repository) -> None:
    repository.write({"texts/conf/conf.yaml": CONF.replace(TRAINING, "tensorflow-training", 1)})
    (problem,) = repository.problems()
    assert "an image of AWS is written aws:<repository>:<tag>, not aws:tensorflow-training" in problem
