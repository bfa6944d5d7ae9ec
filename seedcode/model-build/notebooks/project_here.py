"""The repository that a notebook lies in, in; its project's facts, data and jobs out (to the notebooks).

It needs nothing but boto3 and git, so that any kernel of Studio will do.
"""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

REPOSITORY = Path(__file__).resolve().parents[1]
CLONE_URL = re.compile(r"sagemaker-(?P<project>[a-zA-Z0-9-]+)-p-[a-z0-9]+-modelbuild")
BUSY = ("InProgress", "Pending", "Creating", "Updating", "Deleting", "Executing", "Stopping")
POLL_SECONDS = 2.0
JOB_ROOT = "/opt/ml/processing"


@dataclass(frozen=True)
class ProjectHere:
    """The project of this repository.

    Attributes
    ----------
    session
        Of whoever runs the notebook: in Studio, the execution role of the user profile.
    facts
        What the project's builds are told, by the names of their variables: PROJECT_BUCKET, KMS_KEY_ARN ...
    """

    session: Any
    facts: Mapping[str, str]

    def client(self, service: str) -> Any:
        """Return a client of an AWS service."""
        return self.session.client(service)

    @property
    def role(self) -> str:
        """The role that the project's jobs run in."""
        return self.facts["PIPELINE_ROLE_ARN"]

    @property
    def tags(self) -> list[dict[str, str]]:
        """What Studio finds a project's things by."""
        return [
            {"Key": "sagemaker:project-name", "Value": self.facts["PROJECT_NAME"]},
            {"Key": "sagemaker:project-id", "Value": self.facts["PROJECT_ID"]},
        ]

    @property
    def network(self) -> dict[str, Any]:
        """The project's network, as requests of jobs and models have it; nothing where it has none.

        Without it, a job in a platform without internet reaches nothing: no data, no log.
        """
        if not self.facts.get("SUBNETS"):
            return {}
        return {
            "VpcConfig": {
                "Subnets": self.facts["SUBNETS"].split(","),
                "SecurityGroupIds": self.facts["SECURITY_GROUPS"].split(","),
            }
        }

    def machines(self, instance_type: str = "ml.m5.large", count: int = 1) -> dict[str, Any]:
        """Return the machines of a job, with volumes under the project's key.

        Types with disks of their own (`ml.g5`, `ml.g4dn`, those with a `d` such as `ml.m5d`) take no key: leave it out.
        """
        return {
            "InstanceCount": count,
            "InstanceType": instance_type,
            "VolumeSizeInGB": 30,
            "VolumeKmsKeyId": self.facts["KMS_KEY_ARN"],
        }

    def name(self, what: str) -> str:
        """Return a name that no job had before."""
        return f"notebook-{what}-{datetime.datetime.now(datetime.UTC):%Y%m%d%H%M%S%f}"

    def image(self) -> str:
        """Return the URI of the project's image, which the Image stage made of ``container/``."""
        tag = _told([sys.executable, "image/build.py", "tag", "container"])
        repository = self.facts["IMAGE_REPOSITORY_URI"]
        found = self.client("ecr").describe_images(
            repositoryName=repository.partition("/")[2], imageIds=[{"imageTag": tag}]
        )
        return f"{repository}@{found['imageDetails'][0]['imageDigest']}"

    def upload(self, file: Path | str, prefix: str) -> str:
        """Put a file of the repository below a prefix of the project's bucket; returns its URI.

        Jobs read ``code/`` and ``data/``, and write ``training/``.
        """
        path = REPOSITORY / file
        key = f"{prefix.strip('/')}/{path.name}"
        self.client("s3").upload_file(str(path), self.facts["PROJECT_BUCKET"], key)
        return self.uri(key)

    def uri(self, key: str) -> str:
        """Return the URI of a key in the project's bucket."""
        return f"s3://{self.facts['PROJECT_BUCKET']}/{key}"

    def put(self, content: bytes, key: str) -> str:
        """Put an object into the project's bucket; returns its URI."""
        self.client("s3").put_object(Bucket=self.facts["PROJECT_BUCKET"], Key=key, Body=content)
        return self.uri(key)

    def read(self, uri: str) -> bytes:
        """Return an object's content."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        content: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def good_execution(self, pipeline: str) -> str:
        """Return a pipeline's latest execution that succeeded: its ARN."""
        executions = self.client("sagemaker").list_pipeline_executions(
            PipelineName=f"{self.facts['PIPELINE_PREFIX']}-{pipeline}", SortOrder="Descending", MaxResults=100
        )["PipelineExecutionSummaries"]
        good = [each for each in executions if each["PipelineExecutionStatus"] == "Succeeded"]
        if not good:
            known = "none of its latest executions has succeeded" if executions else "it has never run"
            raise RuntimeError(f"the pipeline {pipeline} has nothing to look at: {known}; a push starts it")
        arn: str = good[0]["PipelineExecutionArn"]
        return arn

    def jobs(self, pipeline: str) -> dict[str, str]:
        """Return the jobs of a pipeline's latest execution that succeeded, by the names of its steps."""
        steps = self.client("sagemaker").list_pipeline_execution_steps(
            PipelineExecutionArn=self.good_execution(pipeline), MaxResults=100
        )["PipelineExecutionSteps"]
        return {
            each["StepName"]: job["Arn"].rpartition("/")[2]
            for each in steps
            for kind, job in each.get("Metadata", {}).items()
            if kind.endswith("Job")
        }

    def process(
        self,
        name: str,
        command: Sequence[str],
        inputs: Mapping[str, str],
        outputs: Sequence[str],
        **changes: Any,
    ) -> dict[str, str]:
        """Run a processing job in the project's image and wait for it; returns where each output is.

        Parameters
        ----------
        name
            The job's.
        command
            What runs in the container, instead of what the image does by itself.
        inputs
            URIs by names: a job finds them in ``/opt/ml/processing/input/<name>``.
        outputs
            Names: what it leaves in ``/opt/ml/processing/output/<name>``.
        changes
            Parts of the request as CreateProcessingJob has them, instead of those made here.
        """
        places = {each: self.uri(f"training/notebooks/{name}/{each}") for each in outputs}
        request = {
            "ProcessingJobName": name,
            "RoleArn": self.role,
            "AppSpecification": {"ImageUri": self.image(), "ContainerEntrypoint": [*command]},
            "ProcessingResources": {"ClusterConfig": self.machines()},
            "ProcessingInputs": [_input(each, uri, f"{JOB_ROOT}/input") for each, uri in inputs.items()],
            "ProcessingOutputConfig": {
                "KmsKeyId": self.facts["KMS_KEY_ARN"],
                "Outputs": [_output(each, uri, f"{JOB_ROOT}/output/{each}") for each, uri in places.items()],
            },
            "Tags": self.tags,
            **({"NetworkConfig": self.network} if self.network else {}),
        }
        sagemaker = self.client("sagemaker")
        sagemaker.create_processing_job(**(request | changes))
        wait(lambda: sagemaker.describe_processing_job(ProcessingJobName=name), "ProcessingJobStatus")
        return places


