"""A model that multiplies: prepares rows, trains on them (the factor is a hyperparameter), and serves."""

from __future__ import annotations

import http.server
import json
import os
import sys
from pathlib import Path

ROOT = Path(os.environ.get("ML_ROOT", "/opt/ml"))


def prepare() -> None:
    """Keep the rows that are numbers."""
    folder = ROOT / "processing"
    rows = (folder / "input/raw/rows.csv").read_text().splitlines()
    kept = [row for row in rows if row.isdigit()]
    (folder / "output/clean/rows.csv").write_text("\n".join(kept) + "\n")


def train() -> None:
    """Write the factor as the model; the score is best where it is 3."""
    parameters = json.loads((ROOT / "input/config/hyperparameters.json").read_text())
    hosts = json.loads((ROOT / "input/config/resourceconfig.json").read_text())["hosts"]
    factor = int(parameters["factor"])
    print(f"hosts={len(hosts)}; score={10 - abs(factor - 3)};")
    (ROOT / "model/factor.txt").write_text(str(factor))


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers /ping, and multiplies the rows that are sent to /invocations."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Be healthy."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Multiply."""
        rows = self.rfile.read(int(self.headers["Content-Length"])).decode().split()
        factor = int((ROOT / "model/factor.txt").read_text())
        self._answer("\n".join(str(int(row) * factor) for row in rows).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve() -> None:
    """Serve for ever."""
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    http.server.ThreadingHTTPServer(("", port), Handler).serve_forever()


{"prepare": prepare, "train": train, "serve": serve}[sys.argv[1]]()
