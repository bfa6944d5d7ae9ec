"""Builds that really run: projects and StartBuild come in by boto3, phases, logs and artifacts are checked."""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws import pace
from localaws.server import LocalAws

from .conftest import BUCKET, LONGEST_BUILD_SECONDS, REGION

Build = dict[str, Any]
RunBuild = Callable[..., Build]
ReadLog = Callable[[Build], str]


def spec(**phases: list[str]) -> str:
    """Return a buildspec of phases with commands."""
    lines = ["version: 0.2", "phases:"]
    for name, commands in phases.items():
        lines += [f"  {name}:", "    commands:", *(f"      - {json.dumps(command)}" for command in commands)]
    return "\n".join(lines) + "\n"


def phases(build: Build) -> dict[str, str]:
    """Return the outcome of each phase."""
    return {one["phaseType"]: one.get("phaseStatus", "") for one in build["phases"]}


def context(build: Build, phase: str) -> dict[str, str]:
    """Return the first context of a phase."""
    return next(dict(one["contexts"][0]) for one in build["phases"] if one["phaseType"] == phase)


def test_a_build_goes_through_every_phase_and_logs_its_output(run_build: RunBuild, log_of: ReadLog) -> None:
    build = run_build(spec(install=["echo one"], build=["echo $CODEBUILD_BUILD_ID"]))
    assert build["buildStatus"] == "SUCCEEDED"
    assert list(phases(build)) == [
        "SUBMITTED",
        "QUEUED",
        "PROVISIONING",
        "DOWNLOAD_SOURCE",
        "INSTALL",
        "PRE_BUILD",
        "BUILD",
        "POST_BUILD",
        "UPLOAD_ARTIFACTS",
        "FINALIZING",
        "COMPLETED",
    ]
    log = log_of(build)
    assert "Running command echo one\none\n" in log
    assert f"\n{build['id']}\n" in log
    assert "\x1e" not in log


def test_exports_and_directory_carry_over_commands_and_phases(run_build: RunBuild, log_of: ReadLog) -> None:
    build = run_build(
        spec(
            install=["export WORD='a  b'", "mkdir inner", "cd inner"],
            build=['echo "[$WORD] $(basename "$PWD")"', "PLAIN=1; export TWO=2; (exit 0)", "echo $TWO$PLAIN"],
        )
    )
    assert build["buildStatus"] == "SUCCEEDED"
    assert "[a  b] inner" in log_of(build)


@pytest.mark.parametrize("shell", ["bash", "/bin/sh"])
def test_exported_variables_are_told_after_the_build(run_build: RunBuild, shell: str) -> None:
    text = (
        f"version: 0.2\nenv:\n  shell: {shell}\n  exported-variables: [URI, GONE]\n"
        'phases:\n  build:\n    commands:\n      - export URI="it\'s one"\n'
    )
    assert run_build(text)["exportedEnvironmentVariables"] == [{"name": "URI", "value": "it's one"}]


def test_a_failing_build_still_runs_post_build_and_names_the_command(
    run_build: RunBuild, log_of: ReadLog
) -> None:
    build = run_build(
        spec(build=["exit 3", "echo never"], post_build=["echo succeeding=$CODEBUILD_BUILD_SUCCEEDING"])
    )
    assert build["buildStatus"] == "FAILED"
    assert phases(build)["BUILD"] == "FAILED"
    assert phases(build)["POST_BUILD"] == "SUCCEEDED"
    assert context(build, "BUILD") == {
        "statusCode": "COMMAND_EXECUTION_ERROR",
        "message": "Error while executing command: exit 3. Reason: exit status 3",
    }
    assert "succeeding=0" in log_of(build)
    assert "\nnever" not in log_of(build)


def test_a_failing_install_ends_the_build(run_build: RunBuild) -> None:
    build = run_build(spec(install=["false"], build=["true"]))
    assert build["buildStatus"] == "FAILED"
    assert "BUILD" not in phases(build)
    assert "UPLOAD_ARTIFACTS" not in phases(build)


def test_finally_runs_after_a_failure_and_abort_ends_the_build(run_build: RunBuild, log_of: ReadLog) -> None:
    build = run_build(
        "version: 0.2\nphases:\n"
        "  build:\n    on-failure: ABORT\n    commands: ['false']\n    finally: [echo cleaned]\n"
        "  post_build:\n    commands: [echo after]\n"
    )
    assert "\ncleaned" in log_of(build)
    assert "POST_BUILD" not in phases(build)


def test_output_without_a_newline_is_not_lost(run_build: RunBuild, log_of: ReadLog) -> None:
    build = run_build(spec(build=["printf unfinished"]))
    assert "\nunfinished\n" in log_of(build)


def test_a_missing_buildspec_fails_the_download(run_build: RunBuild, s3: Any) -> None:
    s3.put_object(Bucket="artifacts", Key="source.zip", Body=archive({"a.txt": "a"}))
    build = run_build("", source={"type": "S3", "location": "artifacts/source.zip"})
    assert build["buildStatus"] == "FAILED"
    assert context(build, "DOWNLOAD_SOURCE")["statusCode"] == "YAML_FILE_ERROR"


