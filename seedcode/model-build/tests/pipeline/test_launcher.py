"""A step's script finds what scripts expect: its modules, its inputs under both names, SageMaker's variables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from mlpipelines import step_code
from mlpipelines.run_step import cuda_environment

LAUNCHER = Path(step_code.__file__).with_name(step_code.LAUNCHER)
SCRIPT = """\
import json, os, sys
import beside
print(json.dumps({"arguments": sys.argv[1:], "model": os.environ.get("SM_MODEL_DIR"),
                  "train": os.environ.get("SM_CHANNEL_TRAIN"), "beside": beside.__name__}))
"""


def launch(code: Path, *arguments: str, **environment: str) -> Mapping[str, object]:
    shutil.copy(LAUNCHER, code)
    done = subprocess.run(
        [sys.executable, str(code / LAUNCHER.name), *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: Mapping[str, object] = json.loads(done.stdout)
    return found


@pytest.fixture
def processing(tmp_path: Path) -> Path:
    code = tmp_path / "processing" / "input" / "code"
    (code / "src").mkdir(parents=True)
    (code / "src" / "job.py").write_text(SCRIPT)
    (code / "src" / "beside.py").write_text("")
    return code


def test_a_script_runs_beside_its_modules_with_its_arguments(processing: Path) -> None:
    assert launch(processing, "src", "job.py", "--a", "1")["arguments"] == ["--a", "1"]


def test_a_package_s_modules_are_found_by_the_package_s_name(processing: Path) -> None:
    (processing / "src" / "__init__.py").write_text("")
    (processing / "src" / "job.py").write_text(SCRIPT.replace("import beside", "from src import beside"))
    assert launch(processing, "src", "job.py")["beside"] == "src.beside"


def test_inputs_are_found_under_the_sample_s_names_too(processing: Path) -> None:
    (processing.parent / "model").mkdir()
    launch(processing, "src", "job.py", STEP_INPUT_ALIASES='{"fit-input-train": "model"}')
    assert (processing.parent / "fit-input-train").resolve() == processing.parent / "model"


def test_a_training_script_is_given_hyperparameters_and_folders(tmp_path: Path, processing: Path) -> None:
    data = tmp_path / "input" / "data"
    (data / "train").mkdir(parents=True)
    shutil.copytree(processing, data / "code")
    (tmp_path / "input" / "config").mkdir()
    (tmp_path / "input" / "config" / "hyperparameters.json").write_text('{"depth": "5"}')
    found = launch(data / "code", "src", "job.py")
    assert found["arguments"] == ["--depth", "5"]
    assert found["model"] == str(tmp_path / "model")
    assert found["train"] == str(data / "train")


@pytest.mark.parametrize(
    ("driver", "helped"),
    [
        ("NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024", True),
        ("NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build", False),
        ("NVIDIA UNIX Open Kernel Module for x86_64  590.44.01  Release Build", False),
        ("of a form that nobody knows", False),
    ],
)
def test_an_image_s_cuda_is_helped_on_a_driver_that_is_older(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: str, helped: bool
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/usr/lib")
    (tmp_path / "libcuda.so.580.95.05").touch()
    (tmp_path / "libcuda.so.1").symlink_to("libcuda.so.580.95.05")
    (tmp_path / "version").write_text(f"NVRM version: {driver}\nGCC version: 12.2.0\n")
    given = {"LD_LIBRARY_PATH": f"{tmp_path}:/usr/lib"} if helped else {}
    assert cuda_environment(tmp_path, tmp_path / "version") == given


def test_a_machine_without_a_gpu_is_left_alone(tmp_path: Path) -> None:
    assert cuda_environment(tmp_path, tmp_path / "version") == {}
