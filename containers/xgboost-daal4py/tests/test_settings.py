"""SageMaker's environment is honoured, and a value that makes no sense ends the start with its name."""

from __future__ import annotations

import pytest

from xgboost_daal4py.errors import UserError
from xgboost_daal4py.settings import MEGABYTE, Settings


def read(**environment: str) -> Settings:
    return Settings.from_environment(environment)


def test_the_port_is_the_one_that_sagemaker_calls() -> None:
    assert read().port == 8080
    assert read(SAGEMAKER_SAFE_PORT_RANGE="9000-9010").port == 8080
    assert read(SAGEMAKER_SAFE_PORT_RANGE="9000-9010", SAGEMAKER_BIND_TO_PORT="7000").port == 7000


def test_the_largest_body_is_given_in_bytes_or_megabytes() -> None:
    assert read().max_payload_bytes == 25 * MEGABYTE
    assert read(SAGEMAKER_MAX_PAYLOAD_IN_MB="6").max_payload_bytes == 6 * MEGABYTE
    assert read(SAGEMAKER_MAX_PAYLOAD_IN_MB="6", MAX_CONTENT_LENGTH="1000").max_payload_bytes == 1000


def test_kinds_of_endpoints_and_the_log_are_switched() -> None:
    settings = read(SAGEMAKER_BATCH="true", SAGEMAKER_MULTI_MODEL="True", SAGEMAKER_CONTAINER_LOG_LEVEL="10")
    assert (settings.batch, settings.multi_model, settings.debug) == (True, True, True)
    settings = read(SAGEMAKER_BATCH="", SAGEMAKER_CONTAINER_LOG_LEVEL="20", DECISION_THRESHOLD="0.3")
    assert (settings.batch, settings.multi_model, settings.debug, settings.threshold) == (
        False,
        False,
        False,
        0.3,
    )
    assert read(MODEL_MEMORY_IN_MB="7").model_memory_bytes == 7 * MEGABYTE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAGEMAKER_BIND_TO_PORT", "0"),
        ("SAGEMAKER_SAFE_PORT_RANGE", "9000"),
        ("SAGEMAKER_SAFE_PORT_RANGE", "9010-9000"),
        ("SAGEMAKER_BATCH", "perhaps"),
        ("DECISION_THRESHOLD", "1.5"),
        ("DECISION_THRESHOLD", "high"),
        ("MAX_CONTENT_LENGTH", "-1"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(UserError, match=name):
        read(**{name: value})
