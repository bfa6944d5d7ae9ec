"""A multi-model endpoint loads, lists, unloads and invokes by name, and keeps no more models than fit its memory."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from asgi_client import Client
from training_job import make_settings

from xgboost_daal4py.inference import Inference
from xgboost_daal4py.model_catalog import SMALLEST_MODEL, Entry, ModelCatalog
from xgboost_daal4py.multi_model import MultiModel
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.refusals import RefusedRequest
from xgboost_daal4py.serving import ServingApp
from xgboost_daal4py.telemetry import Telemetry

ROW = b"0,1,250,10,25,250"


@pytest.fixture
def models(trained: Path, tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        shutil.copytree(trained / "model", tmp_path / name)
    return tmp_path


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    return folder


def worker(shared: Path, root: Path, memory: int = 3 * SMALLEST_MODEL) -> tuple[Client, ModelCatalog]:
    catalog = ModelCatalog(shared, memory, Predictor.load)
    settings = replace(make_settings(root), multi_model=True)
    return Client(ServingApp(MultiModel(catalog, Inference(settings)), settings, Telemetry())), catalog


def load(client: Client, name: str, folder: Path) -> tuple[int, Any]:
    body = json.dumps({"model_name": name, "url": str(folder)}).encode()
    return client.request("POST", "/models", body)


def invoke(client: Client, name: str) -> int:
    headers = {"content-type": "text/csv", "x-amzn-sagemaker-target-model": name}
    return client.send("POST", f"/models/{name}/invoke", ROW, headers=headers).status


def test_a_model_lives_from_load_to_unload(models: Path, shared: Path) -> None:
    client, _ = worker(shared, models)
    assert client.request("GET", "/ping")[0] == 200
    assert client.request("GET", "/models") == (200, {"models": []})
    assert invoke(client, "a") == 404
    assert load(client, "a", models / "a") == (200, {"modelName": "a", "modelUrl": str(models / "a")})
    assert load(client, "a", models / "a")[0] == 409
    assert client.request("GET", "/models/a")[1]["modelUrl"] == str(models / "a")
    assert invoke(client, "a") == 200
    assert client.request("DELETE", "/models/a")[0] == 200
    assert client.request("DELETE", "/models/a")[0] == 404
    assert invoke(client, "a") == 404


def test_the_target_header_names_the_model(models: Path, shared: Path) -> None:
    client, _ = worker(shared, models)
    load(client, "a/b.tar.gz", models / "a")
    headers = {"content-type": "text/csv", "x-amzn-sagemaker-target-model": "a/b.tar.gz"}
    assert client.send("POST", "/invocations", ROW, headers=headers).status == 200
    assert client.send("POST", "/invocations", ROW, headers={"content-type": "text/csv"}).status == 400


def test_a_list_comes_in_pages(models: Path, shared: Path) -> None:
    client, _ = worker(shared, models)
    for name in ("c", "a", "b"):
        load(client, name, models / name)
    first = client.send("GET", "/models", query="limit=2").document
    assert [model["modelName"] for model in first["models"]] == ["a", "b"]
    rest = client.send("GET", "/models", query=f"limit=2&next_page_token={first['nextPageToken']}").document
    assert [model["modelName"] for model in rest["models"]] == ["c"]
    assert "nextPageToken" not in rest
    assert client.send("GET", "/models", query="limit=x").status == 400


def test_workers_share_what_is_loaded_and_nothing_else(models: Path, shared: Path) -> None:
    one, _ = worker(shared, models)
    other, held_by_other = worker(shared, models)
    load(one, "a", models / "a")
    assert held_by_other.held() == []
    assert invoke(other, "a") == 200
    one.request("DELETE", "/models/a")
    assert invoke(other, "a") == 404
    assert held_by_other.held() == []


def test_the_least_recently_used_model_makes_room_and_comes_back(models: Path, shared: Path) -> None:
    client, catalog = worker(shared, models, memory=2 * SMALLEST_MODEL)
    load(client, "a", models / "a")
    load(client, "b", models / "b")
    invoke(client, "a")
    load(client, "c", models / "c")
    assert catalog.held() == ["a", "c"]
    assert invoke(client, "b") == 200
    assert catalog.held() == ["c", "b"]


def test_a_model_larger_than_the_memory_is_a_507(models: Path, shared: Path) -> None:
    client, _ = worker(shared, models, memory=SMALLEST_MODEL - 1)
    assert load(client, "a", models / "a")[0] == 507
    assert client.request("GET", "/models")[1] == {"models": []}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"model_name": 1, "url": ""}', b'{"model_name": "", "url": ""}']
)
def test_a_load_without_name_or_place_is_a_400(models: Path, shared: Path, body: bytes) -> None:
    client, _ = worker(shared, models)
    assert client.request("POST", "/models", body)[0] == 400


def test_what_is_no_model_is_a_400_and_stays_unknown(models: Path, shared: Path) -> None:
    client, catalog = worker(shared, models)
    assert load(client, "d", models / "nowhere")[0] == 400
    with pytest.raises(RefusedRequest, match="not loaded"):
        catalog.find("d")


def test_a_name_loaded_anew_is_another_model(models: Path, shared: Path) -> None:
    made: list[Path] = []

    def remember(folder: Path, load: Any) -> Predictor:
        made.append(folder)
        predictor: Predictor = load(folder)
        return predictor

    catalog = ModelCatalog(shared, 3 * SMALLEST_MODEL, partial(remember, load=Predictor.load))
    other = ModelCatalog(shared, 3 * SMALLEST_MODEL, Predictor.load)
    catalog.add(Entry("a", str(models / "a")))
    other.remove("a")
    other.add(Entry("a", str(models / "b")))
    catalog.predictor("a")
    assert made == [models / "a", models / "b"]
