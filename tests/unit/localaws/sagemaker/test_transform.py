"""Transform jobs serve the model, send it what is in S3 and store what it answers."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import SageMaker, until

# Doubles the sum of every row; says what the environment is in a header row of its own when it is asked to.
SERVE = """
import http.server, json, os, pathlib, sys, time
if sys.argv[1:] != ["serve"]: sys.exit(9)
state = {"failures": int(os.environ.get("FAILURES", "0"))}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def answer(self, status, body, kind="text/csv"):
        self.send_response(status); self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def do_GET(self):
        if self.path == "/ping": return self.answer(200, b"")
        if "PARAMETERS" in os.environ: return self.answer(200, os.environ["PARAMETERS"].encode())
        self.answer(404, b"")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        # One write: threads share the output.
        sys.stdout.write("request " + json.dumps([self.headers.get("Content-Type"), body]) + "\\n")
        if "SLEEP" in os.environ: time.sleep(float(os.environ["SLEEP"]))
        if state["failures"] > 0:
            state["failures"] -= 1
            return self.answer(503, b"not now")
        if "bad" in body: return self.answer(400, b"this is no number")
        model = pathlib.Path(os.environ["ML"], "model/factor.txt")
        factor = int(model.read_text()) if model.exists() else 2
        if body == "environment":
            told = {k: v for k, v in os.environ.items() if k.startswith("SAGEMAKER_B") and "BIND" not in k}
            return self.answer(200, json.dumps(told, sort_keys=True).encode(), "application/json")
        rows = [sum(map(int, line.split(","))) * factor for line in body.splitlines()]
        self.answer(200, "\\n".join(map(str, rows)).encode())
port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def model(sagemaker: SageMaker, **environment: str) -> None:
    container = {"Image": sagemaker.image("serve", SERVE), "Environment": {"ML": "/opt/ml", **environment}}
    sagemaker.client.create_model(
        ModelName="doubler", ExecutionRoleArn=sagemaker.role, PrimaryContainer=container
    )


def job(**changes: Any) -> dict[str, Any]:
    return {
        "TransformJobName": "score",
        "ModelName": "doubler",
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in/"}},
            "ContentType": "text/csv",
            "SplitType": "Line",
            **changes.pop("TransformInput", {}),
        },
        "TransformOutput": {
            "S3OutputPath": "s3://data/out",
            "AssembleWith": "Line",
            **changes.pop("TransformOutput", {}),
        },
        "TransformResources": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": changes.pop("InstanceCount", 1),
        },
        **changes,
    }


def ended(sagemaker: SageMaker) -> dict[str, Any]:
    def status() -> dict[str, Any] | None:
        detail: dict[str, Any] = sagemaker.client.describe_transform_job(TransformJobName="score")
        return detail if detail["TransformJobStatus"] not in ("InProgress", "Stopping") else None

    answer: dict[str, Any] = until(status)
    return answer


def log_lines(sagemaker: SageMaker) -> list[str]:
    logs = sagemaker.server.client("logs", "us-east-1")
    group = "/aws/sagemaker/TransformJobs"
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        return []
    events = logs.filter_log_events(logGroupName=group)["events"]
    return [event["message"] for event in events]


def requests(sagemaker: SageMaker) -> list[list[str]]:
    """Return content type and body of what the container got."""
    marker = "request "
    return [json.loads(line[len(marker) :]) for line in log_lines(sagemaker) if line.startswith(marker)]


def test_every_file_below_the_prefix_gets_its_predictions(sagemaker: SageMaker) -> None:
    sagemaker.put("in/a.csv", "1,2\n3,4\n")
    sagemaker.put("in/sub/b.csv", "5,6\r\n\n7,8")
    model(sagemaker)
    sagemaker.client.create_transform_job(**job(InstanceCount=2))
    detail = ended(sagemaker)
    assert detail["TransformJobStatus"] == "Completed", (detail, log_lines(sagemaker))
    assert sagemaker.get("out/a.csv.out") == b"6\n14\n"
    assert sagemaker.get("out/sub/b.csv.out") == b"22\n30\n"
    assert sorted(requests(sagemaker)) == [["text/csv", "1,2\n3,4"], ["text/csv", "5,6\n7,8"]]
    events = sagemaker.events("SageMaker Transform Job State Change")
    assert [event["TransformJobStatus"] for event in events] == ["InProgress", "Completed"]


def test_the_container_is_told_that_it_works_in_a_batch(sagemaker: SageMaker) -> None:
    sagemaker.put("in/a", "environment")
    model(sagemaker)
    sagemaker.client.create_transform_job(
        **job(
            TransformInput={"SplitType": "None", "ContentType": "text/plain"},
            TransformOutput={"AssembleWith": "None"},
            BatchStrategy="SingleRecord",
        )
    )
    assert ended(sagemaker)["TransformJobStatus"] == "Completed"
    told = json.loads(sagemaker.get("out/a.out"))
    assert told == {"SAGEMAKER_BATCH": "true", "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD"}


