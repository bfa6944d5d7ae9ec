"""The rehearsed account's CloudWatch logs come in; a group's text, or a file for each stream, goes out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import boto3
    from types_boto3_logs import CloudWatchLogsClient


def save(session: boto3.Session, folder: Path) -> None:
    """Write every log stream of the account to ``folder/<group>/<stream>.log``."""
    client = session.client("logs")
    for groups in client.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            for streams in client.get_paginator("describe_log_streams").paginate(
                logGroupName=group["logGroupName"]
            ):
                for stream in streams["logStreams"]:
                    _save_stream(client, group["logGroupName"], stream["logStreamName"], folder)


def read(session: boto3.Session, group: str) -> str:
    """Return what all streams of a log group say."""
    pages = session.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return "".join(event["message"] for page in pages for event in page["events"])


def _save_stream(client: CloudWatchLogsClient, group: str, stream: str, folder: Path) -> None:
    path = folder / group.strip("/") / f"{stream.replace('/', '-')}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, logStreamNames=[stream])
    with path.open("w") as lines:
        for page in pages:
            for event in page["events"]:
                moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                lines.write(f"{moment:%H:%M:%S} {event['message'].rstrip()}\n")
