"""Source from S3: an object comes in, a copy in the artifact store goes out."""

from __future__ import annotations

from localaws.services.codepipeline.actions.context import ActionContext


def run(context: ActionContext) -> None:
    """Carry out the action."""
    bucket, key = context.configuration["S3Bucket"], context.configuration["S3ObjectKey"]
    override = context.execution.source_revisions.get(context.run.name, {})
    version = {}
    if override.get("revisionType") == "S3_OBJECT_VERSION_ID":
        version = {"VersionId": override["revisionValue"]}
    elif override.get("revisionType") == "S3_OBJECT_KEY":
        key = override["revisionValue"]
    answer = context.client("s3").get_object(Bucket=bucket, Key=key, **version)
    [location] = context.run.outputs.values()
    context.store.put(location, answer["Body"].read())
    revision, tag = answer.get("VersionId", ""), answer["ETag"].strip('"')
    url = f"https://console.aws.amazon.com/s3/object/{bucket}?prefix={key}"
    summary = f"Amazon S3 version id: {revision}"
    context.set_revision(revision or tag, summary, url, answer["LastModified"])
    context.run.variables = {"BucketName": bucket, "ETag": tag, "ObjectKey": key, "VersionId": revision}
