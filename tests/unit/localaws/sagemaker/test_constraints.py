"""Requests are held against the constraints of botocore's model."""

from __future__ import annotations

from typing import Any

import pytest
from moto.core.utils import get_service_model
from moto.sagemaker.exceptions import ValidationError

from localaws.model_constraints import compiled
from localaws.services.sagemaker.constraints import refuse_invalid

MODEL = get_service_model("sagemaker")


def test_every_pattern_of_the_model_can_be_read() -> None:
    patterns = {MODEL.shape_for(name).metadata.get("pattern", "") for name in MODEL.shape_names}
    assert len(patterns) > 100
    assert all(compiled(pattern).flags for pattern in patterns)


@pytest.mark.parametrize(
    ("operation", "params", "words"),
    [
        (
            "DescribeEndpoint",
            {},
            "1 validation error detected: Value null at 'endpointName' failed to satisfy constraint: "
            "Member must not be null",
        ),
        ("DescribeEndpoint", {"EndpointName": "x" * 64}, "length less than or equal to 63"),
        (
            "ListEndpoints",
            {"MaxResults": 500, "SortOrder": "Up"},
            "2 validation errors detected: Value 'Up' at 'sortOrder'.*'maxResults'",
        ),
        ("AddTags", {"ResourceArn": "arn", "Tags": [{"Key": "a"}]}, "null at 'tags.1.member.value'"),
    ],
)
def test_a_violation_is_told_in_awss_words(operation: str, params: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        refuse_invalid(MODEL.operation_model(operation).input_shape, params)
