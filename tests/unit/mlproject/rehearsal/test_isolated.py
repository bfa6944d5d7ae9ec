"""A rehearsal without internet brings what cannot be downloaded from this machine, and notices whoever went out."""

from __future__ import annotations

import http.server
import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mlproject.errors import PlatformError
from mlproject.rehearsal import isolated
from mlproject.rehearsal.engines import Engine
from mlproject.rehearsal.local import LocalAws
from mlproject.rehearsal.report import Summary
from terraform_runner.terraform_install import ARCHIVE


@dataclass
class Health:
    """What localaws tells of the hosts that were reached."""

    endpoint: str
    tunnels: dict[str, int] = field(default_factory=dict)


@pytest.fixture
def health() -> Iterator[Health]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"tunnels": told.tunnels}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Health(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield told
        server.shutdown()
        thread.join()


def test_whoever_leaves_the_network_is_named(health: Health, tmp_path: Path) -> None:
    local = LocalAws(health.endpoint, tmp_path, tmp_path / "log", 1)
    isolation = isolated.Isolation(local, None, Summary("docker"), tmp_path)  # type: ignore[arg-type]
    isolation.judge()
    health.tunnels["packages.example.org"] = 2
    with pytest.raises(PlatformError, match=r"reached: packages\.example\.org"):
        isolation.judge()


def test_a_build_image_is_bare_but_for_what_cannot_be_downloaded_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolated, "FOLDER", tmp_path)
    monkeypatch.setattr(isolated.shutil, "which", lambda _: str(tmp_path / "terraform"))  # type: ignore[attr-defined]
    assert isolated.engine_options(Engine.DOCKER, [])[2:] == [
        "--build-mount",
        f"{tmp_path}/terraform:/usr/local/bin/terraform",
    ]
    assert isolated.engine_options(Engine.PROCESSES, [])[2:] == []
    (tmp_path / ARCHIVE).write_bytes(b"terraform")
    assert isolated.engine_options(Engine.DOCKER, [])[2:] == []


def test_an_unpacked_provider_becomes_an_archive_once(tmp_path: Path) -> None:
    unpacked = tmp_path / "mirror/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64"
    unpacked.mkdir(parents=True)
    (unpacked / "terraform-provider-aws_v5").write_bytes(b"provider")
    isolated._pack_providers(tmp_path / "mirror", tmp_path / "providers")
    archive = (
        tmp_path
        / "providers/registry.terraform.io/hashicorp/aws/terraform-provider-aws_5.100.0_linux_amd64.zip"
    )
    with zipfile.ZipFile(archive) as packed:
        assert packed.read("terraform-provider-aws_v5") == b"provider"
    before = archive.stat().st_mtime_ns
    isolated._pack_providers(tmp_path / "mirror", tmp_path / "providers")
    assert archive.stat().st_mtime_ns == before
