"""Makes requests that nobody should send: damaged bodies of every format under any content type."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

NAMES = ("Plan=no", "Plan=yes", "Minutes", "Calls", "Minutes per Call", "Minutes with Plan")
CONTENT_TYPES = (
    "application/json",
    "application/jsonlines",
    "application/x-npy",
    "application/x-parquet",
    "text/csv",
    "text/csv; header=present",
    "text/libsvm",
)


def _npy() -> bytes:
    content = io.BytesIO()
    np.save(content, np.zeros((2, len(NAMES)), dtype=np.float32))
    return content.getvalue()


def _parquet() -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table({name: [1.0, None] for name in NAMES}), content)
    return content.getvalue()


RECORD = {"Plan": "yes", "Area": 415, "Minutes": 250.0, "Calls": 10}
GOOD = (
    json.dumps({"instances": [RECORD]}).encode(),
    json.dumps(RECORD).encode() + b"\n" + json.dumps(RECORD).encode(),
    _npy(),
    _parquet(),
    b"0,1,250,10,25,250\n0,1,,10,25,250\n",
    b"Plan,Area,Minutes,Calls\nyes,415,250,10\n",
    b"1 0:0 1:1 2:250\n0 5:1e3\n",
)


@dataclass(frozen=True)
class Payload:
    """A request's body and its headers."""

    body: bytes
    content_type: str
    accept: str
    attributes: str


def _damage(body: bytes, place: int, insert: bytes, cut: int) -> bytes:
    place %= len(body) + 1
    return body[:place] + insert + body[place + cut :]


_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*RECORD, "instances", "Phone", "x"]), inner, max_size=5)
    ),
    max_leaves=12,
)
_damaged = st.builds(
    _damage,
    st.sampled_from(GOOD),
    st.integers(0, 10_000),
    st.binary(max_size=6)
    | st.sampled_from([b",", b"\n", b'"', b":", b"nan", b"1e999", b"-", b"\x00", b"\xff"]),
    st.integers(0, 20),
)
_bodies = st.one_of(
    _damaged,
    _damaged,
    st.binary(max_size=200),
    _json_values.map(lambda value: json.dumps(value).encode()),
    st.text(alphabet="0123456789.,:eE+-naif\n \t\"'x", max_size=120).map(str.encode),
)
_header = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)

payloads = st.builds(
    Payload,
    body=_bodies,
    content_type=st.sampled_from(CONTENT_TYPES) | st.sampled_from(CONTENT_TYPES) | _header,
    accept=st.sampled_from(["", "*/*", "text/csv", "application/x-npy", "application/jsonlines"]) | _header,
    attributes=st.sampled_from(["", "outputs=contributions", "outputs=label,probabilities"]) | _header,
)
