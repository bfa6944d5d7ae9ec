"""An endpoint of several models: each is fetched when a request first names it, and makes room for others."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import SageMaker, until

# Holds two models at most and answers with what the named one says.
SERVE = """
import http.server, json, os, pathlib, sys
held = {}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def answer(self, status, body=b"{}"):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def do_GET(self): self.answer(200)
    def do_DELETE(self): self.answer(200 if held.pop(self.path.split("/")[2], None) else 404)
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/models":
            if len(held) == 2: return self.answer(507)
            wish = json.loads(body)
            says = pathlib.Path(wish["url"], "says.txt").read_bytes()
            if says == b"broken": return self.answer(400, b"this is no model")
            held[wish["model_name"]] = says
            return self.answer(200)
        name = self.path.split("/")[2]
        told = {"says": held[name].decode(), "held": len(held), "target": self.headers["X-Amzn-SageMaker-Target-Model"]}
        self.answer(200, json.dumps(told).encode())
if os.environ.get("SAGEMAKER_MULTI_MODEL") != "true": sys.exit(9)
port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def put_model(sagemaker: SageMaker, name: str, says: str) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        member = tarfile.TarInfo("says.txt")
        member.size = len(says)
        tar.addfile(member, io.BytesIO(says.encode()))
    sagemaker.s3.put_object(Bucket="data", Key=f"models/{name}", Body=content.getvalue())


def create(sagemaker: SageMaker, **container: Any) -> None:
    sagemaker.client.create_model(
        ModelName="m",
        ExecutionRoleArn=sagemaker.role,
        PrimaryContainer={
            "Image": sagemaker.image("serve", SERVE),
            "Mode": "MultiModel",
            "ModelDataUrl": "s3://data/models/",
            **container,
        },
        EnableNetworkIsolation=True,
    )


VARIANT = {"VariantName": "all", "ModelName": "m"}
INSTANCES = {**VARIANT, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


def ask(sagemaker: SageMaker, target: str) -> str:
    wish = {"TargetModel": target} if target else {}
    answer = sagemaker.runtime.invoke_endpoint(EndpointName="e", ContentType="text/csv", Body=b"1", **wish)
    return str(answer["Body"].read().decode())


def test_each_request_is_answered_by_the_model_that_it_names(sagemaker: SageMaker) -> None:
    for name in ("a/model.tar.gz", "b.tar.gz", "c.tar.gz"):
        put_model(sagemaker, name, name[0])
    put_model(sagemaker, "broken.tar.gz", "broken")
    create(sagemaker)
    sagemaker.client.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[INSTANCES])
    sagemaker.client.create_endpoint(EndpointName="e", EndpointConfigName="c")
    until(lambda: sagemaker.client.describe_endpoint(EndpointName="e")["EndpointStatus"] == "InService")

    assert ask(sagemaker, "a/model.tar.gz") == '{"says": "a", "held": 1, "target": "a/model.tar.gz"}'
    for name, held in (("b", 2), ("b", 2), ("c", 2)):
        assert f'"says": "{name}", "held": {held}' in ask(sagemaker, f"{name}.tar.gz")
    # It had to make room, and is fetched again.
    assert '"says": "a", "held": 2' in ask(sagemaker, "a/model.tar.gz")

    put_model(sagemaker, "late.tar.gz", "later")
    assert '"says": "later"' in ask(sagemaker, "late.tar.gz")
    for target, message in (
        ("", "needs a TargetModel"),
        ("gone.tar.gz", r"Failed to download model data\(bucket: data, key: models/gone.tar.gz\)"),
        ("broken.tar.gz", "this is no model"),
    ):
        with pytest.raises(ClientError, match=message):
            ask(sagemaker, target)
    sagemaker.client.delete_endpoint(EndpointName="e")


def test_what_sagemaker_does_not_serve_so_is_refused(sagemaker: SageMaker) -> None:
    create(sagemaker)
    serverless = {**VARIANT, "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}
    output = {"OutputConfig": {"S3OutputPath": "s3://data/out"}}
    for config in (
        {"ProductionVariants": [serverless]},
        {"ProductionVariants": [INSTANCES], "AsyncInferenceConfig": output},
    ):
        with pytest.raises(ClientError, match="has several models"):
            sagemaker.client.create_endpoint_config(EndpointConfigName="c", **config)


def test_a_prefix_that_is_not_there_is_refused(sagemaker: SageMaker) -> None:
    with pytest.raises(ClientError, match="Could not access model data"):
        create(sagemaker, ModelDataUrl="s3://nowhere/models/")
