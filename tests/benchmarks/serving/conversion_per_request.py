"""A baseline as the Intel sample serves: Flask under gunicorn, the booster converted to daal4py for every request."""

from __future__ import annotations

import io
import os
from pathlib import Path

import daal4py
import daal4py.mb
import numpy as np
import xgboost
from flask import Flask, Response, request

app = Flask(__name__)
booster = xgboost.Booster(model_file=str(Path(os.environ["ML_ROOT"]) / "model" / "model.ubj"))
daal4py.daalinit(nthreads=1)


@app.get("/ping")
def ping() -> Response:
    """Say that the server is up."""
    return Response("", 200)


@app.post("/invocations")
def invocations() -> Response:
    """Predict rows of CSV."""
    matrix = np.loadtxt(io.BytesIO(request.get_data()), delimiter=",", dtype=np.float32, ndmin=2)
    scores = daal4py.mb.convert_model(booster).predict_proba(matrix)[:, 1]
    return Response("\n".join(map(str, scores.tolist())), 200, mimetype="text/csv")
