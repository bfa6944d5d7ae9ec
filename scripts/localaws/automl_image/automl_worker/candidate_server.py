"""A candidate's folder in, a server for it out: CSV rows of its columns are answered with what it predicts."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .candidate_models import Fitted, load
from .candidate_search import CANDIDATE_FILE
from .tables import Encoding, Row, TableError, trimmed

CSV = "text/csv"
OUTPUTS = ("predicted_label", "probability", "labels", "probabilities")


class Predictor:
    """Answers rows with a candidate.

    Parameters
    ----------
    folder
        What the search wrote.
    outputs
        Which columns an answer has, of `OUTPUTS`.
    """

    def __init__(self, folder: Path, outputs: Sequence[str]) -> None:
        document = json.loads((folder / CANDIDATE_FILE).read_text())
        self._classes: list[str] = document["classes"]
        self._encoding = Encoding.from_document(document["columns"])
        self._model: Fitted = load(folder)
        self._outputs = outputs

    def answer(self, body: str) -> str:
        """Return a line of CSV for each line."""
        rows: list[Row] = list(trimmed(csv.reader(io.StringIO(body))))
        if not rows:
            raise TableError("the request has no rows")
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for predicted in self._model.predict(self._encoding.matrix(rows)).tolist():
            writer.writerow(self._cells(predicted))
        return text.getvalue()

    def _cells(self, predicted: list[float]) -> list[object]:
        if not self._classes:
            return [predicted[0]]
        place = predicted.index(max(predicted))
        every = {
            "predicted_label": self._classes[place],
            "probability": predicted[place],
            "labels": self._classes,
            "probabilities": predicted,
        }
        return [every[name] for name in self._outputs]


class _Handler(BaseHTTPRequestHandler):
    predictor: Predictor

    def do_GET(self) -> None:
        self._send(HTTPStatus.OK if self.path == "/ping" else HTTPStatus.NOT_FOUND, "")

    def do_POST(self) -> None:
        if self.path != "/invocations":
            self._send(HTTPStatus.NOT_FOUND, "")
            return
        if self.headers.get_content_type() != CSV:
            self._send(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"this model takes {CSV} without a header")
            return
        try:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self._send(HTTPStatus.OK, self.predictor.answer(body))
        except (TableError, UnicodeDecodeError, csv.Error) as error:
            self._send(HTTPStatus.BAD_REQUEST, str(error))

    def _send(self, status: HTTPStatus, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{CSV}; charset=utf-8" if status == HTTPStatus.OK else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        if self.path != "/ping":
            super().log_message(format, *arguments)


def serve(folder: Path, port: int) -> None:
    """Serve until the process ends."""
    written = os.environ.get("SAGEMAKER_INFERENCE_OUTPUT", OUTPUTS[0])
    outputs = [name.strip() for name in written.split(",")]
    if unknown := sorted({*outputs} - {*OUTPUTS}):
        raise SystemExit(f"SAGEMAKER_INFERENCE_OUTPUT {unknown} is none of {', '.join(OUTPUTS)}")
    handler = type("Handler", (_Handler,), {"predictor": Predictor(folder, outputs)})
    ThreadingHTTPServer(("0.0.0.0", port), handler).serve_forever()  # noqa: S104 - a container's own network
