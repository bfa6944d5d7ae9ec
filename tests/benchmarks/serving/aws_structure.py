"""A baseline with the AWS XGBoost container's structure: Flask under gunicorn's gevent workers, a DMatrix per request.

Written from its description, at its best: a model per worker, one OpenMP thread each. PREDICT=inplace leaves the
DMatrix out, which the AWS container does not do.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import xgboost
from flask import Flask, Response, request

app = Flask(__name__)
booster = xgboost.Booster(model_file=str(Path(os.environ["ML_ROOT"]) / "model" / "model.ubj"))
booster.set_param({"nthread": 1})
booster.feature_names = None
INPLACE = os.environ.get("PREDICT") == "inplace"


def parse(text: str) -> np.ndarray:
    """Turn CSV into numbers, an empty value being missing."""
    rows = [line.split(",") for line in text.strip().split("\n")]
    return np.array([[value.strip() or "nan" for value in row] for row in rows]).astype(np.float32)


@app.get("/ping")
def ping() -> Response:
    """Say that the server is up."""
    return Response("", 200)


@app.post("/invocations")
def invocations() -> Response:
    """Predict rows of CSV."""
    matrix = parse(request.get_data().decode("utf-8"))
    if INPLACE:
        scores = booster.inplace_predict(matrix)
    else:
        scores = booster.predict(xgboost.DMatrix(matrix), validate_features=False)
    return Response(",".join(map(str, scores.tolist())), 200, mimetype="text/csv")
