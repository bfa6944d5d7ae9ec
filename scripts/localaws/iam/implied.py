"""What localaws does in somebody's name without a request: writing logs, pulling images, fetching sources, publishing.

On AWS these are calls that a service makes with the role it was given, or as itself; here they are decided the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from localaws.iam.request_context import use_of_connection
from localaws.runtime import runtime

PULLS = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
FETCHES = ("codecommit:UploadArchive", "codecommit:GetUploadArchiveStatus")


def may_log(role_arn: str, log_group_arn: str, stream: str, *, new_group: bool) -> bool:
    """Tell whether a role may begin and fill a log stream, and make its group where there is none."""
    group = [("logs:CreateLogGroup", f"{log_group_arn}:log-stream:")] if new_group else []
    arn = f"{log_group_arn}:log-stream:{stream}"
    return _all(role_arn, [*group, ("logs:CreateLogStream", arn), ("logs:PutLogEvents", arn)])


def may_pull(role_arn: str, repository_arn: str) -> bool:
    """Tell whether a role may pull an image."""
    layers = [(action, repository_arn) for action in PULLS]
    return _all(role_arn, [("ecr:GetAuthorizationToken", "*"), *layers])


def may_assume(role_arn: str, other_role_arn: str) -> bool:
    """Tell whether a pipeline's role may take on the role that one of its actions names."""
    return role_arn == other_role_arn or _all(role_arn, [("sts:AssumeRole", other_role_arn)])


def may_fetch(role_arn: str, repository_arn: str) -> bool:
    """Tell whether a pipeline's role may fetch a commit as an archive."""
    return _all(role_arn, [(action, repository_arn) for action in FETCHES])


def may_use_connection(role_arn: str, connection_arn: str, repository: str) -> bool:
    """Tell whether a pipeline's or build's role may fetch from a provider's repository by a connection."""
    context = {key: list(value) for key, value in use_of_connection(repository, "GitPull").items()}
    return runtime().guard.allows(
        role_arn, "codeconnections:UseConnection", connection_arn, _region(connection_arn), context
    )


def may_publish(service: str, topic_arn: str, source_arn: str) -> bool:
    """Tell whether a service may publish to a topic on behalf of a resource such as a rule."""
    region = topic_arn.split(":")[3]
    source = {"aws:SourceArn": [source_arn], "aws:SourceAccount": [source_arn.split(":")[4]]}
    return runtime().guard.service_allows(service, "sns:Publish", topic_arn, region, source)


def may_send(service: str, queue_arn: str, source_arn: str) -> bool:
    """Tell whether a service may send to a queue on behalf of a resource such as a rule."""
    region = queue_arn.split(":")[3]
    source = {"aws:SourceArn": [source_arn], "aws:SourceAccount": [source_arn.split(":")[4]]}
    return runtime().guard.service_allows(service, "sqs:SendMessage", queue_arn, region, source)


def _all(role_arn: str, wanted: Iterable[tuple[str, str]]) -> bool:
    guard = runtime().guard
    # Every one is asked, so that the report has them all.
    answers = [guard.allows(role_arn, action, arn, _region(arn)) for action, arn in wanted]
    return all(answers)


def _region(arn: str) -> str:
    return arn.split(":")[3] if arn.startswith("arn:") else ""
