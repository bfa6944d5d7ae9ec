"""A folder comes in; it has, and is checked for, what builds take from the internet: `publish` uploads it."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
import venv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from packaging.requirements import Requirement
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from mlproject.errors import PlatformError, UserError
from terraform_runner.runner_settings import PACKAGES
from terraform_runner.terraform_install import ARCHIVE, SHA256, URL

if TYPE_CHECKING:
    from mlproject.console import Progress

PREFIX = "vendor/"
"""Where the folder's files go in the artifact bucket."""

PROVIDERS = "providers"
"""Terraform's filesystem mirror in the folder."""
_RUNNER_LOCKS = ("scripts/terraform_runner/requirements.txt", "requirements/uv.txt")
_PROJECT_FOLDERS = ("seedcode", "containers", "lambda")
"""Where the locks are that builds of projects install."""
_WHEELS = "wheels"
_BUILD_TOOL = "setuptools"
"""Builds the packages that PyPI has as source only; no lock names it."""
_PROVIDER_LOCK = "terraform/.terraform.lock.hcl"
_PROVIDER = re.compile(r'provider "(?P<source>[^"]+)" {\s+version\s+= "(?P<version>[^"]+)"')
_PYTHON, _PLATFORM = "3.11", "linux_amd64"
# What every build is: markers of the locks are decided for it, wherever this program runs.
_BUILD_ENVIRONMENT = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": f"{_PYTHON}.0",
    "python_version": _PYTHON,
    "sys_platform": "linux",
}

Fetch = Callable[[str], bytes]
Run = Callable[[Sequence[str]], None]


def prepare(
    folder: Path, root: Path, progress: Progress, *, fetch: Fetch | None = None, run: Run | None = None
) -> None:
    """Fill ``folder`` with Terraform, its providers and the builds' Python packages; what is there is kept.

    Parameters
    ----------
    folder
        Made if it is not there.
    root
        The checkout whose locks say what is needed.
    fetch, run
        How a URL is read and a program run.

    Raises
    ------
    PlatformError
        Something could not be downloaded, or is not what is pinned.
    UserError
        What is there then is not what the locks say.
    """
    fetch, run = fetch or _fetch, run or _run
    _make(folder)
    if any(_terraform_problems(folder)):
        progress(f"downloading {ARCHIVE}")
        _keep_terraform(folder, fetch(URL))
    progress("downloading providers")
    mirror = f"{folder.resolve()}/{PROVIDERS}"
    run(["terraform", f"-chdir={root}/terraform", "providers", "mirror", f"-platform={_PLATFORM}", mirror])
    prepare_packages(folder, root, progress, run=run)
    check(folder, root)


def prepare_packages(folder: Path, root: Path, progress: Progress, *, run: Run | None = None) -> None:
    """Fill ``folder`` with the builds' Python packages only."""
    run = run or _run
    _make(folder)
    if not any(_package_problems(folder / _WHEELS, locks(root), root)):
        return
    with tempfile.TemporaryDirectory() as environment:
        venv.create(environment, with_pip=True)
        download = [f"{environment}/bin/python", "-m", "pip", "download", "--quiet"]
        download += ["--disable-pip-version-check", "--dest", f"{folder}/{_WHEELS}"]
        present = _present(folder / _WHEELS)
        for lock in locks(root):
            if not any(_missing(lock, present)):
                continue
            progress(f"downloading {lock.relative_to(root)}")
            # A lock is complete: nothing has to be resolved, and nothing that is there is asked for again.
            found = ["--find-links", f"{folder}/{_WHEELS}", "--no-deps", "--require-hashes"]
            run([*download, *found, "--requirement", str(lock)])
            present = _present(folder / _WHEELS)
        if not any((folder / _WHEELS).glob(f"{_BUILD_TOOL}-*.whl")):
            run([*download, _BUILD_TOOL])


def check(folder: Path, root: Path) -> None:
    """Raise `UserError` naming everything that a build would miss, or refuse, of ``folder``."""
    _raise(folder, [*_terraform_problems(folder), *_problems(folder, root)])


def check_without_terraform(folder: Path, root: Path) -> None:
    """Raise `UserError` as `check` does, where the runner's image brings Terraform along."""
    _raise(folder, list(_problems(folder, root)))


def _problems(folder: Path, root: Path) -> Iterator[str]:
    yield from _provider_problems(folder / PROVIDERS, root / _PROVIDER_LOCK)
    yield from _package_problems(folder / _WHEELS, locks(root), root)


