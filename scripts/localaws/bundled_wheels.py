"""The wheels that Python itself brings for new virtual environments (pip, before 3.12 also setuptools)."""

from __future__ import annotations

import ensurepip
import sysconfig
from pathlib import Path

from localaws.errors import PlatformError


def bundled_wheels() -> dict[str, Path]:
    """Return the wheels by package name."""
    folders = [Path(ensurepip.__file__).parent / "_bundled"]
    # Distributions that share wheels (Debian, Fedora) keep them elsewhere.
    folders += [Path(folder) for folder in [sysconfig.get_config_var("WHEEL_PKG_DIR")] if folder]
    wheels = {
        wheel.name.split("-")[0]: wheel
        for folder in folders
        for wheel in sorted(folder.glob("*.whl"))
        if wheel.name.split("-")[0] in ("pip", "setuptools")
    }
    if "pip" not in wheels:
        raise PlatformError("this Python has no ensurepip: install it (Debian: python3-venv)")
    return wheels
