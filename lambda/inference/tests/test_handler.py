"""The entry point as Lambda's runtime client starts it: by name, from the environment, and quickly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from inference_api.api_settings import ApiSettings

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {
    "ENDPOINT_NAME": "churn-staging",
    "AWS_REGION": "eu-west-1",
    "PROJECT_ID": "p-abc123",
    "STAGE": "staging",
    "MODEL_MEDIA_TYPE": "text/csv",
    "MODEL_ANSWER_COLUMNS": "label,score",
}


def run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_handler_answers_an_event(event: dict[str, Any]) -> None:
    event["body"] = "[]"
    code = (
        "import json, sys; from inference_api.handler import handler;"
        "print(json.dumps(handler(json.loads(sys.argv[1]), None)))"
    )
    answer = json.loads(run(code, json.dumps(event)))
    assert answer["statusCode"] == 400


def test_nothing_heavy_is_imported() -> None:
    modules = set(run("import sys, inference_api.handler; print(*sys.modules)").split())
    assert {"inference_api.endpoint_client", "botocore"} <= modules
    assert not modules & {"boto3", "numpy", "pandas", "requests", "sagemaker", "sklearn", "xgboost"}


def test_the_settings_come_from_the_environment() -> None:
    settings = ApiSettings.from_environment(ENVIRONMENT)
    assert settings == ApiSettings(
        endpoint_name="churn-staging",
        region="eu-west-1",
        project_id="p-abc123",
        stage="staging",
        model_media_type="text/csv",
        model_answer_columns=("label", "score"),
    )


def test_the_models_to_choose_from_keep_their_order() -> None:
    settings = ApiSettings.from_environment(
        ENVIRONMENT | {"TARGET_MODELS": "7=a/model.tar.gz,6=b/c=d.tar.gz"}
    )
    assert list(settings.target_models.items()) == [("7", "a/model.tar.gz"), ("6", "b/c=d.tar.gz")]


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(KeyError, match="ENDPOINT_NAME"):
        ApiSettings.from_environment({})
