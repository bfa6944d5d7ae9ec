"""The three files of a model: written by `training`, read by `serving` and by the evaluate step; never a pickle."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import xgboost

from xgboost_daal4py.errors import UserError
from xgboost_daal4py.features import FeatureTransform

BOOSTER_FILE = "model.ubj"
FEATURES_FILE = "features.json"
INFO_FILE = "model.json"
MODEL_FILES = (BOOSTER_FILE, FEATURES_FILE, INFO_FILE)
OBJECTIVE = "binary:logistic"

FORMAT = 1
LARGEST_FILE = 1024**3
PICKLE_SUFFIXES = (".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle")
PICKLE_REASON = (
    "is a Python pickle: loading one runs any code that is in it, so this container never does; "
    f"save the booster with Booster.save_model({BOOSTER_FILE!r})"
)


@dataclass(frozen=True)
class ModelInfo:
    """What the booster itself does not know."""

    threshold: float
    """A score at or above it is labelled positive."""
    positive_label: str
    negative_label: str
    metrics: Mapping[str, float]
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class Model:
    """A trained model with its preprocessing."""

    booster: xgboost.Booster
    transform: FeatureTransform
    info: ModelInfo


def save_model(model: Model, folder: Path) -> None:
    """Write the model's three files into ``folder``."""
    model.booster.save_model(folder / BOOSTER_FILE)
    _write_json(folder / FEATURES_FILE, model.transform.to_dict())
    _write_json(folder / INFO_FILE, {"format": FORMAT, **asdict(model.info)})


def load_model(folder: Path) -> Model:
    """Read and check the model in ``folder``.

    Raises
    ------
    UserError
        When a file is missing, damaged, a pickle, or does not fit the others.
    """
    _check_names(
        path.name for path in folder.iterdir() if path.is_file()
    ) if folder.is_dir() else _check_names([])
    booster = _load_booster(folder / BOOSTER_FILE)
    transform = load_transform(folder / FEATURES_FILE)
    if booster.num_features() != len(transform.names):
        raise UserError(
            f"{BOOSTER_FILE} takes {booster.num_features()} features, but {FEATURES_FILE} makes {len(transform.names)}"
        )
    return Model(booster, transform, _read_info(folder / INFO_FILE))


def load_transform(path: Path) -> FeatureTransform:
    """Read a fitted transform from its JSON file."""
    return FeatureTransform.from_dict(_read_json(path))


def save_transform(transform: FeatureTransform, path: Path) -> None:
    """Write a fitted transform as JSON."""
    _write_json(path, transform.to_dict())


def extract_model(archive: Path, folder: Path) -> None:
    """Unpack a ``model.tar.gz`` into ``folder``; a member that is not one of the model's plain files is refused."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            members = [member for member in tar.getmembers() if member.name not in (".", "./")]
            for member in members:
                _check_member(member)
            _check_names(member.name.removeprefix("./") for member in members)
            for member in members:
                source = tar.extractfile(member)
                if source is not None:
                    (folder / member.name.removeprefix("./")).write_bytes(source.read())
    except (tarfile.TarError, EOFError, OSError) as error:
        raise UserError(f"{archive.name} is not a readable tar.gz archive: {error}") from error


def _check_member(member: tarfile.TarInfo) -> None:
    if not member.isreg() or "/" in member.name.removeprefix("./"):
        raise UserError(f"the model archive holds {member.name!r}: only plain files at its top are accepted")
    if member.size > LARGEST_FILE:
        raise UserError(f"the model archive's {member.name!r} is larger than {LARGEST_FILE} bytes")


def _check_names(found: Iterable[str]) -> None:
    names = set(found)
    for name in sorted(names):
        if name.endswith(PICKLE_SUFFIXES):
            raise UserError(f"{name} {PICKLE_REASON}")
    missing = [name for name in MODEL_FILES if name not in names]
    if missing:
        raise UserError(f"the model has no {missing[0]} (it must hold {', '.join(MODEL_FILES)})")


def _load_booster(path: Path) -> xgboost.Booster:
    with path.open("rb") as file:
        start = file.read(2)
    if start[:1] == b"\x80":
        raise UserError(f"{path.name} {PICKLE_REASON}")
    if start[:1] != b"{":
        raise UserError(f"{path.name} is not an XGBoost model in UBJSON")
    booster = xgboost.Booster()
    try:
        booster.load_model(path)
        objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
    except xgboost.core.XGBoostError as error:
        raise UserError(f"{path.name} is damaged: {str(error).strip().splitlines()[-1]}") from error
    if objective != OBJECTIVE:
        raise UserError(f"{path.name} has the objective {objective}; this container scores {OBJECTIVE} only")
    return booster


def _read_info(path: Path) -> ModelInfo:
    document = _read_json(path)
    if document.pop("format", None) != FORMAT:
        raise UserError(f"{path.name} is of another format than {FORMAT}, the one that this container reads")
    try:
        info = ModelInfo(**document)
        if not 0 <= info.threshold <= 1:
            raise UserError(f"{path.name}: the threshold {info.threshold} is not between 0 and 1")
    except TypeError as error:
        raise UserError(f"{path.name} is incomplete: {error}") from error
    return info


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path.name} is not JSON: {error}") from error
    except FileNotFoundError as error:
        raise UserError(f"{path.name} is missing") from error
    if not isinstance(document, dict):
        raise UserError(f"{path.name} must hold a JSON object")
    return document


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
