"""The commands, as a data scientist types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from configured_repository import Repository
from conftest import REPOSITORY
from sample_shapes import FILES, SAMPLES

from mlpipelines.command_line import main

PNG = b"\x89PNG"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_validating_never_imports_the_sdk_nor_botocore(repository: Repository) -> None:
    repository.write(FILES).write(SAMPLES["tf"])
    program = (
        "import sys; from mlpipelines.command_line import main; code = main(['validate'])\n"
        "print(sorted({'sagemaker', 'boto3', 'botocore', 'PIL'} & set(sys.modules)), code)"
    )
    done = run(repository.root, "-c", program)
    lines = done.stdout.splitlines()
    assert "houses-test: 6 steps, fine" in lines, done.stderr
    assert lines[-1] == "[] 0"


def test_a_definition_is_shown_without_region_and_credentials(repository: Repository) -> None:
    repository.write(FILES).write(SAMPLES["tf"])
    names = [name for name in os.environ if name.startswith("AWS_")]
    removed = "import os; [os.environ.pop(name) for name in " + repr(names) + "]\n"
    arguments = ["show", "houses-test", "--format", "json"]
    program = f"from mlpipelines.command_line import main; raise SystemExit(main({arguments}))"
    done = run(repository.root, "-c", removed + program)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["Steps"]) == 6


def test_problems_end_with_exit_code_1_and_their_number(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write({"a/conf/conf.yaml": "models: 3\n"})
    monkeypatch.chdir(repository.root)
    assert main(["validate"]) == 1
    assert capsys.readouterr().err == (
        "a/conf/conf.yaml:1:1: models: must be a mapping, not 3\nerror: 1 problem in the configuration\n"
    )


def test_the_sample_s_variable_chooses_the_files(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write(FILES).write(SAMPLES["lgbm"]).write(SAMPLES["tf"])
    monkeypatch.chdir(repository.root)
    monkeypatch.setenv("SMP_MODEL_CONFIGPATH", "*/tf/conf/conf.yaml")
    assert main(["validate"]) == 0
    assert capsys.readouterr().out == "houses-test: 6 steps, fine\n"


def test_a_pipeline_is_shown_as_mermaid_json_and_picture(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write(FILES).write(SAMPLES["multi-model"])
    monkeypatch.chdir(repository.root)
    assert main(["show", "houses-both"]) == 0
    drawn = capsys.readouterr().out
    assert drawn.startswith("flowchart TD\n  subgraph m0")
    assert "s1 --> s3" in drawn
    assert main(["show", "houses-both", "--format", "png"]) == 0
    assert (repository.root / "houses-both.png").read_bytes().startswith(PNG)
    assert main(["show", "houses-both", "--format", "json", "--output", "d.json"]) == 0
    assert len(json.loads(Path("d.json").read_text())["Steps"]) == 9


def test_a_misspelt_pipeline_is_named_with_the_near_one(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write(FILES).write(SAMPLES["tf"])
    monkeypatch.chdir(repository.root)
    assert main(["show", "house-test"]) == 1
    assert "did you mean houses-test?" in capsys.readouterr().err


def test_images_of_folders_are_listed_once(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    training = "{image: ./mine/image, channels: {train: {dataFiles: [{fileName: 's3://b/k'}]}}}"
    repository.write(
        {
            "mine/image/Dockerfile": "FROM scratch\n",
            "mine/conf/conf.yaml": f"""\
                models:
                  mine: {{train: {training}, registry: {{InferenceSpecification: {{image: ./mine/image}}}}}}
                sagemakerPipeline:
                  pipelineName: mine
                  models:
                    mine:
                      steps:
                        - {{step_name: fit, step_class: Training}}
                        - {{step_name: register, step_class: RegisterModel}}
                """,
        }
    )
    monkeypatch.chdir(repository.root)
    assert main(["images"]) == 0
    assert capsys.readouterr().out == "mine/image\n"


@pytest.mark.parametrize("url", ["", "https://sagemaker.eu-west-1.amazonaws.com"])
def test_a_local_run_refuses_any_other_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    assert main(["run", "--local", "churn"]) == 1
    assert "--local wants an AWS on this machine" in capsys.readouterr().err
