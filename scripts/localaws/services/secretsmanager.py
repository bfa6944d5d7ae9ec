"""Repairs Secrets Manager: moto 5.2.5 describes a secret with a member that only lists of secrets have."""

from __future__ import annotations

import json

from moto.secretsmanager.responses import SecretsManagerResponse

_describe = SecretsManagerResponse.describe_secret


def describe_secret(response: SecretsManagerResponse) -> str:
    """Describe a secret as the model has it."""
    answer = json.loads(_describe(response))
    answer.pop("SecretVersionsToStages", None)
    return json.dumps(answer)


def install() -> None:
    """Put the repair in place."""
    setattr(SecretsManagerResponse, "describe_secret", describe_secret)  # noqa: B010 - mypy refuses to assign it
