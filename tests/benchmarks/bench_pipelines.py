"""Configurations in, seconds out: checking and compiling them, beside bare libraries and beside all of the SDK.

Run with the environment of the modelbuild repository's requirements/train.txt.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark_report import ROOT, Goal, save
from measured_process import measure

SEED = ROOT / "seedcode" / "model-build"
TIMES = 5
MODELS = 50
MODEL = """\
models:
  m{number}:
    source_directory: m{number}
    preprocess: {{entry_point: prepare.py, channels: {{train: {{dataFiles: [{{fileName: "s3://b/k"}}]}}, test: }}}}
    train: {{instance_type: ml.m5.large, hyperparameters: {{rounds: 10, seed: {number}}}}}
    transform: {{channels: test, content_type: text/csv}}
    evaluate: {{entry_point: judge.py, channels: test}}
    registry: {{}}
"""
STEPS = """\
    m{number}:
      steps:
        - {{step_name: prepare-{number}, step_class: Processing}}
        - {{step_name: train-{number}, step_class: Training, enable_cache: true}}
        - {{step_name: make-{number}, step_class: CreateModel}}
        - {{step_name: score-{number}, step_class: Transform}}
        - {{step_name: judge-{number}, step_class: Metrics}}
        - {{step_name: register-{number}, step_class: RegisterModel}}
"""
LIBRARIES = "from pydantic import BaseModel, Discriminator, Field; import yaml"
WHOLE = "import sagemaker.core, sagemaker.mlops.workflow.pipeline"
SHOW = "from mlpipelines.command_line import main; main(['show', 'churn', '--format', 'json'])"


def main() -> None:
    """Measure, print and save."""
    with tempfile.TemporaryDirectory() as name:
        large = Path(name) / "large"
        _write_large(large)
        show = ["-m", "mlpipelines", "show", "churn", "--format", "json"]
        fresh = [{"PYTHONPYCACHEPREFIX": f"{name}/bytecode-{number}"} for number in range(2)]
        rows = [
            _row("pydantic and YAML alone", SEED, ["-c", LIBRARIES]),
            _row("validate", SEED, ["-m", "mlpipelines", "validate"]),
            _row("validate and compile", SEED, show),
            _row("the same with all of the SDK", SEED, ["-c", f"{WHOLE}; {SHOW}"]),
            _row("validate and compile without bytecode", SEED, show, fresh[0], 1),
            _row("all of the SDK without bytecode", SEED, ["-c", f"{WHOLE}; {SHOW}"], fresh[1], 1),
            _row(f"{MODELS} models: validate", large, ["-m", "mlpipelines", "validate"]),
            _row(f"{MODELS} models: validate and compile", large, [*show[:3], "large", *show[4:]]),
        ]
    _report(rows)


def _row(
    way: str, folder: Path, arguments: list[str], more: Mapping[str, str] | None = None, times: int = TIMES
) -> dict[str, Any]:
    """Run a program in a folder once to warm up, unless it shall be cold, and then some times."""
    command = ["env", "-C", str(folder), sys.executable, *arguments]
    environment = {"PYTHONPATH": str(SEED), "AWS_DEFAULT_REGION": "eu-west-1", **(more or {})}
    if more is None:
        measure(command, environment)
    measured = [measure(command, environment) for _ in range(times)]
    return {
        "way": way,
        "seconds": statistics.median(each.seconds for each in measured),
        "slowest": max(each.seconds for each in measured),
        "cpu_seconds": statistics.median(each.cpu_seconds for each in measured),
        "peak_mb": max(each.peak_mb for each in measured),
    }


def _write_large(root: Path) -> None:
    for number in range(MODELS):
        folder = root / f"m{number}"
        (folder / "conf").mkdir(parents=True)
        for script in ("prepare.py", "judge.py"):
            (folder / script).write_text(f"print({number})\n", encoding="utf-8")
        (folder / "conf/conf.yaml").write_text(MODEL.format(number=number), encoding="utf-8")
    steps = "".join(STEPS.format(number=number) for number in range(MODELS))
    (root / "conf").mkdir()
    pipeline = f"sagemakerPipeline:\n  pipelineName: large\n  models:\n{steps}"
    (root / "conf/conf.yaml").write_text(pipeline, encoding="utf-8")


def _report(rows: list[dict[str, Any]]) -> None:
    seconds = {row["way"]: row["seconds"] for row in rows}
    limits = {
        "validate": 0.5,
        "validate and compile": 3.0,
        f"{MODELS} models: validate and compile": 10.0,
    }
    goals = [
        Goal(way, f"less than {limit} s", round(seconds[way], 2), seconds[way] < limit)
        for way, limit in limits.items()
    ]
    faster = seconds["the same with all of the SDK"] / seconds["validate and compile"]
    goals.append(Goal("speed beside all of the SDK", "at least 1.5 times", round(faster, 2), faster >= 1.5))
    save("pipelines", rows, goals)


if __name__ == "__main__":
    main()
