"""Pipelines by API: versions, tags, and what is not supported."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

Bench = Any


def test_versions_count_up_and_old_ones_can_be_read(bench: Bench) -> None:
    made = bench.pipeline(bench.stage("Gate", bench.approval()))
    with pytest.raises(bench.codepipeline.exceptions.PipelineNameInUseException):
        bench.codepipeline.create_pipeline(pipeline=made)
    changed = bench.codepipeline.update_pipeline(pipeline={**made, "executionMode": "QUEUED"})["pipeline"]
    assert changed["version"] == 2
    assert bench.codepipeline.get_pipeline(name="line")["pipeline"]["executionMode"] == "QUEUED"
    assert (
        bench.codepipeline.get_pipeline(name="line", version=1)["pipeline"]["executionMode"] == "SUPERSEDED"
    )
    arn = bench.codepipeline.get_pipeline(name="line")["metadata"]["pipelineArn"]
    bench.codepipeline.tag_resource(
        resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    )
    bench.codepipeline.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert bench.codepipeline.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "2"}]


def test_a_rollback_is_refused_by_name(bench: Bench) -> None:
    with pytest.raises(ClientError, match="RollbackStage") as caught:
        bench.codepipeline.rollback_stage(
            pipelineName="line",
            stageName="Gate",
            targetPipelineExecutionId="00000000-0000-0000-0000-000000000000",
        )
    assert "does not support" in caught.value.response["Error"]["Message"]
