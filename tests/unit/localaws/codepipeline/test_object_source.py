"""Source from S3: an object's newest version, or the one that a person names, goes through the pipeline."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

Bench = Any


def archive(word: str) -> bytes:
    """Return a zip archive with one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("word", word)
    return buffer.getvalue()


def source(**configuration: str) -> dict[str, Any]:
    """Return a source action of the object ``in.zip``."""
    return {
        "name": "Fetch",
        "namespace": "Src",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {"S3Bucket": "sources", "S3ObjectKey": "in.zip", **configuration},
        "outputArtifacts": [{"name": "SourceOutput"}],
    }


def test_an_object_is_the_source_and_an_older_version_can_be_named(bench: Bench) -> None:
    bench.s3.create_bucket(Bucket="sources", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    bench.s3.put_bucket_versioning(Bucket="sources", VersioningConfiguration={"Status": "Enabled"})
    versions = [
        bench.s3.put_object(Bucket="sources", Key="in.zip", Body=archive(word))["VersionId"]
        for word in ("old", "new")
    ]
    bench.project("read", "test $(cat word) = new", "export V=$VERSION", exported="V")
    read = bench.build("read", variables={"VERSION": "#{Src.VersionId}"})
    bench.pipeline(
        stages=[bench.stage("Source", source(PollForSourceChanges="false")), bench.stage("Read", read)]
    )
    assert bench.wait() == "Succeeded"
    assert bench.action("Run-read")["output"]["outputVariables"] == {"V": versions[1]}
    older = bench.codepipeline.start_pipeline_execution(
        name="line",
        sourceRevisions=[
            {"actionName": "Fetch", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": versions[0]}
        ],
    )["pipelineExecutionId"]
    assert bench.wait(older) == "Failed"


def test_polling_s3_is_refused_rather_than_pretended(bench: Bench) -> None:
    with pytest.raises(ClientError, match="does not poll S3"):
        bench.pipeline(stages=[bench.stage("Source", source()), bench.stage("Gate", bench.approval())])