def test_a_container_may_say_how_it_wants_to_be_called(sagemaker: SageMaker) -> None:
    sagemaker.put("in/a.csv", "1\n2\n3\n")
    wishes = {"MaxConcurrentTransforms": 3, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 1}
    model(sagemaker, PARAMETERS=json.dumps(wishes))
    sagemaker.client.create_transform_job(**job())
    assert ended(sagemaker)["TransformJobStatus"] == "Completed"
    assert sorted(body for _, body in requests(sagemaker)) == ["1", "2", "3"]
    assert sagemaker.get("out/a.csv.out") == b"2\n4\n6\n"
    told = "[sagemaker logs]: MaxConcurrentTransforms=3, MaxPayloadInMB=1, BatchStrategy=SINGLE_RECORD"
    assert told in log_lines(sagemaker)


def test_records_are_filtered_and_joined_to_their_predictions(sagemaker: SageMaker) -> None:
    body = gzip.compress(b"id1,1,2\nid2,3,4\n")
    sagemaker.s3.put_object(Bucket="data", Key="in/a.csv.gz", Body=body)
    model(sagemaker)
    filters = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    sagemaker.client.create_transform_job(
        **job(DataProcessing=filters, TransformInput={"CompressionType": "Gzip"})
    )
    assert ended(sagemaker)["TransformJobStatus"] == "Completed"
    assert sagemaker.get("out/a.csv.gz.out") == b"id1,6\nid2,14\n"


def test_a_file_that_fails_keeps_no_other_from_its_result(sagemaker: SageMaker) -> None:
    sagemaker.put("in/a.csv", "1,2\n3,bad\n")
    sagemaker.put("in/b.csv", "5\n")
    model(sagemaker)
    sagemaker.client.create_transform_job(**job())
    detail = ended(sagemaker)
    assert detail["TransformJobStatus"] == "Failed"
    assert detail["FailureReason"] == "ClientError: See job logs for more information"
    assert any("data/in/a.csv: ClientError:" in line and "no number" in line for line in log_lines(sagemaker))
    assert sagemaker.get("out/b.csv.out") == b"10\n"
    with pytest.raises(sagemaker.s3.exceptions.NoSuchKey):
        sagemaker.get("out/a.csv.out")


@pytest.mark.parametrize(("failures", "status"), [("2", "Completed"), ("9", "Failed")])
def test_a_model_that_cannot_answer_now_is_asked_again(
    sagemaker: SageMaker, failures: str, status: str
) -> None:
    sagemaker.put("in/a.csv", "1\n")
    model(sagemaker, FAILURES=failures)
    sagemaker.client.create_transform_job(**job(ModelClientConfig={"InvocationsMaxRetries": 2}))
    detail = ended(sagemaker)
    assert detail["TransformJobStatus"] == status
    assert detail.get("FailureReason", "AlgorithmError").startswith("AlgorithmError")
    assert len(requests(sagemaker)) == 3


def test_a_stopped_job_stores_nothing(sagemaker: SageMaker) -> None:
    sagemaker.put("in/a.csv", "1\n")
    model(sagemaker, SLEEP="60")
    sagemaker.client.create_transform_job(**job())
    until(lambda: requests(sagemaker))
    sagemaker.client.stop_transform_job(TransformJobName="score")
    assert ended(sagemaker)["TransformJobStatus"] == "Stopped"
    assert "Contents" not in sagemaker.s3.list_objects_v2(Bucket="data", Prefix="out/")
    listed = sagemaker.client.list_transform_jobs(StatusEquals="Stopped")["TransformJobSummaries"]
    assert [item["TransformJobName"] for item in listed] == ["score"]


def test_a_container_that_does_not_come_up_fails_the_job(sagemaker: SageMaker) -> None:
    sagemaker.put("in/a.csv", "1\n")
    container = {"Image": sagemaker.image("broken", "raise SystemExit(1)")}
    sagemaker.client.create_model(
        ModelName="doubler", ExecutionRoleArn=sagemaker.role, PrimaryContainer=container
    )
    sagemaker.client.create_transform_job(**job())
    assert ended(sagemaker)["FailureReason"].startswith("AlgorithmError")
    assert "[sagemaker logs]: The container did not pass the ping health check" in log_lines(sagemaker)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TransformInput": {"SplitType": "RecordIO"}}, "SplitType RecordIO"),
        ({"TransformInput": {"SplitType": "TFRecord"}}, "SplitType TFRecord"),
        ({"MaxPayloadInMB": 60, "MaxConcurrentTransforms": 2}, "must not be above 100 MB"),
        ({"ModelName": "nobody"}, "Could not find model"),
        ({"DataProcessing": {"InputFilter": "$..x"}}, "deep scan"),
    ],
)
def test_what_cannot_be_run_is_refused(sagemaker: SageMaker, changes: dict[str, Any], words: str) -> None:
    model(sagemaker)
    with pytest.raises(ClientError, match=words) as error:
        sagemaker.client.create_transform_job(**job(**changes))
    assert error.value.response["Error"]["Code"] == "ValidationException"
