"""Steps that call somebody else, and the decision on what they answer, as they are compiled."""

from __future__ import annotations

import json

from configured_repository import Repository

from mlpipelines.sdk_compiler import compile_pipeline

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
          enable_cache: true
          function_arn: arn:aws:lambda:eu-west-1:123456789012:function:double
          inputs: {number: {parameter: Number, default: 4}, word: hello}
          outputs: [{name: doubled, type: Integer}, {name: word}]
        - step_name: ask
          step_class: Callback
          sqs_queue_url: https://sqs.eu-west-1.amazonaws.com/123456789012/questions
          inputs: {number: {step: double, property: "OutputParameters['doubled']"}}
          outputs: [{name: answer, type: Float}, {name: sure, type: Boolean}]
        - step_name: is-right
          step_class: Condition
          conditions: [{left: {step: ask, property: "OutputParameters['answer']"}, operator: "==", right: 42}]
          else_steps: [wrong]
        - {step_name: wrong, step_class: Fail, error_message: the answer is wrong}
"""


def test_calls_say_what_they_send_and_of_which_types_the_answers_are(repository: Repository) -> None:
    plan = repository.write({"calls/conf/conf.yaml": CONF}).plan()["calls"]
    double, ask, decide = json.loads(compile_pipeline(plan))["Steps"]
    assert double["Arguments"] == {"number": {"Get": "Parameters.Number"}, "word": "hello"}
    assert double["OutputParameters"] == [
        {"OutputName": "doubled", "OutputType": "Integer"},
        {"OutputName": "word", "OutputType": "String"},
    ]
    assert double["CacheConfig"]["Enabled"]
    assert ask["Arguments"] == {"number": {"Get": "Steps.double.OutputParameters['doubled']"}}
    assert [each["OutputType"] for each in ask["OutputParameters"]] == ["Float", "Boolean"]
    (condition,) = decide["Arguments"]["Conditions"]
    assert (condition["Type"], condition["RightValue"]) == ("Equals", 42)
    assert [step["Name"] for step in decide["Arguments"]["ElseSteps"]] == ["wrong"]
