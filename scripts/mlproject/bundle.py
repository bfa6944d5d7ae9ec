"""The repository's folders come in; byte-equal archives (template, runner, function) go out to `publish`.

Nothing is compressed: what a compressor makes of equal bytes depends on its version, and an archive's digest is
its version.
"""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from mlproject.errors import UserError

VERSION_DIGITS = 16

# What work leaves behind, and what must not travel: caches, environments, state, variables of one person.
_LEFT_OUT = (
    ".terraform",
    "__pycache__",
    "*.pyc",
    ".*_cache",
    ".hypothesis",
    ".venv",
    "*.egg-info",
    "*.tfvars",
    "*.tfvars.json",
    "*.tfstate*",
    "*.tfplan",
    ".DS_Store",
    ".coverage*",
)
# What nobody meant to publish.
_REFUSED = (".env", ".env.*", "*.pem", "*.key", "id_rsa*", "credentials", ".git")
# CodeCommit's API takes files up to 6 MB.
_LARGEST_FILE = 6_000_000
# Long before any repository was, and the earliest that a zip can say.
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)

_BUNDLE_FOLDERS: Mapping[str, str] = {
    "terraform": "terraform",
    "repositories/modelbuild": "seedcode/model-build",
    "repositories/modelbuild/container": "containers/xgboost-daal4py",
    "repositories/modelbuild/image": "seedcode/image",
    "repositories/modeldeploy": "seedcode/model-deploy",
    "repositories/modeldeploy/lambda": "lambda/inference",
    "repositories/modeldeploy/image": "seedcode/image",
}
# What of these folders only projects of the default variant get: its model, what is about it, and its record.
_DEFAULT_VARIANT = "churn-xgboost-daal4py"
_DEFAULT_VARIANTS_OWN: Mapping[str, tuple[str, ...]] = {
    "repositories/modelbuild": (
        "README.md",
        "churn",
        "docs/from-the-sample.md",
        "examples",
        "notebooks/churn",
        "tests/jobs",
        "tests/pipeline/test_churn_pipeline.py",
    ),
    "repositories/modeldeploy/lambda": ("inference_api/record.schema.json",),
}
# What every variant has, and may have otherwise: how its stages answer to begin with.
_USUAL: Mapping[str, tuple[str, ...]] = {
    "repositories/modeldeploy": ("config/prod.yaml", "config/staging.yaml")
}
# <variant>/<part of the seed code>/...: what the other variants add to what all have.
_VARIANTS = "seedcode/variants"
_REPOSITORIES: Mapping[str, str] = {"model-build": "modelbuild", "model-deploy": "modeldeploy"}
# Folders among the variants that are none, but what several of them have alike.
_SHARED_PARTS: Mapping[str, tuple[str, ...]] = {"text-classification": ("huggingface", "tensorflow")}
_PRODUCT_TEMPLATE = "cloudformation/project.yaml"
_RUNNER = "scripts/terraform_runner"
_FUNCTION = "lambda/terraform-runner/terraform_runner_provider"


@dataclass(frozen=True)
class Archive:
    """A zip, and what it is called after."""

    content: bytes

    @property
    def sha256(self) -> str:
        """The digest of the bytes."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def version(self) -> str:
        """The first digits of the digest: the archive's name and version."""
        return self.sha256[:VERSION_DIGITS]


@dataclass(frozen=True)
class _Entry:
    content: bytes
    executable: bool


def template_bundle(root: Path) -> Archive:
    """Return the archive that projects are made from.

    The product's form travels along, so that a change of the form is a new version too.
    """
    entries: dict[str, _Entry] = {"project.yaml": _read(root / _PRODUCT_TEMPLATE)}
    for name, path, entry in _variant_files(root / _VARIANTS):
        _enter(entries, name, entry, f"{_VARIANTS}/{path}")
    for target, source in _BUNDLE_FOLDERS.items():
        skipped = ("tests", "environment") if target == "terraform" else ()
        for path, entry in _folder(root / source, skipped):
            if path in _USUAL.get(target, ()):
                _enter_usual(entries, f"{target}/{path}", entry)
            else:
                _enter(entries, _placed(target, path), entry, f"{source}/{path}")
    _refuse_doubles(entries)
    return _archive(entries)


