"""The models of a multi-model endpoint: named by SageMaker, loaded by each worker on use, bounded by memory.

The catalogue is a folder of small files that all workers read, so that a model loaded through one is known to all.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xgboost_daal4py.errors import UserError
from xgboost_daal4py.predictor import Predictor
from xgboost_daal4py.refusals import RefusedRequest

BYTES_PER_FILE_BYTE = 12
"""What a loaded and converted model takes of memory, measured on its files: booster, oneDAL trees and thresholds."""
SMALLEST_MODEL = 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """A model that SageMaker asked to load."""

    name: str
    url: str
    """Where its files lie."""


class ModelCatalog:
    """The models of the endpoint, and those of them that this worker holds.

    Parameters
    ----------
    folder
        Shared by the workers of one container.
    memory
        How many bytes of models this worker may hold; the least recently used make room.
    load
        Makes a predictor of a folder.
    """

    def __init__(self, folder: Path, memory: int, load: Callable[[Path], Predictor]) -> None:
        self._folder = folder
        self._memory = memory
        self._load = load
        self._held: OrderedDict[str, tuple[Entry, Predictor, int]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Load a model and make it known to all workers.

        Raises
        ------
        RefusedRequest
            409 when the name is taken, 507 when the model is larger than the memory for all, 400 when it is no model.
        """
        if self._path(entry.name).exists():
            raise RefusedRequest(409, "model_loaded", f"the model {entry.name!r} is already loaded")
        self._hold(entry)
        mark = self._path(entry.name)
        draft = mark.with_name(f"{mark.name}.{os.getpid()}.{threading.get_ident()}")
        draft.write_text(json.dumps({"name": entry.name, "url": entry.url}), encoding="utf-8")
        draft.replace(mark.with_suffix(".json"))

    def remove(self, name: str) -> None:
        """Forget a model; other workers drop it when they are next asked for it."""
        self.find(name)
        self._path(name).unlink(missing_ok=True)
        with self._lock:
            self._held.pop(name, None)

    def find(self, name: str) -> Entry:
        """Return what is known of a model.

        Raises
        ------
        RefusedRequest
            404 when it is not loaded.
        """
        try:
            document = json.loads(self._path(name).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            with self._lock:
                self._held.pop(name, None)
            raise RefusedRequest(404, "model_not_loaded", f"the model {name!r} is not loaded") from error
        return Entry(document["name"], document["url"])

    def entries(self) -> Iterator[Entry]:
        """Yield all models of the endpoint, sorted by name."""
        documents = [json.loads(path.read_text(encoding="utf-8")) for path in self._folder.glob("*.json")]
        for document in sorted(documents, key=lambda document: str(document["name"])):
            yield Entry(document["name"], document["url"])

    def predictor(self, name: str) -> Predictor:
        """Return the predictor of a loaded model, which this worker loads when it does not hold it (any more)."""
        entry = self.find(name)
        with self._lock:
            held = self._held.get(name)
            if held and held[0] == entry:
                self._held.move_to_end(name)
                return held[1]
        return self._hold(entry)

    def held(self) -> list[str]:
        """Return the names of the models in this worker's memory, the least recently used first."""
        return list(self._held)

    def _hold(self, entry: Entry) -> Predictor:
        folder = Path(entry.url)
        size = _measure(folder)
        if size > self._memory:
            message = f"the model {entry.name!r} needs some {size} bytes, there are {self._memory} for all"
            raise RefusedRequest(507, "insufficient_memory", message)
        with self._lock:
            self._held.pop(entry.name, None)
            while self._held and size + sum(held for _, _, held in self._held.values()) > self._memory:
                self._held.popitem(last=False)
            try:
                predictor = self._load(folder)
            except (UserError, OSError) as error:
                raise RefusedRequest(400, "invalid_model", f"the model {entry.name!r}: {error}") from error
            self._held[entry.name] = (entry, predictor, size)
        return predictor

    def _path(self, name: str) -> Path:
        """Names come from outside and may hold anything that a path must not."""
        return self._folder / f"{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()}.json"


def _measure(folder: Path) -> int:
    files = [path for path in folder.glob("*") if path.is_file()] if folder.is_dir() else []
    return max(SMALLEST_MODEL, BYTES_PER_FILE_BYTE * sum(path.stat().st_size for path in files))
