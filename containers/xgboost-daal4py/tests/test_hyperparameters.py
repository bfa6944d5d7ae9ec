"""XGBoost's hyperparameters keep their names and types, and a wrong one is refused with what it may be."""

from __future__ import annotations

import pytest
import xgboost

from xgboost_daal4py.errors import UserError
from xgboost_daal4py.hyperparameters import METRICS, OBJECTIVES, Hyperparameters


def test_strings_become_values_of_xgboost_s_types() -> None:
    parsed = Hyperparameters.parse(
        {
            "num_round": "20",
            "eta": "0.1",
            "max_depth": "5",
            "eval_metric": '["auc", "error@0.4"]',
            "monotone_constraints": "(1, 0,-1)",
            "booster": "dart",
            "one_drop": "True",
            "_tuning_objective_metric": "validation:auc",
        }
    )
    assert parsed.num_round == 20
    assert parsed.booster == {
        "eta": 0.1,
        "max_depth": 5,
        "eval_metric": ["auc", "error@0.4"],
        "monotone_constraints": "(1, 0,-1)",
        "booster": "dart",
        "one_drop": True,
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"colsample_bytree": "0"}, "'colsample_bytree' must be a number above 0 and at most 1, not '0'"),
        ({"min_child_weight": "-1"}, "'min_child_weight' must be a number of at least 0, not '-1'"),
        ({"eta": "nan"}, "'eta' must be a number from 0 to 1, not 'nan'"),
        ({"max_depth": "5.5"}, "'max_depth' must be a whole number from 0 to 64, not '5.5'"),
        ({"booster": "linear"}, "'booster' must be one of gbtree, dart, gblinear, not 'linear'"),
        ({"objective": "binary:logitic"}, "'objective' must be one of binary:logistic, "),
        ({"eval_metric": "auc,acc"}, "'eval_metric' must be of auc, aucpr, "),
        ({"one_drop": "maybe"}, "'one_drop' must be true or false, not 'maybe'"),
        ({"monotone_constraints": "[1]"}, "'monotone_constraints' must be a list of -1, 0 and 1"),
        ({"class_weights": '{"0": 0}'}, "'class_weights' must be \"balanced\" or a JSON object"),
        ({"class_weights": "[1]"}, "'class_weights' must be \"balanced\" or a JSON object"),
        ({"class_weights": '{"2": 1}'}, "'class_weights' names classes beyond 1"),
        ({"class_labels": '["a", "b"]'}, "'class_labels' needs a multiclass objective"),
        ({"objective": "multi:softprob"}, "the objective multi:softprob needs hyperparameter 'num_class'"),
        ({"num_class": "3"}, "the objective binary:logistic takes no hyperparameter 'num_class'"),
        ({"objective": "reg:gamma", "class_weights": "balanced"}, "needs classes, reg:gamma has none"),
        ({"booster": "gblinear", "early_stopping_rounds": "3"}, "gblinear keeps no earlier round"),
        ({"learning_rat": "1"}, "unknown hyperparameter 'learning_rat'; known are alpha, "),
        ({"etaa": "1"}, "unknown hyperparameter 'etaa'; did you mean 'eta'? known are"),
        ({"k_fold": "1"}, "'k_fold' must be a whole number from 2 to 100, not '1'"),
    ],
)
def test_what_is_wrong_is_refused_with_what_is_allowed(given: dict[str, str], words: str) -> None:
    with pytest.raises(UserError) as caught:
        Hyperparameters.parse(given)
    assert words in str(caught.value)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_xgboost_knows_every_objective(objective: str) -> None:
    rows = xgboost.DMatrix([[1.0], [2.0]], [0.0, 1.0])
    booster = xgboost.Booster({"objective": objective, "num_class": 3 if "multi" in objective else 0}, [rows])
    assert objective in booster.save_config()


def test_xgboost_knows_every_metric() -> None:
    rows = xgboost.DMatrix([[1.0], [2.0]], [0.0, 1.0])
    for name in METRICS:
        suffixed = f"{name}@1.5" if name == "tweedie-nloglik" else name
        booster = xgboost.Booster({"eval_metric": suffixed, "base_score": 0.5}, [rows])
        booster.update(rows, 0)
        if name not in ("merror", "mlogloss"):
            assert name in booster.eval(rows)
