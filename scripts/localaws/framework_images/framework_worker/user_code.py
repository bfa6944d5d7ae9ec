"""The user's files in: their requirements installed, their inference script imported, their archive unpacked out."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any


def inference_script(code: Path, program: str) -> ModuleType | None:
    """Return the script as a module, with its folder on the path and its requirements installed; None without one."""
    script = code / program
    if not script.is_file():
        return None
    install_requirements(code)
    sys.path.insert(0, str(code))
    spec = importlib.util.spec_from_file_location(script.stem, script)
    if spec is None or spec.loader is None:
        raise ImportError(f"{script} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[script.stem] = module
    spec.loader.exec_module(module)
    return module


def install_requirements(folder: Path) -> None:
    """Install what ``requirements.txt`` names, if there is one, where only this container looks."""
    requirements = folder / "requirements.txt"
    if not requirements.is_file():
        return
    # The image's own environment may be shared, or read-only.
    target = tempfile.mkdtemp(prefix="requirements-")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", target, "-r", str(requirements)]
    subprocess.run(command, check=True)  # noqa: S603 - what the user's archive asks for
    sys.path.insert(0, target)


def fetch_source(uri: str, target: Path) -> None:
    """Unpack an archive in S3 into a folder."""
    import boto3

    bucket, _, key = uri.removeprefix("s3://").partition("/")
    client: Any = boto3.client("s3")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as archive:
        client.download_fileobj(bucket, key, archive)
        archive.seek(0)
        with tarfile.open(fileobj=archive) as tar:
            # Without a filter, which the first Pythons 3.11 do not have.
            tar.extractall(target)  # noqa: S202 - it is the code that runs next
