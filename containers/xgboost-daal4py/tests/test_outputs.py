"""A client and an endpoint choose what an answer holds; the threshold comes from the model unless the endpoint says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from asgi_client import Client, make_client
from training_job import make_settings

from xgboost_daal4py.errors import UserError
from xgboost_daal4py.model_files import load_model
from xgboost_daal4py.predictor import Predictor

ROW = b"0,1,250,10,25,250"
HEADER = "x-amzn-sagemaker-custom-attributes"


def ask(client: Client, attributes: str, body: bytes = ROW, accept: str = "*/*") -> Any:
    headers = {"content-type": "text/csv", HEADER: attributes, "accept": accept}
    reply = client.send("POST", "/invocations", body, headers=headers)
    return reply.document if "json" in reply.headers["content-type"] else reply.body


@pytest.fixture
def client(predictor: Predictor, tmp_path: Path) -> Client:
    return make_client(predictor, tmp_path)


def test_a_client_chooses_the_outputs(client: Client, predictor: Predictor) -> None:
    (prediction,) = ask(client, "outputs=contributions,probabilities,score")["predictions"]
    assert list(prediction) == ["contributions", "probabilities", "score"]
    assert list(prediction["contributions"]) == [*predictor.transform.names, "bias"]
    margin = sum(prediction["contributions"].values())
    assert 1 / (1 + np.exp(-margin)) == pytest.approx(prediction["score"], abs=1e-5)
    assert prediction["probabilities"]["True"] == prediction["score"]
    assert sum(prediction["probabilities"].values()) == pytest.approx(1)


def test_csv_spreads_an_output_over_its_columns(client: Client) -> None:
    cells = ask(client, "outputs=label,probabilities", accept="text/csv").decode().strip().split(",")
    assert cells[0] == "True"
    assert len(cells) == 3


def test_an_unknown_output_is_a_400(client: Client) -> None:
    assert ask(client, "outputs=everything")["error"]["code"] == "invalid_outputs"


def test_an_endpoint_chooses_the_usual_outputs(predictor: Predictor, tmp_path: Path) -> None:
    client = make_client(predictor, tmp_path, replace(make_settings(tmp_path), outputs="label"))
    assert ask(client, "")["predictions"] == [{"label": "True"}]
    assert list(ask(client, "outputs=score")["predictions"][0]) == ["score"]


def test_an_endpoint_overrides_the_threshold(trained: Path, tmp_path: Path) -> None:
    strict = make_client(Predictor.load(trained / "model", threshold=1.0), tmp_path)
    (prediction,) = ask(strict, "")["predictions"]
    assert prediction["label"] == "False"


def test_custom_attributes_come_back(client: Client) -> None:
    headers = {"content-type": "text/csv", HEADER: "c0ffee"}
    assert client.send("POST", "/invocations", ROW, headers=headers).headers[HEADER] == "c0ffee"
    assert client.send("POST", "/invocations", b"x", headers=headers).headers[HEADER] == "c0ffee"


@pytest.mark.parametrize(("batch", "wanted"), [(True, "text/csv"), (False, "application/json")])
def test_batch_transform_gets_a_line_a_record(
    predictor: Predictor, tmp_path: Path, batch: bool, wanted: str
) -> None:
    client = make_client(predictor, tmp_path, replace(make_settings(tmp_path), batch=batch))
    reply = client.send("POST", "/invocations", ROW + b"\n" + ROW, headers={"content-type": "text/csv"})
    assert reply.headers["content-type"] == wanted


def save(folder: Path, objective: str, labels: Any, **parameters: Any) -> Path:
    matrix = np.random.default_rng(2).normal(size=(len(labels), 2)).astype(np.float32)
    data = xgboost.DMatrix(matrix, labels)
    booster = xgboost.train({"objective": objective, "nthread": 1, **parameters}, data, 4)
    folder.mkdir(exist_ok=True)
    booster.save_model(folder / "model.ubj")
    return folder


def test_a_multiclass_model_answers_its_likeliest_class(tmp_path: Path) -> None:
    folder = save(tmp_path / "m", "multi:softprob", np.arange(60) % 3, num_class=3)
    predictor = Predictor(load_model(folder))
    client = make_client(predictor, tmp_path)
    first, second = ask(client, "outputs=score,label,probabilities,contributions", b"0,1\n1,0")["predictions"]
    assert first["score"] == max(first["probabilities"].values())
    assert first["probabilities"][first["label"]] == first["score"]
    assert len(second["contributions"]) == 3
    assert ask(client, "", b"0,1\n1,0", "application/x-npy").startswith(b"\x93NUMPY")


def test_a_regression_answers_scores_alone(tmp_path: Path) -> None:
    predictor = Predictor.load(save(tmp_path / "m", "reg:squarederror", np.arange(60) / 10))
    client = make_client(predictor, tmp_path)
    assert [list(entry) for entry in ask(client, "", b"0,1\n1,0")["predictions"]] == [["score"]] * 2
    assert ask(client, "outputs=label", b"0,1")["error"]["code"] == "invalid_outputs"
    with pytest.raises(UserError, match="reg:squarederror, has no label"):
        make_client(predictor, tmp_path, replace(make_settings(tmp_path), outputs="label"))


def test_several_targets_are_a_list_of_scores(tmp_path: Path) -> None:
    labels = np.random.default_rng(1).normal(size=(60, 2))
    predictor = Predictor.load(save(tmp_path / "m", "reg:squarederror", labels))
    assert "Multi-target" in predictor.facts()["reason"]
    (entry,) = ask(make_client(predictor, tmp_path), "", b"0,1")["predictions"]
    assert len(entry["score"]) == 2