def runner_archive(root: Path) -> Archive:
    """Return the runner's source as CodeBuild unpacks it."""
    package = root / _RUNNER
    entries = {
        f"terraform_runner/{path}": entry
        for path, entry in _folder(package, ("requirements.*", "buildspec.yml"))
    }
    entries["requirements.txt"] = _read(package / "requirements.txt")
    entries["requirements-uv.txt"] = _read(root / "requirements" / "uv.txt")
    entries["buildspec.yml"] = _read(package / "buildspec.yml")
    return _archive(entries)


def function_archive(root: Path) -> Archive:
    """Return the custom-resource function's code."""
    package = root / _FUNCTION
    return _archive({f"{package.name}/{path}": entry for path, entry in _folder(package, ())})


def _placed(target: str, path: str) -> str:
    """Return where in the bundle a file of one of its folders goes."""
    own = _DEFAULT_VARIANTS_OWN.get(target, ())
    if any(path == each or path.startswith(f"{each}/") for each in own):
        return f"variants/{_DEFAULT_VARIANT}/{target.removeprefix('repositories/')}/{path}"
    return f"{target}/{path}"


def _enter_usual(entries: dict[str, _Entry], name: str, entry: _Entry) -> None:
    """Enter a file into each variant that has none of its own."""
    variants = {each.split("/")[1] for each in entries if each.startswith("variants/")}
    for variant in {*variants, _DEFAULT_VARIANT}:
        entries.setdefault(f"variants/{variant}/{name.removeprefix('repositories/')}", entry)


def _variant_files(folder: Path) -> Iterator[tuple[str, str, _Entry]]:
    """Yield name in the bundle, path and content of what the other variants have of their own."""
    for path, entry in _folder(folder, ()):
        variant, _, inside = path.partition("/")
        part, _, rest = inside.partition("/")
        if part not in _REPOSITORIES or not rest:
            raise UserError(
                f"{folder}/{path} belongs to no repository: {' or '.join(_REPOSITORIES)} is next to variant"
            )
        for each in _SHARED_PARTS.get(variant, (variant,)):
            yield f"variants/{each}/{_REPOSITORIES[part]}/{rest}", path, entry


def _enter(entries: dict[str, _Entry], name: str, entry: _Entry, source: str) -> None:
    if name in entries:
        raise UserError(f"{source} would take the place of another file in the bundle: {name}")
    entries[name] = entry


def _refuse_doubles(entries: Mapping[str, _Entry]) -> None:
    """Refuse a file that all variants have and one has again: which of them is meant is anybody's guess."""
    for name in entries:
        if not name.startswith("variants/"):
            continue
        shared = f"repositories/{name.split('/', 2)[2]}"
        if shared in entries:
            raise UserError(f"{name} is in every variant's repository already, as {shared}")


def _folder(folder: Path, skipped_at_top: tuple[str, ...]) -> Iterator[tuple[str, _Entry]]:
    if not folder.is_dir():
        raise UserError(f"{folder} is missing: publish from a complete checkout")
    for path in _walk(folder, skipped_at_top):
        yield path.relative_to(folder).as_posix(), _read(path)


def _walk(folder: Path, skipped: tuple[str, ...]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if _matches(path.name, _LEFT_OUT) or _matches(path.name, skipped):
            continue
        if _matches(path.name, _REFUSED):
            raise UserError(f"{path} looks like something that must not be published: move it away")
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise UserError(f"{path} is neither a file nor a folder: an archive cannot carry it")
        if path.is_dir():
            yield from _walk(path, ())
        else:
            yield path


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _read(path: Path) -> _Entry:
    if not path.is_file():
        raise UserError(f"{path} is missing: publish from a complete checkout")
    if path.stat().st_size > _LARGEST_FILE:
        raise UserError(f"{path} is larger than {_LARGEST_FILE} bytes: it does not belong into a template")
    return _Entry(path.read_bytes(), bool(path.stat().st_mode & stat.S_IXUSR))


def _archive(entries: Mapping[str, _Entry]) -> Archive:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(entries):
            entry = entries[name]
            info = zipfile.ZipInfo(name, _FIXED_TIME)
            info.create_system = 3  # Unix, whatever this machine is: the mode below is Unix's.
            info.external_attr = (stat.S_IFREG | (0o755 if entry.executable else 0o644)) << 16
            archive.writestr(info, entry.content)
    return Archive(buffer.getvalue())
