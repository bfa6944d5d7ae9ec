"""The sagemaker SDK: a pipeline upserted, run and waited for; a registered model deployed and asked."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

from localaws.image_import import register
from localaws.server import LocalAws

REGION = "eu-west-1"
HERE = Path(__file__).parent / "sagemaker_sdk"
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "sagemaker.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


def prepare(localaws: LocalAws) -> str:
    """Make what the user finds in the account; return the role."""
    s3 = localaws.client("s3", REGION)
    s3.create_bucket(Bucket="work", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="work", Key="raw/rows.csv", Body=b"1\nheader\n2\n")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo("factor.txt")
        member.size = 1
        tar.addfile(member, io.BytesIO(b"3"))
    s3.put_object(Bucket="work", Key="three.tar.gz", Body=archive.getvalue())
    localaws.client("ecr", REGION).create_repository(repositoryName="factors")
    iam = localaws.client("iam", REGION)
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps({"Statement": [TRUST]}))
    # The SDK has IAM simulate whether the role may do what it is for.
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="worker", PolicyName="all", PolicyDocument=json.dumps(everything))
    arn: str = role["Role"]["Arn"]
    return arn


def test_a_pipeline_is_written_run_and_its_model_deployed(localaws: LocalAws, programs: Any) -> None:
    role = prepare(localaws)
    context = HERE / "image"
    prepared = localaws.images.prepare(context, context / "Dockerfile", {}, print)
    image = register(localaws.client("ecr", REGION), prepared, "factors", "one")
    python = programs.path("client-sagemaker", "python")
    printed = programs.run(python, HERE / "author.py", image, role, "work")
    assert json.loads(printed.splitlines()[-1]) == {
        "status": "Succeeded",
        "steps": {"prepare": "Succeeded", "tune": "Succeeded", "score": "Succeeded"},
        "best": {"factor": "3"},
        "instances": 2,
        "answer": "15",
    }
    scores = localaws.client("s3", REGION).get_object(Bucket="work", Key="scores/rows.csv.out")
    assert scores["Body"].read() == b"1,3\n2,6\n"
