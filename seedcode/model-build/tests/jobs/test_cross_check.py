"""The cross-check measures every split by itself."""

from __future__ import annotations

from pathlib import Path

from churn.cross_check import measure_splits


def test_each_split_has_an_auc_of_its_own(tmp_path: Path, customers: str) -> None:
    (tmp_path / "churn.csv").write_text(customers)
    aucs = list(measure_splits(tmp_path / "churn.csv", range(1, 4)))
    assert len(set(aucs)) == 3
    assert all(0.8 < auc < 1 for auc in aucs)
