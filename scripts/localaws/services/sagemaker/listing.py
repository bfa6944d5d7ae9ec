"""Answers a List operation: filters, order and pages of resources, by the parameters that SageMaker's lists share."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from localaws.services.sagemaker.resources import LOCK, Kind

DEFAULT_PAGE = 10


def listed(
    params: Mapping[str, Any],
    resources: Iterable[Kind],
    answer: str,
    summary: Callable[[Kind], dict[str, Any]],
    status: Callable[[Kind], str] = lambda _: "",
    order: str = "Ascending",
) -> dict[str, Any]:
    """Return one page.

    Parameters
    ----------
    params
        The request's: NameContains, StatusEquals, times, SortBy, SortOrder, MaxResults, NextToken.
    resources
        All of this kind.
    answer
        Name of the list in the answer.
    summary
        Makes an entry of it.
    status
        What StatusEquals and ``SortBy=Status`` look at.
    order
        SortOrder where the request names none.
    """
    descending = params.get("SortOrder", order) == "Descending"
    by = params.get("SortBy", "CreationTime")
    with LOCK:
        keyed = [
            (_sort_key(item, by, status), item.arn, item)
            for item in resources
            if _wanted(item, params, status)
        ]
        keyed.sort(key=lambda entry: entry[:2], reverse=descending)
        page, token = _page(keyed, params, descending)
        entries = [summary(item) for _, _, item in page]
    return {answer: entries, "NextToken": token} if token else {answer: entries}


def _wanted(item: Kind, params: Mapping[str, Any], status: Callable[[Kind], str]) -> bool:
    if params.get("NameContains", "").lower() not in item.name.lower():
        return False
    if params.get("StatusEquals", status(item)) != status(item):
        return False
    bounds = (
        (item.created, params.get("CreationTimeAfter"), params.get("CreationTimeBefore")),
        (item.created, params.get("CreatedAfter"), params.get("CreatedBefore")),
        (item.modified, params.get("LastModifiedTimeAfter"), params.get("LastModifiedTimeBefore")),
    )
    return all(
        (after is None or moment >= _aware(after)) and (before is None or moment <= _aware(before))
        for moment, after, before in bounds
    )


def _aware(moment: Any) -> Any:
    return moment if moment.tzinfo else moment.astimezone()


def _sort_key(item: Kind, by: str, status: Callable[[Kind], str]) -> str:
    if by == "Name":
        return item.name
    return status(item) if by == "Status" else item.created.isoformat(timespec="milliseconds")


def _page(
    keyed: list[tuple[str, str, Kind]], params: Mapping[str, Any], descending: bool
) -> tuple[list[tuple[str, str, Kind]], str | None]:
    # The token says after which resource to go on, so that deleting while paging skips none.
    if "NextToken" in params:
        last = _decoded(params["NextToken"])
        keyed = [entry for entry in keyed if (entry[:2] < last if descending else entry[:2] > last)]
    size = params.get("MaxResults", DEFAULT_PAGE)
    if len(keyed) <= size:
        return keyed, None
    page = keyed[:size]
    return page, base64.b64encode(json.dumps(page[-1][:2]).encode()).decode()


def _decoded(token: str) -> tuple[str, str]:
    try:
        key, arn = json.loads(base64.b64decode(token))
    except (binascii.Error, ValueError) as error:
        raise ValidationError("Invalid pagination token.") from error
    return key, arn