def _input(name: str, uri: str, folder: str) -> dict[str, Any]:
    place = {"S3Uri": uri, "LocalPath": f"{folder}/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": place}


def _output(name: str, uri: str, folder: str) -> dict[str, Any]:
    place = {"S3Uri": uri, "LocalPath": folder, "S3UploadMode": "EndOfJob"}
    return {"OutputName": name, "S3Output": place}


def open_project(name: str = "") -> ProjectHere:
    """Return the project that this repository belongs to.

    Parameters
    ----------
    name
        The project's, where the repository's address does not tell it.
    """
    session = boto3.Session()
    name = name or _name_in_address()
    project = session.client("sagemaker").describe_project(ProjectName=name)
    build = f"sagemaker-{name}-{project['ProjectId']}-modelbuild-train"
    (found,) = session.client("codebuild").batch_get_projects(names=[build])["projects"]
    facts = {each["name"]: each["value"] for each in found["environment"]["environmentVariables"]}
    return ProjectHere(session, facts)


def wait(describe: Callable[[], Mapping[str, Any]], status: str) -> Mapping[str, Any]:
    """Ask until a job, pipeline or endpoint is no longer busy; raise when it has not come to a good end.

    Parameters
    ----------
    describe
        Asks AWS.
    status
        The answer's field with the status, such as ``ProcessingJobStatus``.
    """
    while True:
        answer = describe()
        if answer[status] not in BUSY:
            break
        time.sleep(POLL_SECONDS)
    print(answer[status])
    if answer[status] in ("Failed", "Stopped"):
        raise RuntimeError(answer.get("FailureReason", answer[status]))
    return answer


def _name_in_address() -> str:
    address = _told(["git", "remote", "get-url", "origin"])
    match = CLONE_URL.search(address)
    if match is None:
        raise RuntimeError(f"{address} does not tell the project: open_project('its name')")
    return match["project"]


def _told(command: list[str]) -> str:
    done = subprocess.run(  # noqa: S603  # commands of this file
        command, cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
