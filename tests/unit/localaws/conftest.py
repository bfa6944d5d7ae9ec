"""The fixture by which every test of localaws gets a running server with nothing in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.moto_api._internal.models import moto_api_backend

from localaws.server import LocalAws


@pytest.fixture
def localaws(tmp_path: Path) -> Iterator[LocalAws]:
    """Serve on a free port with state in a temporary folder; moto is emptied afterwards.

    ``localaws.client("s3", "us-east-1")`` is a boto3 client, ``localaws.endpoint`` the URL.
    """
    server = LocalAws(tmp_path / "localaws", image_cache=tmp_path / "images")
    server.start()
    yield server
    server.close()
    moto_api_backend.reset()
