"""Selective execution: chosen steps run again with what an earlier execution made of the others."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import SageMaker
from .test_definition import document
from .test_pipelines import get, join
from .test_step_kinds import Queue, ended

OUTPUTS = [{"OutputName": "word", "OutputType": "String"}]


def ask(queue: Queue, name: str, *values: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "Callback",
        "SqsQueueUrl": queue.url,
        "Arguments": {"text": join("", *values)},
        "OutputParameters": OUTPUTS,
    }


def run(
    sagemaker: SageMaker, queue: Queue, answers: list[str], **start: Any
) -> tuple[str, list[str], dict[str, Any]]:
    """Run the pipeline and answer its steps; return the execution, what was asked, and the steps."""
    arn = sagemaker.client.start_pipeline_execution(PipelineName="p", **start)["PipelineExecutionArn"]
    asked = []
    for answer in answers:
        message = queue.message()
        asked.append(message["arguments"]["text"])
        sagemaker.client.send_pipeline_execution_step_success(
            CallbackToken=message["token"], OutputParameters=[{"Name": "word", "Value": answer}]
        )
    status, steps = ended(sagemaker, arn)
    assert status == "Succeeded", steps
    return arn, asked, steps


def chain(sagemaker: SageMaker) -> Queue:
    """Make a pipeline of three steps, each asking with what the one before was answered."""
    queue = Queue(sagemaker)
    steps = [
        ask(queue, "A", "begin"),
        ask(queue, "B", "after ", get("Steps.A.OutputParameters['word']")),
        ask(queue, "C", "after ", get("Steps.B.OutputParameters['word']")),
    ]
    sagemaker.client.create_pipeline(
        PipelineName="p", PipelineDefinition=document(*steps), RoleArn=sagemaker.role
    )
    return queue


def selected(*names: str, source: str = "") -> dict[str, Any]:
    config: dict[str, Any] = {"SelectedSteps": [{"StepName": name} for name in names]}
    if source:
        config["SourcePipelineExecutionArn"] = source
    return {"SelectiveExecutionConfig": config}


def test_a_selected_step_runs_with_what_the_source_made_of_the_others(sagemaker: SageMaker) -> None:
    queue = chain(sagemaker)
    source, _, _ = run(sagemaker, queue, ["one", "two", "three"])
    arn, asked, steps = run(sagemaker, queue, ["new"], **selected("B", source=source))
    assert asked == ["after one"]
    assert steps["A"]["SelectiveExecutionResult"] == {"SourcePipelineExecutionArn": source}
    assert "SelectiveExecutionResult" not in steps["B"]
    assert "C" not in steps
    detail = sagemaker.client.describe_pipeline_execution(PipelineExecutionArn=arn)
    assert detail["SelectiveExecutionConfig"]["SourcePipelineExecutionArn"] == source


def test_steps_that_need_no_other_can_be_selected_without_a_source(sagemaker: SageMaker) -> None:
    queue = chain(sagemaker)
    _, asked, steps = run(sagemaker, queue, ["one", "two"], **selected("A", "B"))
    assert asked == ["begin", "after one"]
    assert sorted(steps) == ["A", "B"]


@pytest.mark.parametrize(
    ("names", "source", "words"),
    [
        (("B",), "", r"depend on \['A'\]"),
        (("D",), "", r"\['D'\] are not in the pipeline"),
        (("B",), "arn:aws:sagemaker:us-east-1:123456789012:pipeline/p/execution/abc", "is none of"),
    ],
)
def test_what_cannot_be_selected_is_refused(
    sagemaker: SageMaker, names: tuple[str, ...], source: str, words: str
) -> None:
    chain(sagemaker)
    with pytest.raises(ClientError, match=words):
        sagemaker.client.start_pipeline_execution(PipelineName="p", **selected(*names, source=source))
