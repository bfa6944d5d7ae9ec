"""Container paths are rewritten whole, longest first, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from localaws.engine.rewrite import PathMap

MAP = PathMap({"/opt/ml": Path("/host/ml"), "/opt/ml/model": Path("/host/model"), "/app/": Path("/host/app")})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/opt/ml", "/host/ml"),
        ("/opt/ml/input/data", "/host/ml/input/data"),
        ("/opt/ml/model/a", "/host/model/a"),
        ("--in=/opt/ml/input", "--in=/host/ml/input"),
        ('{"path": "/opt/ml/x", "n": 1}', '{"path": "/host/ml/x", "n": 1}'),
        ("/bin:/app/bin:/opt/ml", "/bin:/host/app/bin:/host/ml"),
        ("file:///opt/ml/a", "file:///host/ml/a"),
        ("/opt/mlflow", "/opt/mlflow"),
        ("/opt/ml-2", "/opt/ml-2"),
        ("s3://bucket/opt/ml/a", "s3://bucket/opt/ml/a"),
        ("https://example.org/app/x", "https://example.org/app/x"),
        ("/srv/app/x", "/srv/app/x"),
    ],
)
def test_only_whole_paths_are_rewritten(text: str, expected: str) -> None:
    assert MAP(text) == expected


def test_without_mounts_text_stays() -> None:
    assert PathMap({})("/opt/ml") == "/opt/ml"


@pytest.mark.parametrize("path", ["/", "opt/ml", ""])
def test_the_root_or_a_relative_path_cannot_be_mounted(path: str) -> None:
    with pytest.raises(ValueError, match="absolute container path"):
        PathMap({path: Path("/host")})
