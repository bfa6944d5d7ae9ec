"""Which of AWS's images have a stand-in, and what the others are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from localaws.framework_images import IMAGES, UnknownTag, find
from localaws.images import ImageNotFound, find_stand_in

REGISTRY = "763104351884.dkr.ecr.eu-west-1.amazonaws.com"
TAGS = {
    "tensorflow-training": "2.19.0-cpu-py312",
    "tensorflow-inference": "2.19.0-cpu",
    "huggingface-pytorch-training": "2.9.0-transformers5.3.0-gpu-py312-cu130-ubuntu22.04",
    "huggingface-pytorch-inference": "2.6.0-transformers5.5.3-cpu-py312-ubuntu22.04",
}


@pytest.mark.parametrize("repository", IMAGES)
def test_an_image_is_known_in_every_region_by_repository_and_tag(repository: str) -> None:
    for registry in (REGISTRY, "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn"):
        assert find(f"{registry}/{repository}:{TAGS[repository]}") == IMAGES[repository]


def test_an_image_of_a_known_repository_that_nothing_stands_in_for_is_refused_by_its_tag() -> None:
    with pytest.raises(UnknownTag, match=r"of tensorflow-training localaws knows .*, not 1\.15\.2-gpu-py37"):
        find(f"{REGISTRY}/tensorflow-training:1.15.2-gpu-py37")
    with pytest.raises(ImageNotFound, match=r"image .*/tensorflow-inference has no stand-in: .* not latest"):
        find_stand_in(f"{REGISTRY}/tensorflow-inference")


@pytest.mark.parametrize(
    "uri",
    [
        f"{REGISTRY}/mxnet-training:1.9.0-cpu-py38",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tensorflow-training:2.19.0-cpu-py312",
        "tensorflow-training:2.19.0-cpu-py312",
    ],
)
def test_any_other_image_is_somebody_else_s(uri: str) -> None:
    assert find(uri) is None


def test_one_lock_makes_an_image_for_training_and_one_for_serving(own_cache: Path) -> None:
    names = ("tensorflow-training", "tensorflow-inference")
    made = [each for name in names if (each := find_stand_in(f"{REGISTRY}/{name}:{TAGS[name]}"))]
    assert [each.build_args["COMMAND"] for each in made] == ["train", "serve"]
    assert {each.folder.parent.parent for each in made} == {own_cache / "localaws"}
    assert len({each.folder for each in made}) == 1
