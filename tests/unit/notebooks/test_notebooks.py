"""Notebooks are of Jupyter's format, without outputs, and import what is there; `make test-notebooks` runs them."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
NOTEBOOKS = sorted(ROOT.glob("seedcode/**/notebooks/**/*.ipynb"))
HELPER = ROOT / "seedcode/model-build/notebooks/project_here.py"
LOCK = ROOT / "tests/notebooks/requirements.txt"
LONGEST_CELL = 60

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == kind]


def imports(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield every module that a notebook imports, and what it takes of it."""
    for cell in cells(path, "code"):
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, ast.Import):
                yield from ((alias.name, []) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield str(node.module), [alias.name for alias in node.names]


def test_there_are_notebooks() -> None:
    assert {"explore", "pipeline", "deploy_version", "ci_cd"} <= {path.stem for path in NOTEBOOKS}


@each_notebook
def test_a_notebook_is_of_the_format_and_was_committed_without_outputs(path: Path) -> None:
    notebook = json.loads(path.read_text())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    identities = [cell["id"] for cell in notebook["cells"]]
    assert len({*identities}) == len(identities)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", identity) for identity in identities)
    for cell in cells(path, "code"):
        assert (cell["outputs"], cell["execution_count"]) == ([], None)


@each_notebook
def test_a_notebook_begins_with_what_it_is_for_and_its_cells_are_short(path: Path) -> None:
    first = json.loads(path.read_text())["cells"][0]
    assert first["cell_type"] == "markdown"
    assert first["source"][0].startswith("# ")
    assert max(len(cell["source"]) for cell in cells(path, "code")) <= LONGEST_CELL


@each_notebook
def test_a_notebook_imports_only_what_a_kernel_of_studio_has(path: Path) -> None:
    locked = {
        name.replace("-", "_") for name in re.findall(r"^([a-z0-9._-]+)==", LOCK.read_text(), re.MULTILINE)
    }
    known = {*sys.stdlib_module_names, *locked, HELPER.stem}
    assert {name.partition(".")[0] for name, _ in imports(path)} <= known


@each_notebook
def test_what_a_notebook_takes_of_the_helper_is_there(path: Path) -> None:
    defined = {
        name
        for node in ast.parse(HELPER.read_text()).body
        for name in (
            [node.name]
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))
            else [target.id for target in getattr(node, "targets", ()) if isinstance(target, ast.Name)]
        )
    }
    taken = {each for name, names in imports(path) if name == HELPER.stem for each in names}
    assert taken
    assert taken <= defined
