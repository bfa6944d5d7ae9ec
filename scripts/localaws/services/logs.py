"""Repairs CloudWatch Logs: FilterLogEvents knows the prefix of log streams, which moto 5.2.5 overlooks."""

from __future__ import annotations

import json

from moto.logs.responses import LogsResponse

_answer = LogsResponse.filter_log_events


def install() -> None:
    """Put the repair in place."""
    LogsResponse.filter_log_events = filter_log_events  # type: ignore[method-assign]


def filter_log_events(self: LogsResponse) -> str:
    """Answer FilterLogEvents: a prefix becomes the names of the streams that have it."""
    prefix = self._get_param("logStreamNamePrefix")
    group = self.logs_backend.groups.get(self._get_param("logGroupName"))
    if not prefix or group is None:
        return _answer(self)
    names = [name for name in group.streams if name.startswith(prefix)]
    if not names:
        return json.dumps({"events": [], "searchedLogStreams": []})
    self.body = json.dumps({**json.loads(self.body), "logStreamNames": names})
    return _answer(self)
