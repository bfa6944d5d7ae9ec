"""CloudFormation and Lambda actions: stacks and jobs that a pipeline makes, seen by boto3."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

Bench = Any

TEMPLATE = """
Parameters:
  Word: {Type: String}
  Key: {Type: String}
  Other: {Type: String, Default: unset}
Resources:
  Parameter:
    Type: AWS::SSM::Parameter
    Properties: {Name: /deployed, Type: String, Value: !Ref Word}
Outputs:
  Spoken: {Value: !Ref Word}
  ArtifactKey: {Value: !Ref Key}
  OtherOut: {Value: !Ref Other}
"""


def deploy(mode: str, **configuration: str) -> dict[str, Any]:
    """Return a CloudFormation action in namespace ``Stack``."""
    given = {"ActionMode": mode, "StackName": "stage", "TemplatePath": "SourceOutput::stack.yaml"}
    return {
        "name": mode.title().replace("_", ""),
        "namespace": f"Ns{mode}",
        "actionTypeId": {"category": "Deploy", "owner": "AWS", "provider": "CloudFormation", "version": "1"},
        "configuration": given | configuration,
        "inputArtifacts": [{"name": "SourceOutput"}],
    }


def overrides(**values: Any) -> str:
    """Return ParameterOverrides."""
    return json.dumps({"Key": {"Fn::GetArtifactAtt": ["SourceOutput", "ObjectKey"]}, **values})


def test_a_stack_gets_template_configuration_and_overrides_and_puts_out_its_outputs(bench: Bench) -> None:
    bench.commit("stack.yaml", TEMPLATE)
    bench.commit("config.json", json.dumps({"Parameters": {"Word": "configured"}, "Tags": {"team": "a"}}))
    bench.commit("values.json", json.dumps({"other": "from file"}))
    action = deploy(
        "CREATE_UPDATE",
        TemplateConfiguration="SourceOutput::config.json",
        ParameterOverrides=overrides(Other={"Fn::GetParam": ["SourceOutput", "values.json", "other"]}),
        OutputFileName="outputs.json",
    )
    action["outputArtifacts"] = [{"name": "StackOutputs"}]
    bench.project("read", 'test "$SAID" = configured')
    reader = bench.build("read", variables={"SAID": "#{NsCREATE_UPDATE.Spoken}"})
    bench.pipeline(bench.stage("Deploy", action), bench.stage("Read", reader))
    assert bench.wait() == "Succeeded"
    variables = bench.action("CreateUpdate")["output"]["outputVariables"]
    assert variables["OtherOut"] == "from file"
    assert variables["ArtifactKey"].startswith("line/SourceOutp/")
    where = bench.action("CreateUpdate")["output"]["outputArtifacts"][0]["s3location"]
    body = bench.s3.get_object(Bucket=where["bucket"], Key=where["key"])["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert json.loads(archive.read("outputs.json")) == variables
    stack = bench.server.client("cloudformation", "eu-west-2").describe_stacks(StackName="stage")["Stacks"][0]
    assert {"Key": "team", "Value": "a"} in stack["Tags"]


def test_a_change_set_is_made_and_executed_and_an_empty_one_is_no_failure(bench: Bench) -> None:
    bench.commit("stack.yaml", TEMPLATE)
    given = {"ChangeSetName": "next", "ParameterOverrides": overrides(Word="one", Key="fixed")}
    bench.pipeline(
        bench.stage("Plan", deploy("CHANGE_SET_REPLACE", **given)),
        bench.stage("Apply", deploy("CHANGE_SET_EXECUTE", ChangeSetName="next")),
    )
    assert bench.wait() == "Succeeded"
    assert bench.action("ChangeSetExecute")["output"]["outputVariables"]["Spoken"] == "one"
    second = bench.codepipeline.start_pipeline_execution(name="line")["pipelineExecutionId"]
    assert bench.wait(second) == "Succeeded"
    assert bench.action("ChangeSetExecute")["pipelineExecutionId"] == second
    assert bench.action("ChangeSetExecute")["output"]["outputVariables"]["Spoken"] == "one"


def test_a_stack_that_fails_fails_the_action_with_its_first_resource(bench: Bench) -> None:
    bench.commit("stack.yaml", TEMPLATE.replace("Type: String, Value", "Type: Wrong, Value"))
    bench.pipeline(bench.stage("Deploy", deploy("CREATE_UPDATE", ParameterOverrides=overrides(Word="x"))))
    assert bench.wait() == "Failed"
    error = bench.action("CreateUpdate")["output"]["executionResult"]["errorDetails"]
    assert "Parameter" in error["message"]
    assert "ROLLBACK_COMPLETE" in error["message"]


def test_a_stack_is_deleted_and_a_missing_one_is_no_failure(bench: Bench) -> None:
    bench.commit("stack.yaml", TEMPLATE)
    delete = deploy("DELETE_ONLY")
    del delete["configuration"]["TemplatePath"]
    bench.pipeline(
        bench.stage("Deploy", deploy("REPLACE_ON_FAILURE", ParameterOverrides=overrides(Word="x"))),
        bench.stage("Delete", delete, {**delete, "name": "Again", "namespace": "Again", "runOrder": 2}),
    )
    assert bench.wait() == "Succeeded"
    stacks = bench.server.client("cloudformation", "eu-west-2").list_stacks()["StackSummaries"]
    assert [stack["StackStatus"] for stack in stacks] == ["DELETE_COMPLETE"]


def test_a_missing_template_is_named(bench: Bench) -> None:
    bench.pipeline(bench.stage("Deploy", deploy("CREATE_UPDATE")))
    assert bench.wait() == "Failed"
    error = bench.action("CreateUpdate")["output"]["executionResult"]["errorDetails"]
    assert error["message"] == "File [stack.yaml] does not exist in artifact [SourceOutput]"


def test_a_job_of_a_function_decides_by_its_result(bench: Bench) -> None:
    code = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    job = event['CodePipeline.job']\n"
        "    given = job['data']['actionConfiguration']['configuration']['UserParameters']\n"
        "    client = boto3.client('codepipeline')\n"
        "    if given == 'bad':\n"
        "        details = {'type': 'JobFailed', 'message': 'the function says no'}\n"
        "        client.put_job_failure_result(jobId=job['id'], failureDetails=details)\n"
        "    else:\n"
        "        client.put_job_success_result(jobId=job['id'], outputVariables={'Answer': given})\n"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("work.py", code)
    bench.server.client("lambda", "eu-west-2").create_function(
        FunctionName="work",
        Runtime="python3.11",
        Handler="work.handler",
        Role=bench.role_arn,
        Code={"ZipFile": buffer.getvalue()},
        Timeout=20,
    )

    def invoke(name: str, given: str) -> dict[str, Any]:
        return {
            "name": name,
            "actionTypeId": {"category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1"},
            "configuration": {"FunctionName": "work", "UserParameters": given},
        }

    bench.pipeline(bench.stage("Ask", invoke("Good", "fine")), bench.stage("Again", invoke("Bad", "bad")))
    assert bench.wait() == "Failed"
    assert bench.action("Good")["output"]["outputVariables"] == {"Answer": "fine"}
    error = bench.action("Bad")["output"]["executionResult"]["errorDetails"]
    assert error == {"code": "JobFailed", "message": "the function says no"}
