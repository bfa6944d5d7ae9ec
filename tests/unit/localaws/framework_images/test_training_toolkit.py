"""A training job's script runs as SageMaker's training toolkit runs it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from localaws.framework_images.framework_worker.training_toolkit import train

SCRIPT = """
import json, os, sys
if "--fail" in sys.argv: sys.exit(3)
told = {"arguments": sys.argv[1:], "folder": os.getcwd(), "path": os.environ["PYTHONPATH"].split(":")[0]}
told |= {name: value for name, value in os.environ.items() if name.startswith("SM_")}
with open(os.path.join(os.environ["SM_MODEL_DIR"], "told.json"), "w") as file: json.dump(told, file)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a container's /opt/ml with a script, channels and a host."""
    for folder in ("model", "input/config", "code", "input/data/train"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "code" / "fit.py").write_text(SCRIPT)
    config = tmp_path / "input" / "config"
    (config / "inputdataconfig.json").write_text('{"train": {}}')
    (config / "resourceconfig.json").write_text('{"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]}')
    return tmp_path


def given(root: Path, **hyperparameters: str) -> Path:
    (root / "input" / "config" / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    return root


def test_the_script_gets_hyperparameters_as_options_and_the_job_as_variables(root: Path) -> None:
    # As the SDK writes them: each value is JSON.
    assert (
        train(given(root, sagemaker_program='"fit.py"', epochs="3", name='"big"', b="true", rate="0.1")) == 0
    )
    told = json.loads((root / "model" / "told.json").read_text())
    assert told["arguments"] == ["-b", "True", "--epochs", "3", "--name", "big", "--rate", "0.1"]
    assert told["folder"] == told["path"] == str(root / "code")
    assert told["SM_CHANNEL_TRAIN"] == str(root / "input" / "data" / "train")
    assert told["SM_HP_NAME"] == "big"
    assert json.loads(told["SM_HPS"]) == {"b": True, "epochs": 3, "name": "big", "rate": 0.1}
    assert json.loads(told["SM_HOSTS"]) == ["algo-1", "algo-2"]
    assert told["SM_MODULE_NAME"] == "fit"


def test_a_container_of_one_s_own_names_its_script_by_a_variable(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "code" / "run.sh").write_text('echo "$SM_USER_ENTRY_POINT" > "$SM_MODEL_DIR/told"')
    monkeypatch.setenv("SAGEMAKER_PROGRAM", "run.sh")
    assert train(given(root)) == 0
    assert (root / "model" / "told").read_text() == "run.sh\n"


@mock_aws
def test_a_script_in_an_archive_in_s3_is_fetched(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        entry = tarfile.TarInfo("other.py")
        entry.size = len(SCRIPT.encode())
        tar.addfile(entry, io.BytesIO(SCRIPT.encode()))
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="a/sourcedir.tar.gz", Body=archive.getvalue())
    where = '"s3://code/a/sourcedir.tar.gz"'
    assert train(given(root, sagemaker_program='"other.py"', sagemaker_submit_directory=where)) == 0
    assert json.loads((root / "model" / "told.json").read_text())["SM_USER_ENTRY_POINT"] == "other.py"


@pytest.mark.parametrize(
    ("hyperparameters", "code", "words"),
    [
        (
            {"sagemaker_program": "fit.py", "fail": "1"},
            3,
            "ExecuteUserScriptError: fit.py ends with exit code 3",
        ),
        ({"sagemaker_program": "other.py"}, 1, "there is no other.py in "),
        ({}, 1, "no script: the hyperparameter sagemaker_program or the variable SAGEMAKER_PROGRAM names it"),
    ],
)
def test_why_a_job_fails_is_left_where_sagemaker_looks(
    root: Path, hyperparameters: dict[str, str], code: int, words: str
) -> None:
    assert train(given(root, **hyperparameters)) == code
    assert (root / "output" / "failure").read_text().startswith(words)