def archive(files: dict[str, str]) -> bytes:
    """Return a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return buffer.getvalue()


def test_artifacts_of_an_s3_source_are_packed_into_s3(run_build: RunBuild, s3: Any) -> None:
    text = spec(build=["mkdir -p out/deep", "cp in.txt out/deep/", "echo skip > out/skip.log"])
    text += "artifacts:\n  base-directory: out\n  files: ['**/*']\n  exclude-paths: ['*.log']\n"
    s3.put_object(
        Bucket="artifacts", Key="source.zip", Body=archive({"in.txt": "data", "buildspec.yml": text})
    )
    build = run_build(
        "",
        source={"type": "S3", "location": "artifacts/source.zip"},
        artifacts={
            "type": "S3",
            "location": "artifacts",
            "path": "built",
            "name": "x.zip",
            "packaging": "ZIP",
        },
    )
    assert build["buildStatus"] == "SUCCEEDED", build["phases"]
    assert build["artifacts"]["location"] == "arn:aws:s3:::artifacts/built/x.zip"
    made = s3.get_object(Bucket="artifacts", Key="built/x.zip")
    assert made["ServerSideEncryption"] == "aws:kms"
    with zipfile.ZipFile(io.BytesIO(made["Body"].read())) as opened:
        assert opened.namelist() == ["deep/in.txt"]
        assert opened.read("deep/in.txt") == b"data"


def test_an_artifact_may_come_from_another_source_by_its_variable(run_build: RunBuild, s3: Any) -> None:
    s3.put_object(Bucket="artifacts", Key="second.zip", Body=archive({"notes/a.txt": "second"}))
    text = spec(build=["true"])
    text += "artifacts:\n  base-directory: $CODEBUILD_SRC_DIR_second/notes\n  files: ['*']\n"
    build = run_build(
        text,
        secondarySources=[{"type": "S3", "location": "artifacts/second.zip", "sourceIdentifier": "second"}],
        artifacts={"type": "S3", "location": "artifacts", "name": "out", "packaging": "NONE"},
    )
    assert build["buildStatus"] == "SUCCEEDED"
    assert s3.get_object(Bucket="artifacts", Key="out/a.txt")["Body"].read() == b"second"


def test_an_artifact_that_matches_nothing_fails_the_upload(run_build: RunBuild, s3: Any) -> None:
    assert s3.list_buckets()["Buckets"]
    build = run_build(
        spec(build=["true"]) + "artifacts: {files: [none.txt]}\n",
        artifacts={"type": "S3", "location": "artifacts"},
    )
    assert build["buildStatus"] == "FAILED"
    assert "no matching artifact paths found: none.txt" in context(build, "UPLOAD_ARTIFACTS")["message"]


def test_a_commit_is_built_with_its_history(run_build: RunBuild, localaws: LocalAws, log_of: ReadLog) -> None:
    codecommit = localaws.client("codecommit", "eu-central-1")
    codecommit.create_repository(repositoryName="code")
    text = spec(build=["git log --format=%s"]).encode()
    commit = codecommit.put_file(
        repositoryName="code",
        branchName="main",
        filePath="ci/build.yml",
        fileContent=text,
        commitMessage="Begin here",
    )["commitId"]
    build = run_build(
        "",
        source={
            "type": "CODECOMMIT",
            "location": "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/code",
            "buildspec": "ci/build.yml",
        },
    )
    assert build["resolvedSourceVersion"] == commit
    assert "\nBegin here" in log_of(build)


def test_variables_come_from_project_request_parameters_and_secrets(
    run_build: RunBuild, localaws: LocalAws, log_of: ReadLog
) -> None:
    localaws.client("ssm", "eu-central-1").put_parameter(Name="/a/b", Value="from ssm", Type="SecureString")
    secret = localaws.client("secretsmanager", "eu-central-1")
    secret.create_secret(Name="db", SecretString='{"password": "from secret"}')
    text = (
        "version: 0.2\nenv:\n  variables: {A: spec, B: spec, C: spec}\n  parameter-store: {D: /a/b}\n"
        'phases:\n  build:\n    commands:\n      - echo "$A|$B|$C|$D|$E"\n'
    )
    build = run_build(
        text,
        start={"environmentVariablesOverride": [{"name": "C", "value": "request"}]},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [
                {"name": "B", "value": "project"},
                {"name": "C", "value": "project"},
                {"name": "E", "value": "db:password", "type": "SECRETS_MANAGER"},
            ],
        },
    )
    assert "\nspec|project|request|from ssm|from secret" in log_of(build)


def test_a_missing_parameter_fails_with_its_name(run_build: RunBuild) -> None:
    build = run_build("version: 0.2\nenv: {parameter-store: {A: /none}}\nphases: {build: {commands: [a]}}\n")
    assert "/none" in context(build, "DOWNLOAD_SOURCE")["message"]


def test_a_build_acts_as_the_service_role(run_build: RunBuild, log_of: ReadLog) -> None:
    identity = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    build = run_build(spec(build=[f'{sys.executable} -c "{identity}"']))
    assert "assumed-role/builder/" in log_of(build)


def test_a_container_that_dies_fails_the_build(run_build: RunBuild) -> None:
    build = run_build(spec(build=["kill -9 $PPID; sleep 10"]))
    assert build["buildStatus"] == "FAILED"
    assert context(build, "BUILD")["message"] == "The build container ended early"


def test_an_unknown_image_fails_the_provisioning(run_build: RunBuild) -> None:
    build = run_build(spec(build=["true"]), start={"imageOverride": "nowhere/none:1"})
    assert context(build, "PROVISIONING")["statusCode"] == "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE"


def test_the_same_token_starts_one_build(codebuild: Any, run_build: RunBuild) -> None:
    first = run_build(spec(build=["true"]), start={"idempotencyToken": "t"})
    again = codebuild.start_build(projectName="builds", idempotencyToken="t")["build"]
    assert again["id"] == first["id"]
    with pytest.raises(ClientError, match="idempotency token"):
        codebuild.start_build(projectName="builds", idempotencyToken="t", sourceVersion="x")


def test_a_stopped_build_ends_at_once_and_says_so(codebuild: Any, role_arn: str) -> None:
    codebuild.create_project(
        name="builds",
        source={"type": "NO_SOURCE", "buildspec": spec(build=["sleep 60"])},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/x:1",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=role_arn,
    )
    build_id = codebuild.start_build(projectName="builds")["build"]["id"]
    until = time.monotonic() + LONGEST_BUILD_SECONDS
    while codebuild.batch_get_builds(ids=[build_id])["builds"][0]["currentPhase"] != "BUILD":
        assert time.monotonic() < until
        time.sleep(0.05)
    codebuild.stop_build(id=build_id)
    while not (build := codebuild.batch_get_builds(ids=[build_id])["builds"][0])["buildComplete"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert build["buildStatus"] == "STOPPED"
    assert phases(build)["BUILD"] == "STOPPED"


def test_a_cache_comes_back_in_the_next_build(
    codebuild: Any, run_build: RunBuild, log_of: ReadLog, s3: Any
) -> None:
    text = spec(build=["cat kept/word || true", "mkdir -p kept", "echo remembered > kept/word"])
    cache = {"type": "S3", "location": "artifacts/cache"}
    run_build(text + "cache: {paths: ['kept/**/*']}\n", cache=cache)
    second = codebuild.start_build(projectName="builds")["build"]["id"]
    until = time.monotonic() + LONGEST_BUILD_SECONDS
    while not (build := codebuild.batch_get_builds(ids=[second])["builds"][0])["buildComplete"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert "\nremembered\n" in log_of(build)
    assert len(s3.list_objects_v2(Bucket="artifacts", Prefix="cache/")["Contents"]) == 1


def test_a_build_that_takes_too_long_is_ended(run_build: RunBuild, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_minute", 0.5)
    build = run_build(spec(build=["sleep 60"]), timeoutInMinutes=5)
    assert build["buildStatus"] == "TIMED_OUT"
    assert any(
        one["contexts"][0]["statusCode"] == "BUILD_TIMED_OUT" for one in build["phases"] if "contexts" in one
    )


def test_a_failed_build_is_run_again_on_request(codebuild: Any, run_build: RunBuild) -> None:
    first = run_build(spec(build=['test -n "$GIVEN"']))
    assert first["buildStatus"] == "FAILED"
    again = codebuild.retry_build(id=first["id"])["build"]
    assert again["buildNumber"] == 2
    assert again["id"] != first["id"]
    listed = codebuild.list_builds_for_project(projectName="builds")["ids"]
    assert listed == [again["id"], first["id"]]


def test_a_build_in_a_vpc_reaches_what_its_subnets_lead_to(
    localaws: LocalAws, run_build: RunBuild, s3: Any
) -> None:
    ec2 = localaws.client("ec2", REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway",
        RouteTableIds=[table["RouteTableId"]],
    )  # fmt: skip
    s3.put_object(Bucket=BUCKET, Key="there", Body=b"found")
    ask = "curl --silent --output /dev/null --write-out '%{http_connect}' https://"
    buildspec = f"""
version: 0.2
env: {{exported-variables: [S3, STS, PYPI]}}
phases:
  build:
    commands:
      - S3=$({ask}s3.{REGION}.amazonaws.com/{BUCKET}/there || true)
      - STS=$({ask}sts.{REGION}.amazonaws.com/ || true)
      - PYPI=$({ask}packages.example.org/ || true)
"""
    network = {"vpcId": vpc, "subnets": [subnet], "securityGroupIds": ["sg-1"]}
    build = run_build(buildspec, vpcConfig=network)
    assert build["buildStatus"] == "SUCCEEDED"
    answers = {each["name"]: each["value"] for each in build["exportedEnvironmentVariables"]}
    assert answers == {"S3": "200", "STS": "403", "PYPI": "403"}
