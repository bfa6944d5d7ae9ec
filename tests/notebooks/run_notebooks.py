"""Makes a project in a local AWS, trains its first model, and runs every notebook of its modelbuild repository there.

Usage: run_notebooks.py [VARIANT [NOTEBOOK ...]], in the tools' environment; a notebook is named without its ending.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from mlproject.rehearsal.life import Life
from mlproject.rehearsal.local import REGION, LocalAws, running
from mlproject.rehearsal.report import Summary
from terraform_runner.project_request import DEFAULT_VARIANT

ROOT = Path(__file__).resolve().parents[2]
KERNEL = ROOT / ".venv/notebooks/bin/python"
LAST = "ci_cd"
"""It approves a version: what other notebooks look at is made before."""


def main(variant: str, wanted: Sequence[str]) -> int:
    """Run the notebooks one after the other; returns 1 if one fails, with the others run all the same."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "aws", keep=False) as local:
        life = Life(local, local.session(), Summary("processes"), variant=variant)
        life.begin()
        life.wait_for_nothing_to_deploy()
        clone = Path(folder) / "modelbuild"
        repository = life.project.names.repository("modelbuild")
        address = f"{local.endpoint.replace('://', '://me:any@')}/v1/repos/{repository}"
        subprocess.run(["git", "clone", "--quiet", "--branch", "main", address, str(clone)], check=True)
        notebooks = sorted(clone.glob("notebooks/**/*.ipynb"), key=lambda path: path.stem == LAST)
        chosen = [path for path in notebooks if not wanted or path.stem in wanted]
        failed = [path.stem for path in chosen if not runs(path, local)]
    print(f"{len(chosen) - len(failed)} of {len(chosen)} notebooks of {variant} ran", *failed)
    return 1 if failed or not chosen else 0


def runs(notebook: Path, local: LocalAws) -> bool:
    """Run a notebook as its user would; tells whether it came to its end."""
    began = time.monotonic()
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | local.environment | {"PATH": tools, "AWS_REGION": REGION}
    done = subprocess.run(
        [KERNEL, ROOT / "tests/notebooks/execute_notebook.py", notebook], env=environment, check=False
    )
    print(
        f"{'ran' if done.returncode == 0 else 'FAILED'}: {notebook.stem}, {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return done.returncode == 0


if __name__ == "__main__":
    given = sys.argv[1:] or [DEFAULT_VARIANT]
    sys.exit(main(given[0], given[1:]))
