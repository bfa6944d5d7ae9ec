"""Leaves out of the SDK what making a definition does not use (to `sdk_compiler`, which imports the rest).

The SDK's modules import each other: a step's class brings pandas, every shape of the API and an AWS client along, which
takes three seconds of a compilation's four. Here they come as placeholders. A program that has imported the SDK
before keeps all of it, and a test holds that both make the same definitions.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

WITHOUT_THEIR_FILE = ("sagemaker.core", "sagemaker.mlops", "sagemaker.mlops.workflow")
"""Packages whose own file imports all that they hold."""
LEFT_OUT = (
    "sagemaker.core._studio",
    "sagemaker.core.helper.iam_role_resolver",
    "sagemaker.core.helper.session_helper",
    "sagemaker.core.image_uris",
    "sagemaker.core.local",
    "sagemaker.core.processing",
    "sagemaker.core.remote_function",
    "sagemaker.core.s3",
    "sagemaker.core.shapes",
    "sagemaker.core.telemetry",
    "sagemaker.core.training",
    "sagemaker.core.transformer",
)
"""What runs jobs, talks to AWS, or tells of it."""


class _Anything(type):
    """A class that has every attribute, and whose objects decorate a function with nothing."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls()


class _Placeholder(metaclass=_Anything):
    def __init__(self, *_: Any, **__: Any) -> None:
        """Take whatever there is."""

    def __call__(self, decorated: Any) -> Any:
        return decorated


class _PlaceholderModule(ModuleType):
    """A module that has a class of every name."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = _Anything(name, (_Placeholder,), {})
        setattr(self, name, made)
        return made


class _Finder:
    """Finds placeholders for the modules that are left out, and all below them."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        left_out = any(name == each or name.startswith(f"{each}.") for each in LEFT_OUT)
        return ModuleSpec(name, self, is_package=True) if left_out else None  # type: ignore[arg-type]  # loads, too

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _PlaceholderModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Run nothing."""


def register() -> None:
    """Prepare the import of the SDK; one that is imported already stays as it is."""
    if WITHOUT_THEIR_FILE[0] in sys.modules:
        return
    spec = importlib.util.find_spec("sagemaker")
    folders = [Path(folder) for folder in (spec.submodule_search_locations if spec else None) or ()]
    for name in WITHOUT_THEIR_FILE:
        module = ModuleType(name)
        module.__path__ = [str(folder.joinpath(*name.split(".")[1:])) for folder in folders]
        sys.modules[name] = module
    sys.meta_path.insert(0, _Finder())


register()
