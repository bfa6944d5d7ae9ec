"""No payload makes a 5xx, and none ends a worker."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from asgi_client import Client, make_client
from bad_payloads import Payload, payloads
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_process import SECONDS, SERVE, environment, free_port, wait_until_healthy
from training_job import make_settings

from xgboost_daal4py.inference import Inference
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.serving import ServingApp
from xgboost_daal4py.single_model import SingleModel
from xgboost_daal4py.telemetry import Telemetry

REFUSALS = (400, 406, 413, 415)
MANY = 8_000
FEW_OF_SCHEMA = 20
MANY_OF_SCHEMA = 2_000
IGNORED = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def check(status: int, body: bytes, payload: object) -> None:
    assert status == 200 or status in REFUSALS, (status, body, payload)
    if status != 200:
        error = json.loads(body)["error"]
        assert error["code"]
        assert error["message"]


def headers_of(payload: Payload) -> dict[str, str]:
    return {
        "content-type": payload.content_type,
        "accept": payload.accept,
        "x-amzn-sagemaker-custom-attributes": payload.attributes,
    }


@pytest.fixture(scope="module")
def client(predictor: Predictor, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return make_client(predictor, tmp_path_factory.mktemp("ml"))


@settings(max_examples=100, deadline=None, suppress_health_check=IGNORED)
@given(payload=payloads)
def test_a_bad_payload_is_refused_in_words(client: Client, payload: Payload) -> None:
    reply = client.send("POST", "/invocations", payload.body, headers=headers_of(payload))
    check(reply.status, reply.body, payload)


def call_described(schema: Any, examples: int) -> None:
    """Send cases that the endpoint's own description allows, and such that it does not."""
    operation = schema["/invocations"]["POST"]
    modes = [operation.as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode]

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=IGNORED)
    @given(case=st.one_of(modes))
    def call(case: schemathesis.Case) -> None:
        response = case.call()
        check(response.status_code, response.content, case)

    call()


def test_the_endpoint_is_as_its_description_says(predictor: Predictor, tmp_path: Path) -> None:
    options = make_settings(tmp_path)
    app = ServingApp(SingleModel(predictor, Inference(options)), options, Telemetry())
    call_described(schemathesis.openapi.from_asgi("/openapi.json", app), FEW_OF_SCHEMA)


@pytest.fixture(scope="module")
def server(trained: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    with subprocess.Popen(SERVE, env=environment(trained, port, 2)) as process:
        try:
            wait_until_healthy(port)
            yield process, port
        finally:
            process.kill()


def workers(process: subprocess.Popen[bytes]) -> str:
    return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()


@pytest.mark.slow
def test_thousands_of_bad_payloads_end_no_worker(server: tuple[subprocess.Popen[bytes], int]) -> None:
    process, port = server
    before = workers(process)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    counted: dict[int, int] = {}

    @settings(max_examples=MANY, deadline=None, database=None, suppress_health_check=IGNORED)
    @given(payload=payloads)
    def send(payload: Payload) -> None:
        connection.request("POST", "/invocations", payload.body, headers_of(payload))
        response = connection.getresponse()
        check(response.status, response.read(), payload)
        counted[response.status] = counted.get(response.status, 0) + 1

    send()
    connection.close()
    print("answers by status:", counted)
    assert workers(process) == before


@pytest.mark.slow
def test_thousands_of_described_cases_end_no_worker(server: tuple[subprocess.Popen[bytes], int]) -> None:
    process, port = server
    before = workers(process)
    call_described(schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/openapi.json"), MANY_OF_SCHEMA)
    assert workers(process) == before
