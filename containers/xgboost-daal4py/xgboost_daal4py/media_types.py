"""Content-Type and Accept in, the media types to read and to write out; anything else is a 415 or a 406."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from xgboost_daal4py.refusals import RefusedRequest

JSON = "application/json"
JSON_LINES = "application/jsonlines"
CSV = "text/csv"
NPY = "application/x-npy"
LIBSVM = "text/libsvm"
PARQUET = "application/x-parquet"

READ = (JSON, JSON_LINES, CSV, NPY, LIBSVM, PARQUET)
WRITTEN = (JSON, JSON_LINES, CSV, NPY)
ALIASES: Mapping[str, str] = {
    "application/x-jsonlines": JSON_LINES,
    "text/x-libsvm": LIBSVM,
    "application/vnd.apache.parquet": PARQUET,
}
CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii")
REMEMBERED = 256
"""Clients send few different headers, and the same ones again and again."""


@dataclass(frozen=True)
class ContentType:
    """What a body claims to be."""

    media_type: str
    has_header: bool = False
    """Whether the first line of CSV names the columns."""


@lru_cache(REMEMBERED)
def read_content_type(text: str) -> ContentType:
    """Read a Content-Type header.

    Raises
    ------
    RefusedRequest
        415 for a type, character set or ``header`` parameter that is not read here.
    """
    name, parameters = _split(text)
    media_type = ALIASES.get(name, name)
    header = parameters.get("header", "absent")
    if (
        media_type not in READ
        or parameters.get("charset", CHARSETS[0]) not in CHARSETS
        or header not in ("present", "absent")
    ):
        message = f"content type {text!r} is not supported; use {', '.join(READ)}, text in UTF-8"
        raise RefusedRequest(415, "unsupported_media_type", message)
    return ContentType(media_type, header == "present")


@lru_cache(REMEMBERED)
def choose_answer(accept: str, preferred: str) -> str:
    """Return the media type that an Accept header likes best, ``preferred`` where it is indifferent.

    Raises
    ------
    RefusedRequest
        406 when it leaves no type that is written here.
    """
    if not accept.strip():
        return preferred
    ranges = [_split(part) for part in accept.split(",")]
    qualities = {name: _quality(parameters.get("q", "1")) for name, parameters in ranges}
    offered = sorted(WRITTEN, key=lambda media_type: media_type != preferred)
    best = max(offered, key=lambda media_type: _liking(media_type, qualities))
    if _liking(best, qualities) <= 0:
        message = f"{accept!r} cannot be produced; the answer is one of {', '.join(WRITTEN)}"
        raise RefusedRequest(406, "not_acceptable", message)
    return best


def _liking(media_type: str, qualities: Mapping[str, float]) -> float:
    """Look a type up by its own name, then by its kind, then by anything: the most specific range decides."""
    names = [media_type, *(alias for alias, meant in ALIASES.items() if meant == media_type)]
    for name in (*names, f"{media_type.partition('/')[0]}/*", "*/*"):
        if name in qualities:
            return qualities[name]
    return 0.0


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0


def _split(text: str) -> tuple[str, dict[str, str]]:
    name, *parts = (part.strip().lower() for part in text.split(";"))
    pairs = (part.partition("=") for part in parts)
    return name, {key.strip(): value.strip().strip('"') for key, _, value in pairs}
