"""A framework in, the folder that an engine builds its stand-in from out: Dockerfile, lock, and what runs in it.

PyTorch's wheels on PyPI carry CUDA, several gigabytes that no processor here needs. Where pip is told of a folder
(``PIP_FIND_LINKS``) that has the CPU build of the locked version, that is what the folder is given.
"""

from __future__ import annotations

import functools
import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from localaws.framework_images import FOLDER
from localaws.settings import HostSettings

# The build that the lock's version has for processors alone.
CPU_BUILD = "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
CPU_SHA256 = "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"
CPU_REQUIREMENT = f"torch==2.13.0+cpu --hash=sha256:{CPU_SHA256}"
_CUDA_ALONE = re.compile(r"(nvidia-|cuda-|triton)")


@functools.cache
def context(framework: str) -> Path:
    """Return the folder, made when it is not there; its name is that of its content."""
    settings = HostSettings()
    lock = (FOLDER / f"requirements-{framework}.txt").read_text()
    wheel = cpu_build(settings.find_links) if re.search(r"^torch==", lock, re.MULTILINE) else None
    lock = for_processors(lock) if wheel else lock
    digest = hashlib.sha256(lock.encode())
    for path in _sources():
        digest.update(f"{path.relative_to(FOLDER)}\0".encode() + path.read_bytes())
    target = settings.contexts() / f"{framework}-{digest.hexdigest()[:16]}"
    if not target.is_dir():
        _make(target, lock, wheel)
    return target


def cpu_build(find_links: str) -> Path | None:
    """Return PyTorch's CPU build, where one of pip's folders has it as it was published."""
    for folder in find_links.split():
        wheel = Path(folder.removeprefix("file://")) / CPU_BUILD
        if wheel.is_file():
            with wheel.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == CPU_SHA256:
                    return wheel
    return None


def for_processors(lock: str) -> str:
    """Return a lock with the CPU build in PyTorch's place, and without what only its CUDA build needs."""
    entries = re.split(r"^(?=[a-z])", lock, flags=re.MULTILINE)
    kept = (CPU_REQUIREMENT + "\n" if each.startswith("torch==") else each for each in entries)
    return "".join(each for each in kept if not _CUDA_ALONE.match(each))


def _make(target: Path, lock: str, wheel: Path | None) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=target.parent) as partial:
        ready = Path(partial) / "context"
        for path in _sources():
            (ready / path.relative_to(FOLDER)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, ready / path.relative_to(FOLDER))
        (ready / "requirements.txt").write_text(lock)
        # Docker copies the folder whether or not there is a wheel.
        (ready / "wheels").mkdir()
        (ready / "wheels" / "README").write_text("Wheels that are taken before those of an index.\n")
        if wheel:
            shutil.copyfile(wheel, ready / "wheels" / wheel.name)
        if not target.exists():
            ready.rename(target)


def _sources() -> Iterator[Path]:
    yield FOLDER / "Dockerfile"
    yield from sorted((FOLDER / "framework_worker").glob("*.py"))
