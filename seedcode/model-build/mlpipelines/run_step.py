"""What a step's container is started with: prepares the surroundings that scripts expect, then becomes the script.

It lies beside the step's code and runs in images that nobody here knows: only the standard library of Python 3.8.
Usage: run_step.py SOURCE_DIRECTORY ENTRY_POINT [ARGUMENT ...]
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

CODE = Path(__file__).resolve().parent
INPUTS = CODE.parent
"""Inputs of a job are folders side by side, and the code is one of them."""
CUDA_LIBRARIES = Path("/usr/local/cuda/compat")
DRIVER = Path("/proc/driver/nvidia/version")


def main() -> None:
    """Link, install, and run."""
    source, script, *arguments = sys.argv[1:]
    folder = CODE / source
    link_aliases(json.loads(os.environ.get("STEP_INPUT_ALIASES", "{}")))
    install_requirements([folder / Path(script).parent, folder])
    environment = {**os.environ, **cuda_environment(CUDA_LIBRARIES, DRIVER)}
    training = INPUTS.name == "data"
    if training:
        environment.update(training_environment(INPUTS.parents[1]))
        arguments = hyperparameter_arguments(json.loads(environment["SM_HPS"]))
    # A package is run as one, so that its modules find each other by its name.
    package = (folder / "__init__.py").is_file()
    module = ".".join([*(Path(source).parts if package else ()), *Path(script).with_suffix("").parts])
    paths = [str(CODE), *([] if package else [str(folder)]), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    os.chdir(str(CODE if package else folder))
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", module, *arguments], environment)  # noqa: S606  # no shell is meant


def link_aliases(aliases: "dict[str, str]") -> None:
    """Let inputs be found under further names."""
    for alias, name in aliases.items():
        link = INPUTS / alias
        if not link.exists():
            link.symlink_to(INPUTS / name, target_is_directory=True)


def install_requirements(folders: "list[Path]") -> None:
    """Install the nearest requirements.txt, if there is one."""
    for folder in folders:
        requirements = folder / "requirements.txt"
        if requirements.is_file():
            command = [sys.executable, "-m", "pip", "install", "--quiet", "-r", str(requirements)]
            subprocess.run(command, check=True)  # noqa: S603  # the step's own requirements
            return


def cuda_environment(libraries: Path, driver: Path) -> "dict[str, str]":
    """Return what lets an image's CUDA run on a machine whose driver is older than it.

    AWS's images do so, if at all, in the entry point that this program takes the place of.
    """
    library = libraries / "libcuda.so.1"
    if not library.exists() or not driver.is_file():
        return {}
    brought = re.search(r"\.so\.(\d+[.\d]*)", library.resolve().name)
    found = re.search(r"^NVRM version:.*?\s(\d+\.[.\d]*)", driver.read_text(), re.MULTILINE)
    if not brought or not found or version(found[1]) >= version(brought[1]):
        return {}
    paths = [str(libraries), os.environ.get("LD_LIBRARY_PATH", "")]
    return {"LD_LIBRARY_PATH": os.pathsep.join(filter(None, paths))}


def version(written: str) -> "list[int]":
    """Return a version's numbers."""
    return [int(number) for number in written.strip(".").split(".")]


def training_environment(root: Path) -> "dict[str, str]":
    """Return the variables that scripts of SageMaker's own images read."""
    config = root / "input" / "config"
    resources = read_json(config / "resourceconfig.json")
    hyperparameters = read_json(config / "hyperparameters.json")
    environment = {
        "SM_MODEL_DIR": str(root / "model"),
        "SM_OUTPUT_DIR": str(root / "output"),
        "SM_OUTPUT_DATA_DIR": str(root / "output" / "data"),
        "SM_INPUT_DIR": str(root / "input"),
        "SM_HPS": json.dumps(hyperparameters),
        "SM_HOSTS": json.dumps(resources.get("hosts", ["algo-1"])),
        "SM_CURRENT_HOST": resources.get("current_host", "algo-1"),
        "SM_NUM_CPUS": str(os.cpu_count() or 1),
        "SM_NUM_GPUS": str(len(list(Path("/dev").glob("nvidia[0-9]*")))),
    }
    for channel in INPUTS.iterdir():
        if channel.is_dir() and channel != CODE:
            environment["SM_CHANNEL_" + channel.name.upper()] = str(channel)
    return environment


def hyperparameter_arguments(hyperparameters: "dict[str, str]") -> "list[str]":
    """Return hyperparameters as a script's options."""
    return [word for name in sorted(hyperparameters) for word in ("--" + name, str(hyperparameters[name]))]


def read_json(path: Path) -> Any:
    """Return what a file says; nothing where there is none."""
    return json.loads(path.read_text()) if path.is_file() else {}


if __name__ == "__main__":
    main()
