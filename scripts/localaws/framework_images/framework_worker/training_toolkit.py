"""A training job's folders in, the user's script run as the training toolkit of SageMaker's containers runs it.

The toolkit's own package needs a C compiler to install and more than the script ever sees of it; this is its contract:
which script, found where, with which options and variables, and what its end means.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import user_code

OWN = "sagemaker_"
PROGRAM, DIRECTORY = f"{OWN}program", f"{OWN}submit_directory"


class ScriptError(Exception):
    """The job does not say which script to run, or has it not."""


@dataclass(frozen=True)
class Job:
    """What SageMaker says of a training job, as it lies in ``/opt/ml/input/config``."""

    root: Path
    hyperparameters: Mapping[str, Any]
    resources: Mapping[str, Any]
    channels: Mapping[str, Any]

    @classmethod
    def read(cls, root: Path) -> Job:
        """Return the job of a container."""
        config = root / "input" / "config"
        written = _read(config / "hyperparameters.json")
        values = {name: _decoded(text) for name, text in written.items()}
        return cls(
            root, values, _read(config / "resourceconfig.json"), _read(config / "inputdataconfig.json")
        )

    @property
    def users(self) -> dict[str, Any]:
        """The hyperparameters that are the script's."""
        return {name: value for name, value in self.hyperparameters.items() if not name.startswith(OWN)}

    def options(self) -> list[str]:
        """Return the script's hyperparameters as options, in the order of their names."""
        return [word for name in sorted(self.users) for word in (_option(name), _text(self.users[name]))]

    def variables(self, program: str) -> dict[str, str]:
        """Return what the script finds in its environment."""
        variables = {
            "SM_MODEL_DIR": str(self.root / "model"),
            "SM_INPUT_DIR": str(self.root / "input"),
            "SM_INPUT_CONFIG_DIR": str(self.root / "input" / "config"),
            "SM_OUTPUT_DIR": str(self.root / "output"),
            "SM_OUTPUT_DATA_DIR": str(self.root / "output" / "data"),
            "SM_CHANNELS": json.dumps(sorted(self.channels)),
            "SM_HPS": json.dumps(self.users),
            "SM_HOSTS": json.dumps(self.resources.get("hosts", ["algo-1"])),
            "SM_CURRENT_HOST": str(self.resources.get("current_host", "algo-1")),
            "SM_NUM_CPUS": str(os.cpu_count() or 1),
            "SM_NUM_GPUS": "0",
            "SM_USER_ENTRY_POINT": program,
            "SM_MODULE_NAME": Path(program).stem,
            "SM_USER_ARGS": json.dumps(self.options()),
        }
        variables |= {f"SM_HP_{name.upper()}": _text(value) for name, value in self.users.items()}
        data = self.root / "input" / "data"
        return variables | {f"SM_CHANNEL_{name.upper()}": str(data / name) for name in self.channels}


def train(root: Path) -> int:
    """Run the job's script; returns its exit code, and leaves why it failed where SageMaker looks."""
    try:
        job = Job.read(root)
        program, folder = _found(job)
        code = _run(job, program, folder)
    except ScriptError as error:
        return _fail(root, str(error), 1)
    return _fail(root, f"ExecuteUserScriptError: {program} ends with exit code {code}", code) if code else 0


def _found(job: Job) -> tuple[str, Path]:
    # As for the toolkit, a variable names the script alone.
    program = os.environ.get(PROGRAM.upper()) or str(job.hyperparameters.get(PROGRAM, ""))
    directory = str(job.hyperparameters.get(DIRECTORY, ""))
    if not program:
        raise ScriptError(
            f"no script: the hyperparameter {PROGRAM} or the variable {PROGRAM.upper()} names it"
        )
    folder = job.root / "code"
    if directory.startswith("s3://"):
        user_code.fetch_source(directory, folder)
    elif directory:
        folder = Path(directory)
    if not (folder / program).is_file():
        raise ScriptError(f"there is no {program} in {directory or folder}")
    return program, folder


def _run(job: Job, program: str, folder: Path) -> int:
    user_code.install_requirements(folder)
    environment = os.environ | job.variables(program)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder), *sys.path)))
    first = ["/bin/sh"] if program.endswith(".sh") else [sys.executable]
    words = [*first, program, *job.options()]
    print(f"Invoking user script: {' '.join(words)}", flush=True)
    return subprocess.run(words, cwd=folder, env=environment, check=False).returncode  # noqa: S603 - the user's script


def _fail(root: Path, reason: str, code: int) -> int:
    print(f"error: {reason}", file=sys.stderr)
    (root / "output").mkdir(exist_ok=True)
    (root / "output" / "failure").write_text(reason)
    return code


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return found


def _decoded(text: str) -> Any:
    """Return what the SDK has written as JSON; whatever is none stays a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _option(name: str) -> str:
    return f"-{name}" if len(name) == 1 else f"--{name}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, bool) else json.dumps(value)
