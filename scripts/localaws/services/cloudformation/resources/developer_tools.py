"""CodeCommit repositories, CodeBuild projects and CodePipeline pipelines."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from localaws.services.cloudformation.errors import ResourceFailure
from localaws.services.cloudformation.resources.contract import Job, Made
from localaws.services.cloudformation.resources.table import Aspect, Call, Declaration, TableProvider

_FILES_PER_COMMIT = 100
_TAGGED = {"resourceArn": "attributes.Arn"}

REPOSITORY = Declaration(
    type="AWS::CodeCommit::Repository",
    service="codecommit",
    create=(Call("create_repository", spread=True),),
    physical_id="made.repositoryMetadata.repositoryId",
    delete=(Call("delete_repository", {"repositoryName": "p.RepositoryName"}),),
    read=Call("get_repository", {"repositoryName": "p.RepositoryName"}),
    attributes={
        "Arn": "read.repositoryMetadata.Arn",
        "CloneUrlHttp": "read.repositoryMetadata.cloneUrlHttp",
        "CloneUrlSsh": "read.repositoryMetadata.cloneUrlSsh",
        "Name": "p.RepositoryName",
    },
    # The first commit, which `CodeCommitProvider` makes; AWS too reads it on create only.
    ignored=("Code",),
    aspects=(
        Aspect(
            ("RepositoryName",),
            put=(
                Call(
                    "update_repository_name", {"oldName": "old.RepositoryName", "newName": "p.RepositoryName"}
                ),
            ),
            on_create=False,
        ),
        Aspect(
            ("RepositoryDescription",),
            put=(
                Call(
                    "update_repository_description",
                    {
                        "repositoryName": "p.RepositoryName",
                        "repositoryDescription": "p.RepositoryDescription",
                    },
                ),
            ),
            remove=(Call("update_repository_description", {"repositoryName": "p.RepositoryName"}),),
            on_create=False,
        ),
        Aspect(
            ("Triggers",),
            put=(
                Call(
                    "put_repository_triggers",
                    {"repositoryName": "p.RepositoryName", "triggers": "p.Triggers"},
                ),
            ),
            remove=(
                Call("put_repository_triggers", {"repositoryName": "p.RepositoryName", "triggers": "`[]`"}),
            ),
        ),
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(Call("tag_resource", {**_TAGGED, "tags": "p.Tags"}),),
            remove=(Call("untag_resource", {**_TAGGED, "tagKeys": "gone"}),),
            on_create=False,
        ),
    ),
)


class CodeCommitProvider(TableProvider):
    """Makes a repository and commits the archive that ``Code`` names."""

    def __init__(self) -> None:
        super().__init__(REPOSITORY)

    def create(self, job: Job) -> Made:
        """Make the repository, then its first commit."""
        made = super().create(job)
        code = job.properties.get("Code")
        if code:
            try:
                _commit_archive(job, code)
            except ResourceFailure as failure:
                raise ResourceFailure(failure.reason, made.physical_id) from failure
        return made


def _commit_archive(job: Job, code: Mapping[str, Any]) -> None:
    place = code["S3"]
    version = {"VersionId": place["ObjectVersion"]} if place.get("ObjectVersion") else {}
    answer = job.client("s3").get_object(Bucket=place["Bucket"], Key=place["Key"], **version)
    try:
        archive = zipfile.ZipFile(io.BytesIO(answer["Body"].read()))
    except zipfile.BadZipFile as error:
        raise ResourceFailure(f"s3://{place['Bucket']}/{place['Key']} is not a ZIP archive") from error
    client = job.client("codecommit")
    parent: dict[str, str] = {}
    for batch in _batches(archive):
        commit = client.create_commit(
            repositoryName=job.properties["RepositoryName"],
            branchName=code.get("BranchName", "main"),
            authorName="AWS CodeCommit",
            commitMessage="Initial commit by CloudFormation",
            putFiles=batch,
            **parent,
        )
        parent = {"parentCommitId": commit["commitId"]}


def _batches(archive: zipfile.ZipFile) -> Iterator[list[dict[str, Any]]]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    for first in range(0, len(entries), _FILES_PER_COMMIT):
        yield [
            {
                "filePath": entry.filename,
                "fileMode": "EXECUTABLE" if (entry.external_attr >> 16) & 0o111 else "NORMAL",
                "fileContent": archive.read(entry),
            }
            for entry in entries[first : first + _FILES_PER_COMMIT]
        ]


BUILD_PROJECT = Declaration(
    type="AWS::CodeBuild::Project",
    service="codebuild",
    name="Name",
    name_limit=150,
    create=(Call("create_project", spread=True),),
    physical_id="made.project.name",
    update=(Call("update_project", spread=True),),
    delete=(Call("delete_project", {"name": "id"}),),
    read=Call("batch_get_projects", {"names": "[id]"}),
    attributes={"Arn": "read.projects[0].arn", "Id": "id"},
)

_PIPELINE = (
    "{name: p.Name, roleArn: p.RoleArn, artifactStore: p.ArtifactStore, stages: p.Stages, "
    "pipelineType: p.PipelineType, executionMode: p.ExecutionMode, variables: p.Variables, triggers: p.Triggers}"
)

PIPELINE = Declaration(
    type="AWS::CodePipeline::Pipeline",
    service="codepipeline",
    name="Name",
    name_limit=100,
    create=(Call("create_pipeline", {"pipeline": _PIPELINE, "tags": "p.Tags"}),),
    physical_id="made.pipeline.name",
    update=(
        Call("update_pipeline", {"pipeline": _PIPELINE}),
        Call(
            "start_pipeline_execution",
            {"name": "p.Name"},
            when="to_string(p.RestartExecutionOnUpdate) == 'true'",
        ),
    ),
    delete=(Call("delete_pipeline", {"name": "id"}),),
    read=Call("get_pipeline", {"name": "id"}),
    attributes={"Version": "to_string(read.pipeline.version)", "Arn": "read.metadata.pipelineArn"},
    # Looked at when the pipeline is updated.
    ignored=("RestartExecutionOnUpdate",),
    aspects=(
        Aspect(
            ("DisableInboundStageTransitions",),
            key="StageName",
            put=(
                Call(
                    "disable_stage_transition",
                    {
                        "pipelineName": "p.Name",
                        "stageName": "item.StageName",
                        "transitionType": "'Inbound'",
                        "reason": "item.Reason",
                    },
                ),
            ),
            remove=(
                Call(
                    "enable_stage_transition",
                    {
                        "pipelineName": "p.Name",
                        "stageName": "item.StageName",
                        "transitionType": "'Inbound'",
                    },
                ),
            ),
        ),
        Aspect(
            ("Tags",),
            key="Key",
            whole=True,
            put=(Call("tag_resource", {**_TAGGED, "tags": "p.Tags"}),),
            remove=(Call("untag_resource", {**_TAGGED, "tagKeys": "gone"}),),
            on_create=False,
        ),
    ),
)

DECLARATIONS = (BUILD_PROJECT, PIPELINE)
