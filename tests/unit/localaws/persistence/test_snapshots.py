from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest
import requests

from localaws.errors import PlatformError, UserError
from localaws.persistence import snapshots
from localaws.persistence.snapshots import Snapshots, leaves_records
from localaws.server import LocalAws


def environ(host: str, path: str, target: str = "") -> dict[str, str]:
    return {"HTTP_HOST": host, "PATH_INFO": path, "HTTP_X_AMZ_TARGET": target}


@pytest.mark.parametrize(
    ("host", "path", "target"),
    [
        ("a1b2.execute-api.eu-west-1.amazonaws.com", "/prod/predictions", ""),
        ("127.0.0.1:4566", "/_aws/execute-api/a1b2/prod/predictions", ""),
        ("runtime.sagemaker.eu-west-1.amazonaws.com", "/endpoints/churn/invocations", ""),
        ("127.0.0.1:4566", "/", "GraniteServiceVersion20100801.PutMetricData"),
        ("127.0.0.1:4566", "/service/GraniteServiceVersion20100801/operation/PutMetricData", ""),
        (
            "127.0.0.1:4566",
            "/bucket/data-capture/prod/churn/AllTraffic/2026/11/21/18/03-07-123-0b6e5a0e-7f3b-4c8e-9a3e-0d1f2b3c4d5e.jsonl",
            "",
        ),
    ],
)
def test_a_request_that_is_only_counted_leaves_records(host: str, path: str, target: str) -> None:
    assert leaves_records(environ(host, path, target))


@pytest.mark.parametrize(
    ("host", "path", "target"),
    [
        ("127.0.0.1:4566", "/", "SageMaker.CreateEndpoint"),
        ("127.0.0.1:4566", "/bucket/data/train.jsonl", ""),
        ("execute-api.eu-west-1.amazonaws.com", "/", ""),
        ("127.0.0.1:4566", "/endpoints/churn/async-invocations", ""),
    ],
)
def test_a_request_that_changes_something_leaves_more(host: str, path: str, target: str) -> None:
    assert not leaves_records(environ(host, path, target))


def test_records_are_kept_later_than_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "RECORDS_PAUSE", 0.2)
    taken = threading.Semaphore(0)

    def take(_: Snapshots) -> float:
        taken.release()
        return 0.0

    monkeypatch.setattr(Snapshots, "take", take)
    monkeypatch.setattr(snapshots, "SHORTEST_PAUSE", 0.0)
    kept = Snapshots(tmp_path)
    kept.start()
    try:
        assert not taken.acquire(timeout=0.5), "nothing has changed"
        kept.record()
        assert taken.acquire(timeout=60)
        kept.touch()
        assert taken.acquire(timeout=60)
        assert not taken.acquire(timeout=0.5), "both are kept"
    finally:
        kept.close()


def test_a_state_that_cannot_be_written_is_told_to_who_asks_for_it(tmp_path: Path) -> None:
    server = LocalAws(tmp_path, keep_state=True)
    server.start()
    try:
        (tmp_path / "state").rename(tmp_path / "elsewhere")
        answer = requests.post(f"{server.endpoint}/_localaws/snapshot", timeout=60)
        assert (answer.status_code, "the state could not be written" in answer.json()["error"]) == (500, True)
        (tmp_path / "elsewhere").rename(tmp_path / "state")
        assert requests.post(f"{server.endpoint}/_localaws/snapshot", timeout=60).json()["seconds"] > 0
    finally:
        server.close()


@pytest.mark.parametrize("text", ['{"format": 1, "nodes": [', '{"format": 1}', ""])
def test_a_damaged_state_is_told_and_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "state").mkdir()
    file = tmp_path / "state" / "snapshot.json"
    file.write_text(text)
    with pytest.raises(UserError, match=r"state is damaged .* put back a copy .* to begin empty"):
        Snapshots(tmp_path).restore()
    assert file.read_text() == text


def test_a_snapshot_that_fails_takes_back_what_it_has_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only this test takes snapshots.
    monkeypatch.setattr(Snapshots, "_keep", lambda _: None)

    def fill_up(file: int) -> None:
        if os.fstat(file).st_size > 100:
            raise OSError(errno.ENOSPC, "No space left on device")

    server = LocalAws(tmp_path, keep_state=True)
    server.start()
    try:
        s3 = server.client("s3", "us-east-1")
        s3.create_bucket(Bucket="things")
        s3.put_object(Bucket="things", Key="a", Body=b"kept")
        server.keep_now()
        before = sorted((tmp_path / "state").rglob("*"))
        with monkeypatch.context() as full:
            full.setattr(os, "fsync", fill_up)
            s3.put_object(Bucket="things", Key="b", Body=b"not")
            with pytest.raises(PlatformError, match="No space left on device"):
                server.keep_now()
            assert sorted((tmp_path / "state").rglob("*")) == before
        server.keep_now()
        assert len(list((tmp_path / "state" / "blobs").iterdir())) == 2
    finally:
        server.close()
