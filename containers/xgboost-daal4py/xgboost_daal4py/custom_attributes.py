"""The header that clients may set freely (`X-Amzn-SageMaker-Custom-Attributes`) in, correlation id and outputs out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from xgboost_daal4py.errors import UserError
from xgboost_daal4py.outputs import Output, parse_outputs
from xgboost_daal4py.refusals import RefusedRequest

LONGEST = 1024
"""SageMaker lets this many characters through."""


@dataclass(frozen=True)
class CustomAttributes:
    """What a client asks of one request besides its body."""

    correlation_id: str = ""
    outputs: tuple[Output, ...] = ()


NONE = CustomAttributes()


def read_custom_attributes(text: str) -> CustomAttributes:
    """Read ``correlation-id=...;outputs=score,label``; other names are ignored, plain text is a correlation id.

    Raises
    ------
    RefusedRequest
        400 when the outputs are none of ours.
    """
    if not text:
        return NONE
    parts = (part.strip() for part in text[:LONGEST].split(";"))
    pairs = {
        key.strip().lower(): value.strip()
        for key, equals, value in (part.partition("=") for part in parts)
        if equals
    }
    if "outputs" not in pairs and "correlation-id" not in pairs:
        return CustomAttributes(text[:LONGEST])
    return CustomAttributes(pairs.get("correlation-id", ""), _read_outputs(pairs.get("outputs", "")))


@lru_cache(256)
def _read_outputs(text: str) -> tuple[Output, ...]:
    try:
        return parse_outputs(text)
    except UserError as error:
        raise RefusedRequest(400, "invalid_outputs", str(error)) from error
