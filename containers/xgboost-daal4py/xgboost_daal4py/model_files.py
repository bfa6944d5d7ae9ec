"""The three files of a model: written by `training`, read by `serving` and by the evaluate step; never a pickle.

A booster alone, as the AWS XGBoost container leaves it, is read too: its input is numbers under its feature names.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence, Set
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
FOREIGN_FILES = ("xgboost-model", BOOSTER_FILE, INFO_FILE)
"""Names under which a booster may lie alone; `INFO_FILE` then is XGBoost's own JSON."""
DEFAULT_THRESHOLD = 0.5

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
    """A score at or above it is labelled positive; without meaning unless the model is binary."""
    positive_label: str
    negative_label: str
    metrics: Mapping[str, float]
    provenance: Mapping[str, Any]
    labels: Sequence[str] = ()
    """Of a multiclass model, in the order of its classes; without them a class is called by its number."""


@dataclass(frozen=True)
class Model:
    """A trained model with its preprocessing."""

    booster: xgboost.Booster
    transform: FeatureTransform
    info: ModelInfo

    @property
    def learner(self) -> LearnerFacts:
        """What the booster says about itself."""
        return read_learner(self.booster)


@dataclass(frozen=True)
class LearnerFacts:
    """What the way a booster is scored depends on."""

    objective: str
    kind: str
    """XGBoost's `booster`: gbtree, dart or gblinear."""
    classes: int
    """0 unless the objective is multiclass."""


def read_learner(booster: xgboost.Booster) -> LearnerFacts:
    """Read the facts from the booster's configuration."""
    learner = json.loads(booster.save_config())["learner"]
    return LearnerFacts(
        objective=learner["objective"]["name"],
        kind=learner["gradient_booster"]["name"],
        classes=int(learner["learner_model_param"]["num_class"]),
    )


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
    found = {path.name for path in folder.iterdir() if path.is_file()} if folder.is_dir() else set()
    _check_names(found)
    alone = _find_foreign(found)
    if alone:
        return _load_foreign(folder / alone)
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


def _check_names(names: Iterable[str]) -> None:
    found = set(names)
    for name in sorted(found):
        if name.endswith(PICKLE_SUFFIXES):
            raise UserError(f"{name} {PICKLE_REASON}")
    missing = [name for name in MODEL_FILES if name not in found]
    if missing and not _find_foreign(found):
        raise UserError(
            f"the model has no {missing[0]} (it must hold {', '.join(MODEL_FILES)}, or one booster alone "
            f"as {' or '.join(FOREIGN_FILES)})"
        )


def _find_foreign(found: Set[str]) -> str | None:
    """Return the name of the booster that lies alone, if one does."""
    boosters = [name for name in FOREIGN_FILES if name in found]
    return boosters[0] if len(boosters) == 1 and FEATURES_FILE not in found else None


def _load_foreign(path: Path) -> Model:
    booster = _load_booster(path)
    names = booster.feature_names or [f"f{number}" for number in range(booster.num_features())]
    info = ModelInfo(
        threshold=0.0 if read_learner(booster).objective == "binary:logitraw" else DEFAULT_THRESHOLD,
        positive_label="1",
        negative_label="0",
        metrics={},
        provenance={"file": path.name},
    )
    return Model(booster, FeatureTransform.plain(names), info)


def _load_booster(path: Path) -> xgboost.Booster:
    content = path.read_bytes()
    if content[:1] == b"\x80":
        raise UserError(f"{path.name} {PICKLE_REASON}")
    if content[:1] != b"{":
        raise UserError(f"{path.name} is not an XGBoost model in UBJSON or JSON")
    booster = xgboost.Booster()
    try:
        booster.load_model(bytearray(content))
    except xgboost.core.XGBoostError as error:
        raise UserError(f"{path.name} is damaged: {str(error).strip().splitlines()[-1]}") from error
    if booster.attr("best_iteration") is not None:
        # Rounds after the best one were trained to see that nothing better comes; nobody may score with them.
        booster = booster[: booster.best_iteration + 1]
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
