"""Fetches the golden records that the evaluation of a model package wrote; the stage's tests compare with them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deployment.deployment_errors import UserError


@dataclass(frozen=True)
class GoldenRecord:
    """A raw record of the model's own test set, and what the model answered: a score and, where told, a label."""

    record: dict[str, Any]
    score: float
    label: str | None = None


def fetch_golden_records(sagemaker: Any, s3: Any, model_package_arn: str) -> list[GoldenRecord]:
    """Return the golden records of a model package.

    Parameters
    ----------
    sagemaker, s3
        boto3 clients.
    model_package_arn
        The package; its metadata ``GoldenRecordsUri`` names the file.
    """
    package = sagemaker.describe_model_package(ModelPackageName=model_package_arn)
    uri = package.get("CustomerMetadataProperties", {}).get("GoldenRecordsUri", "")
    if not uri.startswith("s3://"):
        raise UserError(
            f"{model_package_arn} has no GoldenRecordsUri: register it with the model build pipeline"
        )
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    lines = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode().splitlines()
    records = [_parse(json.loads(line)) for line in lines if line.strip()]
    if not records:
        raise UserError(f"{uri} holds no golden records")
    return records


def _parse(line: dict[str, Any]) -> GoldenRecord:
    return GoldenRecord(record=line["record"], score=float(line["score"]), label=line.get("label"))


def golden_difference(predictions: Sequence[Mapping[str, Any]], golden: Sequence[GoldenRecord]) -> float:
    """Return how far the scores of golden records are from those that the evaluation noted, at most.

    Of scores above 1, such as prices, it is the share by which they differ: models compute with some seven digits.

    Raises
    ------
    AssertionError
        A prediction has no score, or another label than the evaluation noted.
    """
    pairs = list(zip(predictions, golden, strict=True))
    for prediction, item in pairs:
        if "score" not in prediction:
            raise AssertionError(f"a prediction without a score: {dict(prediction)}")
        if item.label not in (None, prediction.get("label")):
            raise AssertionError(f"{dict(prediction)}, but the evaluation noted the label {item.label!r}")
    return max(
        abs(float(prediction["score"]) - item.score) / max(1.0, abs(item.score)) for prediction, item in pairs
    )
