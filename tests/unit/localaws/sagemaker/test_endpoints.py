"""Endpoints serve with the model's container, are replaced without a gap, and answer as SageMaker answers."""

from __future__ import annotations

import io
import json
import os
import signal
import tarfile
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.services.sagemaker import invocations

from .conftest import SageMaker, until

SERVE = """
import http.server, json, os, pathlib, socket, sys, time
if sys.argv[1:] != ["serve"]: sys.exit(9)
root = pathlib.Path(os.environ["ML"])
model = (root / "model/model.txt").read_text()
if model == "broken": print("cannot load model"); sys.exit(1)
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, body, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items(): self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self): self.answer(200, b"")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"bad": return self.answer(400, b'{"error": "column State is missing"}')
        if body == b"die": os._exit(1)
        if body == b"slow": time.sleep(30)
        if body == b"deaf":
            self.server.service_actions = lambda: time.sleep(60)
            self.server.socket.listen(0)
            time.sleep(1)
            self.server.waiting = socket.create_connection(self.server.server_address)
            return self.answer(200, b"{}", Connection="close")
        if self.headers["Content-Type"] == "application/x-bytes":
            return self.answer(200, body[::-1], Content_Type="application/x-bytes")
        text = json.dumps({"model": model, "pid": os.getpid(), "accept": self.headers["Accept"],
            "type": self.headers["Content-Type"]})
        self.answer(200, text.encode(), Content_Type="application/json",
            X_Amzn_SageMaker_Custom_Attributes=self.headers.get("X-Amzn-SageMaker-Custom-Attributes", "none"))
    def log_message(self, *_): pass
print("serving", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
"""


