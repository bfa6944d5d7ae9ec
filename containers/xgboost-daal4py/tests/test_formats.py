"""Every media type carries the same records in and the same predictions out; damage is a 4xx with its place."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from asgi_client import Client, Reply, make_client

from xgboost_daal4py.array_bodies import MOST_CELLS
from xgboost_daal4py.matrix import MANY_BYTES
from xgboost_daal4py.media_types import choose_answer
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.records import check_records

NAMES = ("Plan=no", "Plan=yes", "Minutes", "Calls", "Minutes per Call", "Minutes with Plan")
ROW = [0.0, 1.0, 250.0, 10.0, 25.0, 250.0]
NPY = "application/x-npy"
PARQUET = "application/x-parquet"


@pytest.fixture
def client(predictor: Predictor, tmp_path: Path) -> Client:
    return make_client(predictor, tmp_path)


@pytest.fixture
def score(predictor: Predictor, record: dict[str, Any]) -> float:
    assert predictor.transform.names == NAMES
    return float(predictor.score_table(check_records([record], predictor.transform.schema))[0])


def npy(array: Any) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def parquet(table: dict[str, list[Any]]) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table(table), content)
    return content.getvalue()


def send(client: Client, body: bytes, content_type: str, **headers: str) -> Reply:
    named = {"content-type": content_type, **{name.replace("_", "-"): text for name, text in headers.items()}}
    return client.send("POST", "/invocations", body, headers=named)


def problems(reply: Reply) -> list[tuple[int | None, str | None]]:
    assert reply.status == 400
    return [(detail["record"], detail["column"]) for detail in reply.document["error"]["details"]]


BODIES = {
    "npy": (npy(np.array([ROW, ROW])), NPY),
    "npy of integers": (npy(np.array([ROW, ROW], dtype=np.int16)), NPY),
    "npy in columns": (npy(np.asfortranarray([ROW, ROW])), NPY),
    "libsvm": (b"1 0:0 1:1 2:250 3:10 4:25 5:250\n0:0 1:1 2:250 3:10 4:25 5:250 \n", "text/libsvm"),
    "libsvm with queries": (b"0 qid:7 0:0 1:1 2:250 3:10 4:25 5:250\n" * 2, "text/x-libsvm"),
    "csv": (b"0,1,250,10,25,250\r\n0,1.0,2.5e2,10,25,250\r\n", "text/csv"),
    "csv with spaces": (b" 0, 1 ,250,10,25,+250\n\n0,1,250,10,25,250", "text/csv; header=absent"),
    "csv of raw records": (
        b'Minutes,Calls,Area,Plan\n250,10,415,yes\n"250.0",10,415, yes \n',
        "text/csv; header=present",
    ),
    "csv of named features": (
        ",".join(NAMES).encode() + b"\n0,1,250,10,25,250\n0,1,250,10,25,250\n",
        "text/csv;header=present",
    ),
    "parquet of features": (
        parquet({name: [value] * 2 for name, value in reversed([*zip(NAMES, ROW, strict=True)])}),
        PARQUET,
    ),
    "parquet of raw records": (
        parquet({"Plan": ["yes", "yes"], "Area": [415, 415], "Minutes": [250.0, 250.0], "Calls": [10, 10]}),
        PARQUET,
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_record_scores_the_same_in_every_format(client: Client, score: float, name: str) -> None:
    reply = send(client, *BODIES[name])
    assert reply.status == 200, reply.body
    assert [entry["score"] for entry in reply.document["predictions"]] == [score, score]


def test_missing_values_are_the_same_in_every_format(client: Client) -> None:
    holes: list[Any] = [0.0, 1.0, None, 10.0, None, 250.0]
    bodies = [
        (npy(np.array(holes, dtype=np.float32)), NPY),
        (b"0:0 1:1 3:10 5:250", "text/libsvm"),
        (b"0,1,,10,nan,250", "text/csv"),
        (b"0,1,,10,NaN,250\n" * (MANY_BYTES // 10), "text/csv"),
        (parquet({name: [value] for name, value in zip(NAMES, holes, strict=True)}), PARQUET),
    ]
    found = {send(client, *body).document["predictions"][0]["score"] for body in bodies}
    assert len(found) == 1


def test_many_rows_score_as_one_does(client: Client, score: float) -> None:
    rows = b"0,1,250,10,25,250\n"
    reply = send(client, rows * (MANY_BYTES // len(rows) + 1), "text/csv")
    assert {entry["score"] for entry in reply.document["predictions"]} == {score}


@pytest.mark.parametrize("rows", [1, 100_000 // 12])
def test_a_bad_value_is_located_among_few_and_many_rows(client: Client, rows: int) -> None:
    body = b"0,1,2,3,4,5\n" * rows + b"0,1,2,x,4,5\n"
    assert problems(send(client, body, "text/csv")) == [(rows, "Calls")]
    assert problems(send(client, body.replace(b"x", b"1_0"), "text/csv")) == [(rows, "Calls")]
    assert problems(send(client, body.replace(b"x", b"inf"), "text/csv")) == [(rows, "Calls")]
    assert problems(send(client, body.replace(b"x,", b""), "text/csv")) == [(rows, None)]


DAMAGED = {
    "not npy": (b"hello", NPY),
    "npy cut off": (npy(np.array(ROW))[:-3], NPY),
    "npy without numbers": (npy(np.array(["a"] * 6)), NPY),
    "npy of another width": (npy(np.zeros((2, 5))), NPY),
    "npy without rows": (npy(np.zeros((0, 6))), NPY),
    "npy that claims to be huge": (
        npy(np.array(ROW)).replace(b"(6,), }       ", b"(9999999999,6)}"),
        NPY,
    ),
    "npy of objects": (npy(np.array(ROW)).replace(b"'<f8'", b"'|O' "), NPY),
    "infinite npy": (npy(np.array([*ROW[:5], np.inf])), NPY),
    "too large npy": (npy(np.array([*ROW[:5], 1e300])), NPY),
    "libsvm without a colon": (b"0 0:1 two\n", "text/libsvm"),
    "libsvm beyond the features": (b"0 6:1\n", "text/libsvm"),
    "libsvm far beyond": (b"0 99999999999999999999:1\n", "text/libsvm"),
    "libsvm that is no number": (b"0 5:x\n", "text/libsvm"),
    "libsvm below zero": (b"0 -1:1\n", "text/libsvm"),
    "libsvm without rows": (b"\n", "text/libsvm"),
    "libsvm not in UTF-8": (b"\xff 1:1", "text/libsvm"),
    "not parquet": (b"PAR1 hello PAR1", PARQUET),
    "empty parquet": (b"", PARQUET),
    "parquet cut off": (BODIES["parquet of features"][0][:-9], PARQUET),
    "parquet of text": (parquet({name: ["a"] for name in NAMES}), PARQUET),
    "parquet of other columns": (parquet({"a": [1]}), PARQUET),
    "parquet without rows": (parquet({name: pa.array([], pa.float32()) for name in NAMES}), PARQUET),
    "parquet of lists": (parquet({"Plan": [["yes"]], "Area": [1], "Minutes": [1.0], "Calls": [1]}), PARQUET),
    "header alone": (b"Minutes,Calls,Area,Plan\n", "text/csv; header=present"),
    "a wrong header": (b"Minutes,Calls,Area,Plan,Plan,What\n1,2,3,4,5,6\n", "text/csv; header=present"),
    "a NUL in CSV": (b"Minutes,Calls,Area,Plan\n1,\x00,3,4\n", "text/csv; header=present"),
    "an open quote": (b'Minutes,Calls,Area,Plan\n1,2,3,"4\n', "text/csv; header=present"),
    "an open quote in the header": (b'"Minutes', "text/csv; header=present"),
    "nothing with a header": (b"", "text/csv; header=present"),
    "a lone surrogate": (b'{"\\ud800": 1}', "application/json"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_body_is_a_400_with_a_reason(client: Client, name: str) -> None:
    reply = send(client, *DAMAGED[name])
    assert reply.status == 400, reply.body
    assert reply.document["error"]["message"]


def test_a_small_body_that_unfolds_without_bound_is_a_413(client: Client) -> None:
    rows = MOST_CELLS // len(NAMES) + 1
    columns = {name: pa.array(np.zeros(rows, dtype=np.int8)) for name in NAMES}
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content)
    assert len(content.getvalue()) < 200_000
    reply = send(client, content.getvalue(), PARQUET)
    assert (reply.status, reply.document["error"]["code"]) == (413, "payload_too_large")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("application/x-jsonlines", "application/jsonlines"),
        ("application/json;q=0.3, text/csv;q=0.9", "text/csv"),
        ("text/html, application/*;q=0.8", "application/json"),
        ("*/*;q=0.1, application/x-npy", NPY),
        ("application/json;q=0, */*", "application/jsonlines"),
        ("application/json;q=x, text/csv;q=0.1", "text/csv"),
    ],
)
def test_the_best_liked_media_type_is_chosen(accept: str, chosen: str) -> None:
    assert choose_answer(accept, "application/json") == chosen


def test_an_answer_is_written_in_every_media_type(client: Client, score: float) -> None:
    body, content_type = BODIES["csv"]
    lines = send(client, body, content_type, accept="application/jsonlines")
    assert [json.loads(line)["score"] for line in lines.body.splitlines()] == [score, score]
    table = send(client, body, content_type, accept="text/csv")
    assert table.body.decode().splitlines() == [f"{score},True"] * 2
    assert table.headers["content-type"] == "text/csv"
    array = send(client, body, content_type, accept=NPY)
    np.testing.assert_allclose(np.load(io.BytesIO(array.body)), [[score, 1]] * 2)
