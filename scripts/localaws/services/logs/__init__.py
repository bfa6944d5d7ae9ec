"""Completes CloudWatch Logs: FilterLogEvents knows stream prefixes, groups by ARN and whole filter patterns."""

from __future__ import annotations

import json

import moto.logs.models
from moto.logs.responses import LogsResponse

from localaws.services.logs.filter_patterns import compiled

_answer = LogsResponse.filter_log_events


class MessageFilter:
    """A filter pattern, in place of moto 5.2.5's, which takes what it does not know for anything.

    Parameters
    ----------
    pattern
        As the API has it; empty lets everything through.
    """

    def __init__(self, pattern: str | None) -> None:
        self.matches = compiled(pattern or "")


def install() -> None:
    """Put the repairs in place."""
    LogsResponse.filter_log_events = filter_log_events  # type: ignore[method-assign]
    setattr(moto.logs.models, "EventMessageFilter", MessageFilter)  # noqa: B010 - mypy refuses to assign it


def filter_log_events(self: LogsResponse) -> str:
    """Answer FilterLogEvents: an ARN becomes the group's name, a prefix the names of the streams that have it."""
    compiled(self._get_param("filterPattern") or "")
    identifier = self._get_param("logGroupIdentifier")
    if identifier:
        name = identifier.partition(":log-group:")[2].removesuffix(":*") or identifier
        self.body = json.dumps({**json.loads(self.body), "logGroupName": name})
    prefix = self._get_param("logStreamNamePrefix")
    group = self.logs_backend.groups.get(self._get_param("logGroupName"))
    if not prefix or group is None:
        return _answer(self)
    names = [name for name in group.streams if name.startswith(prefix)]
    if not names:
        return json.dumps({"events": [], "searchedLogStreams": []})
    self.body = json.dumps({**json.loads(self.body), "logStreamNames": names})
    return _answer(self)