class Hosting:
    """Makes models, configurations and endpoints of a test."""

    def __init__(self, sagemaker: SageMaker) -> None:
        self.sagemaker = sagemaker
        self.client = sagemaker.client
        self.image = sagemaker.image("serve", SERVE)

    def config(self, text: str, **changes: Any) -> str:
        """Make a configuration of one variant whose model says ``text``; return its name."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            member = tarfile.TarInfo("model.txt")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
        self.sagemaker.s3.put_object(Bucket="data", Key=f"{text}.tar.gz", Body=archive.getvalue())
        container = {
            "Image": self.image,
            "ModelDataUrl": f"s3://data/{text}.tar.gz",
            "Environment": {"ML": "/opt/ml"},
        }
        self.client.create_model(
            ModelName=text, PrimaryContainer=container, ExecutionRoleArn=self.sagemaker.role
        )
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": text,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        self.client.create_endpoint_config(
            **{"EndpointConfigName": text, "ProductionVariants": [variant], **changes}
        )
        return text

    def up(self, text: str = "one", **changes: Any) -> None:
        """Make an endpoint ``churn`` in service."""
        self.client.create_endpoint(EndpointName="churn", EndpointConfigName=self.config(text, **changes))
        assert self.settled()["EndpointStatus"] == "InService"

    def settled(self) -> dict[str, Any]:
        """Return the endpoint when no change is in progress."""

        def done() -> dict[str, Any] | None:
            detail: dict[str, Any] = self.client.describe_endpoint(EndpointName="churn")
            return detail if detail["EndpointStatus"] in ("InService", "Failed") else None

        answer: dict[str, Any] = until(done)
        return answer

    def invoke(self, body: bytes = b"{}", **options: Any) -> dict[str, Any]:
        """Invoke the endpoint, return the parsed answer."""
        answer = self.sagemaker.runtime.invoke_endpoint(
            **{"EndpointName": "churn", "Body": body, "ContentType": "application/json", **options}
        )
        parsed: dict[str, Any] = json.loads(answer["Body"].read())
        return parsed


@pytest.fixture
def hosting(sagemaker: SageMaker) -> Hosting:
    return Hosting(sagemaker)


def test_an_endpoint_serves_its_model(hosting: Hosting) -> None:
    hosting.up()
    answer = hosting.sagemaker.runtime.invoke_endpoint(
        EndpointName="churn",
        Body=b"{}",
        ContentType="application/json",
        Accept="application/json",
        CustomAttributes="trace=1",
    )
    body = json.loads(answer["Body"].read())
    assert (body["model"], body["type"], body["accept"]) == ("one", "application/json", "application/json")
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    assert answer["ContentType"] == "application/json"
    assert answer["CustomAttributes"] == "trace=1"
    variant = hosting.settled()["ProductionVariants"][0]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 1)
    statuses = [e["EndpointStatus"] for e in hosting.sagemaker.events("SageMaker Endpoint State Change")]
    assert statuses == ["CREATING", "IN_SERVICE"]


def test_a_body_of_any_bytes_comes_and_goes(hosting: Hosting) -> None:
    hosting.up()
    answer = hosting.sagemaker.runtime.invoke_endpoint(
        EndpointName="churn", Body=b"\x00\xff\xfe", ContentType="application/x-bytes"
    )
    assert answer["Body"].read() == b"\xfe\xff\x00"


def test_an_update_switches_models_and_ends_the_old_container(hosting: Hosting) -> None:
    hosting.up()
    old = hosting.invoke()["pid"]
    hosting.client.update_endpoint(EndpointName="churn", EndpointConfigName=hosting.config("two"))
    assert hosting.invoke()["model"] in ("one", "two")
    detail = hosting.settled()
    assert (detail["EndpointStatus"], detail["EndpointConfigName"]) == ("InService", "two")
    assert hosting.invoke()["model"] == "two"
    until(lambda: not os.path.exists(f"/proc/{old}"))


def test_a_failed_update_leaves_the_old_model_in_service(hosting: Hosting) -> None:
    hosting.up()
    hosting.client.update_endpoint(EndpointName="churn", EndpointConfigName=hosting.config("broken"))
    detail = hosting.settled()
    assert (detail["EndpointStatus"], detail["EndpointConfigName"]) == ("InService", "one")
    assert "did not pass the ping health check" in detail["FailureReason"]
    assert hosting.invoke()["model"] == "one"


def test_a_container_that_cannot_start_fails_the_endpoint_with_its_log(hosting: Hosting) -> None:
    hosting.client.create_endpoint(EndpointName="churn", EndpointConfigName=hosting.config("broken"))
    assert "did not pass the ping health check" in hosting.settled()["FailureReason"]
    logs = hosting.sagemaker.server.client("logs", "us-east-1")
    events = logs.filter_log_events(logGroupName="/aws/sagemaker/Endpoints/churn")["events"]
    assert "cannot load model" in {event["message"] for event in events}


def test_a_crashed_container_is_started_again(hosting: Hosting) -> None:
    hosting.up()
    os.kill(hosting.invoke()["pid"], signal.SIGKILL)

    def refusal() -> str:
        try:
            hosting.invoke()
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    assert until(refusal) == "ServiceUnavailable"
    until(lambda: not refusal())
    assert hosting.invoke()["model"] == "one"


def test_a_container_that_takes_no_connection_is_given_up_before_a_slow_one(hosting: Hosting) -> None:
    hosting.up()
    hosting.invoke(b"deaf")
    asked = time.monotonic()
    with pytest.raises(ClientError, match="is not able to answer now"):
        hosting.invoke()
    assert time.monotonic() - asked < invocations.TIMEOUT_SECONDS / 2


def test_an_error_of_the_container_is_a_model_error(hosting: Hosting) -> None:
    hosting.up()
    with pytest.raises(hosting.sagemaker.runtime.exceptions.ModelError) as error:
        hosting.invoke(b"bad")
    response = error.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == 400
    assert response["OriginalMessage"] == '{"error": "column State is missing"}'
    assert response["LogStreamArn"].endswith("/aws/sagemaker/Endpoints/churn")
    assert response["Error"]["Message"].startswith("Received client error (400) from primary with message ")


def test_an_endpoint_that_is_not_there_is_a_validation_error(hosting: Hosting) -> None:
    with pytest.raises(ClientError, match=r"Endpoint churn of account \d{12} not found") as error:
        hosting.invoke()
    assert error.value.response["Error"]["Code"] == "ValidationError"


def test_a_container_that_does_not_answer_in_time_is_a_model_error(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosting.up()
    monkeypatch.setattr(invocations, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(hosting.sagemaker.runtime.exceptions.ModelError, match="Your invocation timed out"):
        hosting.invoke(b"slow")


def test_other_ways_to_invoke_are_refused_by_name(sagemaker: SageMaker) -> None:
    with pytest.raises(ClientError, match="WithResponseStream: use InvokeEndpoint") as error:
        sagemaker.runtime.invoke_endpoint_with_response_stream(EndpointName="churn", Body=b"{}")
    assert error.value.response["Error"]["Code"] == "ValidationError"


def test_a_body_over_the_limit_is_refused_with_413(hosting: Hosting) -> None:
    hosting.up()
    with pytest.raises(ClientError, match="HTTP content length exceeded 6291456 bytes") as error:
        hosting.invoke(b"x" * (6 * 1024 * 1024 + 1))
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_traffic_is_captured_in_sagemakers_format(hosting: Hosting) -> None:
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://data/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }
    hosting.up(DataCaptureConfig=capture)
    assert hosting.settled()["DataCaptureConfig"]["CaptureStatus"] == "Started"
    hosting.invoke(b'{"a": 1}', InferenceId="row-1")
    s3 = hosting.sagemaker.s3
    found = until(lambda: s3.list_objects_v2(Bucket="data", Prefix="capture/").get("Contents"))
    assert found[0]["Key"].startswith("capture/churn/AllTraffic/20")
    line = json.loads(hosting.sagemaker.get(found[0]["Key"]))
    assert line["eventVersion"] == "0"
    assert line["eventMetadata"]["inferenceId"] == "row-1"
    assert line["captureData"]["endpointInput"] == {
        "observedContentType": "application/json",
        "mode": "INPUT",
        "data": '{"a": 1}',
        "encoding": "JSON",
    }
    assert json.loads(line["captureData"]["endpointOutput"]["data"])["model"] == "one"


def test_invocations_are_counted_in_cloudwatch(hosting: Hosting) -> None:
    hosting.up()
    hosting.invoke()
    with pytest.raises(ClientError):
        hosting.invoke(b"bad")
    cloudwatch = hosting.sagemaker.server.client("cloudwatch", "us-east-1")

    def names() -> set[str]:
        found = cloudwatch.list_metrics(Namespace="AWS/SageMaker")["Metrics"]
        return {metric["MetricName"] for metric in found}

    assert until(names) >= {"Invocations", "ModelLatency", "Invocation4XXErrors", "Invocation5XXErrors"}


def test_weights_and_counts_change_by_name(hosting: Hosting) -> None:
    hosting.up()
    hosting.client.update_endpoint_weights_and_capacities(
        EndpointName="churn",
        DesiredWeightsAndCapacities=[
            {"VariantName": "AllTraffic", "DesiredWeight": 0.5, "DesiredInstanceCount": 3}
        ],
    )
    variant = hosting.settled()["ProductionVariants"][0]
    assert (variant["DesiredWeight"], variant["DesiredInstanceCount"]) == (0.5, 3)


def test_a_deleted_endpoint_ends_its_container(hosting: Hosting) -> None:
    hosting.up()
    pid = hosting.invoke()["pid"]
    hosting.client.delete_endpoint(EndpointName="churn")
    hosting.client.get_waiter("endpoint_deleted").wait(
        EndpointName="churn", WaiterConfig={"Delay": 0, "MaxAttempts": 500}
    )
    until(lambda: not os.path.exists(f"/proc/{pid}"))
    hosting.client.delete_endpoint_config(EndpointConfigName="one")
    hosting.client.delete_model(ModelName="one")
    assert hosting.client.list_endpoint_configs()["EndpointConfigs"] == []
    assert hosting.client.list_models()["Models"] == []


def test_an_endpoint_deleted_before_it_is_up_leaves_no_container(hosting: Hosting) -> None:
    mute = hosting.sagemaker.image("serve", "import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    hosting.image = mute
    hosting.client.create_endpoint(EndpointName="churn", EndpointConfigName=hosting.config("one"))
    logs = hosting.sagemaker.server.client("logs", "us-east-1")

    def pid() -> str:
        if not logs.describe_log_groups(logGroupNamePrefix="/aws/sagemaker/Endpoints/churn")["logGroups"]:
            return ""
        events = logs.filter_log_events(logGroupName="/aws/sagemaker/Endpoints/churn")["events"]
        return events[0]["message"] if events else ""

    process = until(pid)
    hosting.client.delete_endpoint(EndpointName="churn")
    until(lambda: not os.path.exists(f"/proc/{process}"))
    until(lambda: hosting.client.list_endpoints(NameContains="churn")["Endpoints"] == [])


def test_a_variant_can_be_registered_for_scaling(hosting: Hosting) -> None:
    hosting.up()
    scaling = hosting.sagemaker.server.client("application-autoscaling", "us-east-1")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/churn/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=3)
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    scaling.put_scaling_policy(
        **target,
        PolicyName="invocations",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 100,
            "PredefinedMetricSpecification": metric,
        },
    )
    found = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert [policy["PolicyName"] for policy in found] == ["invocations"]
    scaling.deregister_scalable_target(**target)
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_a_model_can_come_from_a_model_package(hosting: Hosting) -> None:
    hosting.config("one")
    container = hosting.client.describe_model(ModelName="one")["PrimaryContainer"]
    hosting.client.create_model_package_group(ModelPackageGroupName="churn")
    arn = hosting.client.create_model_package(
        ModelPackageGroupName="churn",
        InferenceSpecification={
            "Containers": [{"Image": hosting.image, "ModelDataUrl": container["ModelDataUrl"]}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )["ModelPackageArn"]
    hosting.client.create_model(
        ModelName="packaged",
        ExecutionRoleArn=hosting.sagemaker.role,
        PrimaryContainer={"ModelPackageName": arn, "Environment": {"ML": "/opt/ml"}},
    )
    variant = {
        "VariantName": "v",
        "ModelName": "packaged",
        "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1},
    }
    hosting.client.create_endpoint_config(EndpointConfigName="packaged", ProductionVariants=[variant])
    hosting.client.create_endpoint(EndpointName="churn", EndpointConfigName="packaged")
    assert hosting.settled()["EndpointStatus"] == "InService"
    assert hosting.invoke(TargetVariant="v")["model"] == "one"


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ({"ModelName": "nobody"}, "Could not find model"),
        ({"InstanceType": "ml.huge"}, "enum value set"),
        (
            {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}},
            "either InstanceType or Serverless",
        ),
    ],
)
def test_a_configuration_that_could_not_serve_is_refused(
    hosting: Hosting, variant: dict[str, Any], words: str
) -> None:
    hosting.config("one")
    good = {"VariantName": "v", "ModelName": "one", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    with pytest.raises(ClientError, match=words):
        hosting.client.create_endpoint_config(
            EndpointConfigName="c", ProductionVariants=[{**good, **variant}]
        )
