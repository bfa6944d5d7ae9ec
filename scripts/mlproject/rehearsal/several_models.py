"""A project whose stages serve one version comes in; a second one beside it, and both asked by name, goes out."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

import requests

from mlproject import projects
from mlproject.errors import PlatformError
from mlproject.rehearsal import rest, scientist

if TYPE_CHECKING:
    from mlproject.rehearsal.life import Life

NEWEST, ONE_BEFORE = 0, 1
NO_VERSION = "0"


def predict(life: Life) -> None:
    """Ask the only version, deploy a second, and see the newest answer unless the first is named."""
    life.predict()
    life.push(scientist.learn_otherwise)
    life.approve_model()
    life.deploy_to_staging()
    life.deploy_to_production(run=4)
    with life.summary.step("predict with each version"):
        for age, named in ((NEWEST, ""), (NEWEST, "2"), (ONE_BEFORE, "1")):
            golden = life.golden_record(age)
            answer = _ask(life, golden["record"], named)
            answered = named or "2"
            if answer.status_code != HTTPStatus.OK or answer.headers.get("x-model") != answered:
                raise PlatformError(f"version {answered} answered {answer.status_code}: {answer.text}")
            life.judge(answer.json()["predictions"][0], golden)
        answer = _ask(life, life.golden_record()["record"], NO_VERSION)
        if answer.status_code != HTTPStatus.BAD_REQUEST or answer.json()["error"]["code"] != "unknown_model":
            raise PlatformError(f"a version that is not there answered {answer.status_code}: {answer.text}")


def _ask(life: Life, record: object, version: str) -> requests.Response:
    url = projects.outputs(life.lead, life.project)["ProductionApiUrl"]
    query = f"?model={version}" if version else ""
    return rest.post(life.local, f"{url}{query}", json.dumps(record).encode(), caller=life.people.developer)
