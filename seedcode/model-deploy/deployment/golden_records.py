"""Fetches the golden records that the evaluation of a model package wrote; the stage's tests compare with them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from deployment.deployment_errors import UserError


@dataclass(frozen=True)
class GoldenRecord:
    """A raw customer record of the model's own test set, and the score that the model gave it."""

    record: dict[str, Any]
    score: float


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
    return GoldenRecord(record=line["record"], score=float(line["score"]))
