from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localaws.server import LocalAws
from localaws.services.sagemaker import invocations

from .conftest import SageMaker, until

MODEL = """
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.answer(200, b"")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(400 if body == b"bad" else 200, body)
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass

ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Model).serve_forever()
"""


@pytest.fixture
def runtime(sagemaker: SageMaker, localaws: LocalAws) -> Iterator[Any]:
    """A client as a function has it: at the real host name, through the proxy."""
    image = sagemaker.image("model", MODEL)
    sagemaker.client.create_model(
        ModelName="m", ExecutionRoleArn=sagemaker.role, PrimaryContainer={"Image": image}
    )
    variant = {
        "VariantName": "all",
        "ModelName": "m",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.client.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.client.create_endpoint(EndpointName="churn", EndpointConfigName="c")
    until(lambda: sagemaker.client.describe_endpoint(EndpointName="churn")["EndpointStatus"] == "InService")
    client = boto3.client(
        "sagemaker-runtime",
        region_name="us-east-1",
        aws_access_key_id="AKIALOCALAWSSERVICE0",
        aws_secret_access_key="localaws",
        verify=str(localaws.certificates[0]),
        config=Config(proxies={"https": localaws.endpoint}, retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


def test_an_endpoint_answers_at_its_real_host_name(runtime: Any) -> None:
    answer = runtime.invoke_endpoint(EndpointName="churn", ContentType="text/csv", Body=b"1,2\n")
    assert answer["Body"].read() == b"1,2\n"
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("text/csv", "all")
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36


def test_errors_are_those_of_the_plain_endpoint(runtime: Any, sagemaker: SageMaker) -> None:
    for name, body in (("churn", b"bad"), ("other", b"1"), ("churn", b"x" * (invocations.MAX_BODY + 1))):
        answers = []
        for client in (runtime, sagemaker.runtime):
            with pytest.raises(ClientError) as error:
                client.invoke_endpoint(EndpointName=name, Body=body)
            response = json.loads(json.dumps(error.value.response))
            answers.append((response.pop("ResponseMetadata")["HTTPStatusCode"], response))
        assert answers[0] == answers[1]
