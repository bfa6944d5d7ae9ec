"""Deployment to S3: an artifact becomes an object, or its files become objects."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

Bench = Any


def deploy(name: str, **configuration: str) -> dict[str, Any]:
    """Return an action that deploys the source to the bucket ``site``."""
    return {
        "name": name,
        "actionTypeId": {"category": "Deploy", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {"BucketName": "site", **configuration},
        "inputArtifacts": [{"name": "SourceOutput"}],
    }


def test_an_artifact_is_deployed_whole_and_file_by_file(bench: Bench) -> None:
    bench.s3.create_bucket(Bucket="site", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    bench.commit("pages/index.html", "<p>hello</p>")
    bench.pipeline(
        bench.stage(
            "Deploy",
            deploy("Files", Extract="true", ObjectKey="www/", CacheControl="no-store"),
            deploy("Whole", Extract="false", ObjectKey="all.zip"),
        )
    )
    assert bench.wait() == "Succeeded"
    listed = bench.s3.list_objects_v2(Bucket="site")["Contents"]
    assert [each["Key"] for each in listed] == ["all.zip", "www/README.md", "www/pages/index.html"]
    page = bench.s3.get_object(Bucket="site", Key="www/pages/index.html")
    assert (page["Body"].read(), page["ContentType"], page["CacheControl"]) == (
        b"<p>hello</p>",
        "text/html",
        "no-store",
    )
    whole = bench.s3.get_object(Bucket="site", Key="all.zip")["Body"].read()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert {"README.md", "pages/index.html"} <= set(archive.namelist())


def test_an_action_that_nothing_here_carries_out_is_refused_with_those_that_there_are(bench: Bench) -> None:
    action = deploy("Ship", Extract="true")
    action["actionTypeId"]["provider"] = "CodeDeploy"
    with pytest.raises(
        ClientError, match=r"not available in region EU_WEST_2: localaws has .*Deploy S3.* only"
    ):
        bench.pipeline(bench.stage("Deploy", action))
