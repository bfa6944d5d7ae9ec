"""Requests are answered with scores and labels, or with a 4xx that says what is wrong; never with a 5xx."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from asgi_client import JSON, Client, make_client

from xgboost_daal4py.errors import PlatformError
from xgboost_daal4py.model_files import load_model
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.records import check_records


@pytest.fixture
def client(predictor: Predictor, tmp_path: Path) -> Client:
    return make_client(predictor, tmp_path)


def scores(answer: tuple[int, Any]) -> list[float]:
    status, document = answer
    assert status == 200
    return [prediction["score"] for prediction in document["predictions"]]


def test_a_record_is_scored_and_labelled(client: Client, record: dict[str, Any]) -> None:
    status, document = client.invoke(record)
    assert status == 200
    (prediction,) = document["predictions"]
    assert prediction["label"] == "True"
    assert 0.9 < prediction["score"] <= 1


def test_the_label_turns_at_the_model_s_threshold(
    client: Client, record: dict[str, Any], predictor: Predictor
) -> None:
    _, document = client.invoke([{**record, "Minutes": minutes} for minutes in range(0, 400, 5)])
    labels: dict[str, list[float]] = {"True": [], "False": []}
    for entry in document["predictions"]:
        labels[entry["label"]].append(entry["score"])
    assert max(labels["False"]) < predictor.info.threshold <= min(labels["True"])


def test_scores_are_those_of_xgboost(client: Client, record: dict[str, Any], trained: Path) -> None:
    model = load_model(trained / "model")
    records = [{**record, "Minutes": 10.0 * step, "Plan": None if step % 3 else "yes"} for step in range(40)]
    matrix = model.transform.transform(check_records(records, model.transform.schema))
    assert scores(client.invoke(records)) == pytest.approx(
        model.booster.inplace_predict(matrix).tolist(), abs=1e-6
    )


def test_one_record_a_list_instances_and_lines_are_the_same_to_it(
    client: Client, record: dict[str, Any]
) -> None:
    line = json.dumps(record).encode()
    (score,) = scores(client.invoke(record))
    assert scores(client.invoke([record, record])) == [score, score]
    assert scores(client.invoke({"instances": [record]})) == [score]
    assert scores(client.invoke(line + b"\n\n" + line + b"\n", "application/jsonlines")) == [score, score]
    assert scores(client.invoke(record, "Application/JSON; charset=UTF-8")) == [score]


def test_processed_features_are_taken_as_csv(client: Client, record: dict[str, Any]) -> None:
    (score,) = scores(client.invoke(record))
    assert scores(client.invoke(b"0,1,250.0,10,25,250\n0,1,250,10,,nan", "text/csv"))[0] == score


def test_missing_and_unknown_values_are_scored(client: Client, record: dict[str, Any]) -> None:
    records = [dict.fromkeys(record), {**record, "Plan": "unheard of", "Area": "999"}]
    assert all(0 <= score <= 1 for score in scores(client.invoke(records)))


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"", JSON, "invalid_json"),
        (b"{", JSON, "invalid_json"),
        (b"[" * 100_000, JSON, "invalid_json"),
        (b'{"Minutes": NaN}', JSON, "invalid_json"),
        (b"3", JSON, "invalid_json"),
        (b"null", JSON, "invalid_json"),
        (b'"text"', JSON, "invalid_json"),
        (b'{"instances": 3}', JSON, "invalid_json"),
        (b'{"instances": [], "more": 1}', JSON, "invalid_json"),
        (b"\xff\xfe", JSON, "invalid_encoding"),
        (b"[]", JSON, "no_records"),
        (b'{"instances": []}', JSON, "no_records"),
        (b"\n\n", "application/jsonlines", "no_records"),
        (b"{}\nx", "application/jsonlines", "invalid_json"),
        (b"[[1, 2]]", JSON, "invalid_records"),
        (b"{}", JSON, "invalid_records"),
        (b"", "text/csv", "invalid_records"),
        (b"1,2,3", "text/csv", "invalid_records"),
        (b"a,b,c,d,e,f", "text/csv", "invalid_records"),
        (b"1,1,1,1,1,inf", "text/csv", "invalid_records"),
        (b"1,1,1,1,1,1e99", "text/csv", "invalid_records"),
        (b'"' * 7, "text/csv", "invalid_records"),
        (b"1,1,1,1,1,\x00", "text/csv", "invalid_records"),
        (b"1" * 200_000, "text/csv", "invalid_records"),
    ],
)
def test_a_body_that_does_not_fit_is_a_400(client: Client, body: bytes, content_type: str, code: str) -> None:
    status, document = client.invoke(body, content_type)
    assert (status, document["error"]["code"]) == (400, code)
    assert document["error"]["message"]


def test_every_problem_is_located(client: Client, record: dict[str, Any]) -> None:
    status, document = client.invoke([record, {**record, "Minutes": "long", "Shoe size": 43}])
    assert status == 400
    assert document["error"] == {
        "code": "invalid_records",
        "message": "2 problems with the records",
        "details": [
            {"record": 1, "column": "Shoe size", "message": "is not a known column"},
            {"record": 1, "column": "Minutes", "message": "must be a number"},
        ],
    }


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-pickle", "application/json; charset=utf-16"]
)
def test_another_content_type_is_a_415(client: Client, content_type: str) -> None:
    status, document = client.invoke(b"{}", content_type)
    assert (status, document["error"]["code"]) == (415, "unsupported_media_type")


def test_an_answer_that_cannot_be_given_is_a_406(client: Client, record: dict[str, Any]) -> None:
    assert client.invoke(record, accept="text/html")[0] == 406
    assert client.invoke(record, accept="application/json;q=0, text/*;q=0")[0] == 406
    assert client.invoke(record, accept="text/html, application/*;q=0.8")[0] == 200
    assert client.invoke(record, accept="*/*")[0] == 200


def test_a_body_over_the_limit_is_a_413_declared_or_not(client: Client) -> None:
    body = b" " * (1024 * 1024 + 1)
    assert client.invoke(body)[0] == 413
    assert client.invoke(b"", content_length=str(len(body)))[0] == 413


def test_other_paths_and_methods_are_refused(client: Client) -> None:
    assert client.request("GET", "/")[0] == 404
    assert client.request("GET", "/invocations")[0] == 405
    assert client.request("POST", "/ping")[0] == 405


def test_the_batch_parameters_say_what_the_server_takes(client: Client) -> None:
    status, document = client.request("GET", "/execution-parameters")
    assert status == 200
    assert document == {"MaxConcurrentTransforms": 1, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 1}


def test_ping_is_healthy_while_predictions_work(client: Client) -> None:
    assert client.request("GET", "/ping") == (200, {"status": "healthy"})


def test_ping_is_unhealthy_when_predictions_do_not(
    client: Client, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down() -> None:
        raise PlatformError("scored 0.1 instead of 0.9")

    monkeypatch.setattr(predictor, "check", break_down)
    assert client.request("GET", "/ping") == (
        503,
        {"status": "unhealthy", "reason": "scored 0.1 instead of 0.9"},
    )


def test_a_converted_model_that_answers_otherwise_is_found_out(trained: Path) -> None:
    predictor = Predictor.load(trained / "model")
    predictor._expected += 0.1
    with pytest.raises(PlatformError, match="the built-in record scored"):
        predictor.check()
