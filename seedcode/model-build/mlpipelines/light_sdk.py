"""Registers two packages of the SDK without running their files (to `sdk_compiler`, which imports modules below them).

Those files import all that the packages hold: model servers, trainers, an AWS client that wants a region. Making a
definition uses none of it, and it doubles the time.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

SKIPPED = ("sagemaker.mlops", "sagemaker.mlops.workflow")


def register() -> None:
    """Register what is not imported yet."""
    spec = importlib.util.find_spec("sagemaker")
    folders = [Path(folder) for folder in (spec.submodule_search_locations if spec else None) or ()]
    for name in SKIPPED:
        if name not in sys.modules:
            module = ModuleType(name)
            module.__path__ = [str(folder.joinpath(*name.split(".")[1:])) for folder in folders]
            sys.modules[name] = module


register()