def _raise(folder: Path, problems: Sequence[str]) -> None:
    if problems:
        raise UserError(
            f"{folder} is not complete (`mlproject vendor {folder}` fills it): {'; '.join(problems)}"
        )


def files(folder: Path) -> list[Path]:
    """Return the folder's files, in the order in which they are uploaded."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def key(folder: Path, path: Path) -> str:
    """Return where a file of the folder goes: a package below its own name, by which builds ask for it."""
    inside = path.relative_to(folder)
    if inside.parts[0] != _WHEELS:
        return f"{PREFIX}{inside.as_posix()}"
    return f"{PACKAGES}/{_package(path)}/{path.name}"


def locks(root: Path) -> list[Path]:
    """Return the locks that the runner and the builds of projects install."""
    found = (path for folder in _PROJECT_FOLDERS for path in sorted((root / folder).rglob("*.txt")))
    return [root / lock for lock in _RUNNER_LOCKS] + [path for path in found if _is_lock(path, root)]


def _make(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file: name a folder")
    folder.mkdir(parents=True, exist_ok=True)


def _keep_terraform(folder: Path, content: bytes) -> None:
    actual = hashlib.sha256(content).hexdigest()
    if actual != SHA256:
        raise PlatformError(f"{URL} has SHA-256 {actual} instead of {SHA256}: it was not kept")
    (folder / ARCHIVE).write_bytes(content)


def _terraform_problems(folder: Path) -> Iterator[str]:
    if not (folder / ARCHIVE).is_file():
        yield f"{ARCHIVE} is missing"
    elif (actual := _sha256(folder / ARCHIVE)) != SHA256:
        yield f"{ARCHIVE} has SHA-256 {actual} instead of {SHA256}"


def _provider_problems(mirror: Path, lock: Path) -> Iterator[str]:
    for found in _PROVIDER.finditer(lock.read_text(encoding="utf-8")):
        place, version = mirror / found["source"], found["version"]
        name = found["source"].rpartition("/")[2]
        packed = place / f"terraform-provider-{name}_{version}_{_PLATFORM}.zip"
        if not packed.is_file() and not (place / version / _PLATFORM).is_dir():
            yield f"provider {found['source']} {version} for {_PLATFORM} is missing"


def _package_problems(wheels: Path, wanted: Sequence[Path], root: Path) -> Iterator[str]:
    present = _present(wheels)
    for lock in wanted:
        for requirement in _missing(lock, present):
            yield f"{requirement.name} {requirement.specifier} of {lock.relative_to(root)} is missing"
    if not any(wheels.glob(f"{_BUILD_TOOL}-*.whl")):
        yield f"{_BUILD_TOOL} is missing"


def _present(wheels: Path) -> set[str]:
    """Return the digests of what a build can install."""
    return {_sha256(path) for path in wheels.glob("*") if _fits(path)}


def _missing(lock: Path, present: set[str]) -> Iterator[Requirement]:
    return (requirement for requirement, hashes in _pins(lock) if not hashes & present)


def _pins(lock: Path) -> Iterator[tuple[Requirement, set[str]]]:
    """Yield what a lock wants in a build, with the digests that it allows."""
    for line in lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        text, *hashes = line.split("#")[0].split("--hash=sha256:")
        if text.strip():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate(_BUILD_ENVIRONMENT):
                yield requirement, {each.strip() for each in hashes}


def _is_lock(path: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return not hidden and "--hash=sha256:" in path.read_text(encoding="utf-8", errors="replace")


def _package(path: Path) -> str:
    parse = parse_wheel_filename if path.suffix == ".whl" else parse_sdist_filename
    return parse(path.name)[0]


def _fits(path: Path) -> bool:
    """Tell whether a file is source, or a wheel that a build can install."""
    if path.suffix != ".whl":
        return path.is_file()
    *_, tags = parse_wheel_filename(path.name)
    return any(
        tag.platform == "any" or ("linux" in tag.platform and tag.platform.endswith("x86_64")) for tag in tags
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(url: str) -> bytes:
    try:
        answer = requests.get(url, timeout=300)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise PlatformError(f"{url} could not be downloaded: {error}") from error
    return answer.content


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own arguments
    except FileNotFoundError as error:
        raise UserError(f"{command[0]} is not on PATH: install it, then try again") from error
    if done.returncode:
        told = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
        raise PlatformError(f"{' '.join(command)} failed: {told[-1]}")
