"""A configuration's Lambda and Callback steps, run and compared from a laptop that knows the project's name only."""

from __future__ import annotations

import io
import json
import re
import shutil
import threading
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from localaws.server import LocalAws

REGION = "eu-west-1"
ROOT = Path(__file__).parents[2]
TEMPLATE = {
    "Parameters": {name: {"Type": "String"} for name in ("SageMakerProjectName", "SageMakerProjectId")},
    "Resources": {"Marker": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}},
}
FUNCTION = "def handler(event, context): return {'doubled': 2 * event['number'], 'word': event['word'] + '!'}"
CONF = """\
models:
  calls: {}
sagemakerPipeline:
  pipelineName: calls
  models:
    calls:
      steps:
        - step_name: double
          step_class: Lambda
          function_arn: ARN
          inputs: {number: {parameter: Number, default: 4}, word: hello}
          outputs: [{name: doubled, type: Integer}, {name: word}]
        - step_name: ask
          step_class: Callback
          sqs_queue_url: QUEUE
          inputs: {number: {step: double, property: "OutputParameters['doubled']"}}
          outputs: [{name: answer, type: Integer}]
        - step_name: is-right
          step_class: Condition
          conditions: [{left: {step: ask, property: "OutputParameters['answer']"}, operator: "==", right: 42}]
          else_steps: [wrong]
        - {step_name: wrong, step_class: Fail, error_message: the answer is wrong}
"""


@pytest.fixture
def project(localaws: LocalAws) -> Mapping[str, str]:
    """Make a project with the build that a laptop asks for its facts; returns that build's variables."""
    s3, iam = localaws.client("s3", REGION), localaws.client("iam", REGION)
    for bucket in ("templates", "project"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="templates", Key="one.json", Body=json.dumps(TEMPLATE).encode())
    services = [f"{name}.amazonaws.com" for name in ("cloudformation", "lambda", "sagemaker")]
    trust = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Statement": [trust]})
    role = iam.create_role(RoleName="training", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    sagemaker = localaws.client("sagemaker", REGION)
    url = f"https://templates.s3.{REGION}.amazonaws.com/one.json"
    made = sagemaker.create_project(
        ProjectName="demo",
        TemplateProviders=[
            {"CfnTemplateProvider": {"TemplateName": "one", "TemplateURL": url, "RoleARN": role}}
        ],
    )
    name = f"sagemaker-demo-{made['ProjectId']}"
    repository = localaws.client("ecr", REGION).create_repository(repositoryName=f"{name}/model")[
        "repository"
    ]
    variables = {
        "PROJECT_NAME": "demo",
        "PROJECT_ID": made["ProjectId"],
        "PIPELINE_PREFIX": name,
        "GROUP_PREFIX": name,
        "MODEL_PACKAGE_GROUP": name,
        "PIPELINE_ROLE_ARN": role,
        "PROJECT_BUCKET": "project",
        "KMS_KEY_ARN": localaws.client("kms", REGION).create_key()["KeyMetadata"]["Arn"],
        "IMAGE_REPOSITORY_URI": repository["repositoryUri"],
    }
    localaws.client("codebuild", REGION).create_project(
        name=f"{name}-modelbuild-train",
        source={"type": "CODEPIPELINE", "buildspec": "version: 0.2"},
        artifacts={"type": "CODEPIPELINE"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": key, "value": value} for key, value in variables.items()],
        },
        serviceRole=role,
    )
    return variables


@pytest.fixture
def repository(tmp_path: Path, programs: Any) -> Path:
    """Return a clone of a modelbuild repository, with a container whose image is in ECR."""
    folder = tmp_path / "modelbuild"
    ignored = shutil.ignore_patterns("tests", "__pycache__")
    for source, target in (("seedcode/model-build/mlpipelines", "mlpipelines"), ("seedcode/image", "image")):
        shutil.copytree(ROOT / source, folder / target, ignore=ignored)
    (folder / "container").mkdir()
    (folder / "container/Dockerfile").write_text("FROM scratch\n")
    who = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    programs.run("git", "init", "--quiet", cwd=folder)
    programs.run("git", *who, "commit", "--quiet", "--allow-empty", "-m", "Begin", cwd=folder)
    return folder


def make_function(localaws: LocalAws, role: str) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("double.py", FUNCTION)
    made = localaws.client("lambda", REGION).create_function(
        FunctionName="double",
        Runtime="python3.11",
        Role=role,
        Handler="double.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    arn: str = made["FunctionArn"]
    return arn


def answer(localaws: LocalAws, queue: str, received: list[Any]) -> None:
    """Be whoever reads the queue: answer one callback."""
    sqs, sagemaker = localaws.client("sqs", REGION), localaws.client("sagemaker", REGION)
    deadline = time.monotonic() + 120
    while not received and time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", ()):
            body = json.loads(message["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            received.append(body["arguments"])
            sagemaker.send_pipeline_execution_step_success(
                CallbackToken=body["token"], OutputParameters=[{"Name": "answer", "Value": "42"}]
            )


def test_a_laptop_runs_a_pipeline_of_calls_and_sees_what_would_change(
    localaws: LocalAws, programs: Any, project: Mapping[str, str], repository: Path
) -> None:
    python = programs.path("client-sagemaker", "python")
    tag = programs.run(python, "image/build.py", "tag", "container", cwd=repository).strip()
    manifest = json.dumps(
        {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}
    )
    localaws.client("ecr", REGION).put_image(
        repositoryName=project["IMAGE_REPOSITORY_URI"].partition("/")[2], imageManifest=manifest, imageTag=tag
    )
    queue = localaws.client("sqs", REGION).create_queue(QueueName="questions")["QueueUrl"]
    written = CONF.replace("ARN", make_function(localaws, project["PIPELINE_ROLE_ARN"])).replace(
        "QUEUE", queue
    )
    file = repository / "calls/conf/conf.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(written)
    received: list[Any] = []
    reader = threading.Thread(target=answer, args=(localaws, queue, received), daemon=True)
    reader.start()

    def mlpipelines(*arguments: str) -> str:
        told: str = programs.run(python, "-m", "mlpipelines", *arguments, "--project", "demo", cwd=repository)
        return told

    told = mlpipelines("run", "--local", "calls")
    ended = re.findall(r"calls: ([\w-]+: \w+)", told)
    assert ended == ["double: succeeded", "ask: succeeded", "is-right: succeeded"], told + str(received)
    file.write_text(written.replace("default: 4", "default: 5"))
    assert '+   "DefaultValue": 5' in mlpipelines("diff", "calls").splitlines()
    reader.join()
    assert received == [{"number": 8}]
