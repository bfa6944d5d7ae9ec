"""A training stops where it should, goes on where it was interrupted, and weighs classes as it was told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xgboost

from xgboost_daal4py import matrices
from xgboost_daal4py.boosting import choose_weights, fit_booster
from xgboost_daal4py.channels import Channel, Share, find_files, read_channel
from xgboost_daal4py.checkpoints import FILE, Checkpoints
from xgboost_daal4py.cross_validation import cross_validate
from xgboost_daal4py.errors import UserError
from xgboost_daal4py.hyperparameters import Hyperparameters

GENERATOR = np.random.default_rng(5)
FEATURES = GENERATOR.normal(size=(600, 6)).astype(np.float32)
NOISE = GENERATOR.normal(size=600)
LABELS = (FEATURES[:, 0] + FEATURES[:, 1] + NOISE > 1).astype(np.float32)
TRAINING = Channel.of(FEATURES[:400], LABELS[:400])
VALIDATION = Channel.of(FEATURES[400:], LABELS[400:])


def parse(**given: str) -> Hyperparameters:
    trees = {} if given.get("booster") == "gblinear" else {"max_depth": "3", "subsample": "0.7"}
    return Hyperparameters.parse({"num_round": "30", "seed": "2", **trees, **given})


def fit(hyperparameters: Hyperparameters, training: Channel = TRAINING) -> xgboost.Booster:
    return fit_booster(hyperparameters, training, VALIDATION).booster


def predict(booster: xgboost.Booster) -> np.ndarray:
    return np.asarray(booster.inplace_predict(FEATURES))


def test_the_booster_is_the_one_that_xgboost_itself_would_train() -> None:
    hyperparameters = parse()
    parameters = {**hyperparameters.booster, "objective": "binary:logistic"}
    bare = xgboost.train(
        parameters, xgboost.QuantileDMatrix(FEATURES[:400], LABELS[:400]), num_boost_round=30
    )
    np.testing.assert_array_equal(predict(fit(hyperparameters)), predict(bare))


def test_training_stops_when_the_last_metric_stagnates_and_keeps_the_best_round() -> None:
    lines: list[str] = []
    stopped = fit_booster(
        parse(early_stopping_rounds="5", num_round="300", eta="0.5"), TRAINING, VALIDATION, tell=lines.append
    )
    assert stopped.rounds == stopped.booster.num_boosted_rounds() < 100
    history: dict[str, dict[str, list[float]]] = {}
    xgboost.train(
        {"max_depth": 3, "subsample": 0.7, "seed": 2, "eta": 0.5}
        | {"objective": "binary:logistic", "eval_metric": ["logloss", "auc"]},
        xgboost.QuantileDMatrix(FEATURES[:400], LABELS[:400]),
        num_boost_round=300,
        evals=[(xgboost.DMatrix(FEATURES[400:], LABELS[400:]), "validation")],
        early_stopping_rounds=5,
        evals_result=history,
        verbose_eval=False,
    )
    best = int(np.argmax(history["validation"]["auc"]))
    assert stopped.rounds == best + 1
    assert stopped.metrics["auc"] == pytest.approx(history["validation"]["auc"][best])
    assert lines[-1].startswith(f"[{best}]\tvalidation-logloss:")


@pytest.mark.parametrize("early_stopping", ["0", "40"])
def test_a_resumed_training_ends_as_an_uninterrupted_one(tmp_path: Path, early_stopping: str) -> None:
    given = {"early_stopping_rounds": early_stopping} if early_stopping != "0" else {}
    # What is drawn at random cannot be drawn again.
    hyperparameters = parse(subsample="1", **given)
    rounds = 0

    def is_stopped() -> bool:
        nonlocal rounds
        rounds += 1
        return rounds == 11

    checkpoints = Checkpoints(tmp_path, "recipe")
    fit_booster(hyperparameters, TRAINING, VALIDATION, checkpoints=checkpoints, is_stopped=is_stopped)
    assert xgboost.Booster(model_file=tmp_path / FILE).num_boosted_rounds() == 11
    resumed = fit_booster(hyperparameters, TRAINING, VALIDATION, checkpoints=Checkpoints(tmp_path, "recipe"))
    np.testing.assert_allclose(predict(resumed.booster), predict(fit(hyperparameters)), atol=1e-6)


def test_a_checkpoint_of_another_recipe_or_a_damaged_one_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in (fit(parse()).save_raw("ubj"), b"{damaged"):
        (tmp_path / FILE).write_bytes(content)
        assert Checkpoints(tmp_path, "recipe").load() is None
    output = capsys.readouterr().out
    assert "it is of other data or hyperparameters" in output
    assert "it is damaged" in output


def test_checkpoints_are_kept_from_time_to_time_and_only_where_sagemaker_asks_for_them(
    tmp_path: Path,
) -> None:
    fit_booster(parse(), TRAINING, checkpoints=Checkpoints(tmp_path / "none", "recipe", seconds=0))
    assert not (tmp_path / "none").exists()
    fit_booster(parse(), TRAINING, checkpoints=Checkpoints(tmp_path, "recipe"))
    assert not (tmp_path / FILE).exists()
    trained = fit_booster(parse(), TRAINING, checkpoints=Checkpoints(tmp_path, "recipe", seconds=0))
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert not trained.booster.attributes()


def test_balanced_classes_weigh_the_same() -> None:
    weights = choose_weights(parse(class_weights="balanced"), TRAINING)
    counts = np.bincount(TRAINING.labels.astype(int))
    assert weights[0] * counts[0] == pytest.approx(weights[1] * counts[1])
    assert predict(fit(parse(class_weights="balanced"))).mean() > predict(fit(parse())).mean()


def test_a_class_s_weight_does_what_scale_pos_weight_does() -> None:
    # With a bin for every value, as weights count in the choice of bins.
    common = {"base_score": "0.5", "max_bin": "1024"}
    weighted = fit(parse(class_weights='{"1": 3}', **common))
    np.testing.assert_allclose(
        predict(weighted), predict(fit(parse(scale_pos_weight="3", **common))), atol=1e-5
    )


def test_data_in_files_trains_the_model_that_data_in_memory_does(tmp_path: Path) -> None:
    folder = tmp_path / "train"
    folder.mkdir()
    rows = np.column_stack([LABELS[:400], FEATURES[:400]])
    for place, part in enumerate(np.array_split(rows, 3)):
        np.savetxt(folder / f"{place}.csv", part, delimiter=",", fmt="%.9g")
    names = [f"f{place}" for place in range(6)]
    outside = read_channel(find_files(folder), names, Share(), "always")
    inside = read_channel(find_files(folder), names, Share(), "never")
    np.testing.assert_allclose(predict(fit(parse(), outside)), predict(fit(parse(), inside)), atol=1e-6)


def test_data_in_files_needs_a_tree_method_that_can(tmp_path: Path) -> None:
    folder = tmp_path / "train"
    folder.mkdir()
    (folder / "rows.csv").write_text("1,2\n0,1\n")
    channel = read_channel(find_files(folder), ["f0"], Share(), "always")
    with pytest.raises(UserError, match="use tree_method 'hist'"):
        fit_booster(parse(tree_method="exact"), channel)


@pytest.mark.parametrize(
    "given",
    [
        {"objective": "multi:softprob", "num_class": "3"},
        {"objective": "reg:squarederror"},
        {"objective": "count:poisson"},
        {"booster": "dart", "rate_drop": "0.1"},
        {"booster": "gblinear"},
        {"tree_method": "exact"},
        {"tree_method": "approx"},
        {"num_parallel_tree": "3"},
    ],
)
def test_every_kind_of_model_is_trained_and_measured(given: dict[str, str]) -> None:
    trained = fit_booster(parse(**given), TRAINING, VALIDATION)
    assert len(trained.scores) == 200
    assert all(np.isfinite(value) for value in trained.metrics.values())


def test_folds_measure_every_row_once_by_a_booster_that_has_not_seen_it() -> None:
    lines: list[str] = []
    folds = cross_validate(parse(k_fold="4"), TRAINING, lines.append)
    assert sorted(folds.labels.tolist()) == sorted(TRAINING.labels.tolist())
    assert 0.6 < folds.metrics["auc-mean"] < 0.95
    assert [line.split("\t")[0] for line in lines] == [
        "[fold 0]",
        "[fold 1]",
        "[fold 2]",
        "[fold 3]",
        "[folds]",
    ]
    assert "cross-validation-auc-mean:" in lines[-1]


def test_more_folds_than_rows_of_a_class_are_refused() -> None:
    few = Channel.of(FEATURES[:20], np.array([1] * 2 + [0] * 18, dtype=np.float32))
    with pytest.raises(UserError, match="k_fold 3 needs as many rows of every class"):
        cross_validate(parse(k_fold="3"), few, lambda line: None)


def test_weights_of_classes_that_do_not_occur_do_no_harm() -> None:
    labels = np.array([0, 2, 2], dtype=np.float32)
    assert matrices.weigh(labels, {1: 5, 2: 3}) == pytest.approx([1, 3, 3])
