"""Reads from a request which model version shall answer, where the endpoint has several; the endpoint is asked next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inference_api.api_errors import Detail, UserError

PARAMETER = "model"


@dataclass(frozen=True)
class ChosenModel:
    """A model version that answers.

    Attributes
    ----------
    version
        Its number; empty where the stage has one model only.
    artefact
        What the endpoint knows it by; empty where it serves one model only.
    """

    version: str = ""
    artefact: str = ""


class ModelChoice:
    """The model versions of a stage.

    Parameters
    ----------
    models
        Artefact of each version, the first the one that answers who names none; empty: the endpoint serves one.
    """

    def __init__(self, models: Mapping[str, str]) -> None:
        self._models = models

    def choose(self, event: Mapping[str, Any]) -> ChosenModel:
        """Return the version that the query of a proxy event names, or the one that answers unless told.

        Raises
        ------
        UserError
            There is no such version here, or no choice.
        """
        wish = (event.get("queryStringParameters") or {}).get(PARAMETER)
        if wish is None:
            return ChosenModel(*next(iter(self._models.items()), ()))
        if not self._models:
            raise UserError(400, "unknown_model", f"This stage has one model: leave out '{PARAMETER}'.")
        if wish not in self._models:
            served = ", ".join(self._models)
            details = [Detail(model=version) for version in self._models]
            raise UserError(400, "unknown_model", f"This stage has the models {served} only.", details)
        return ChosenModel(wish, self._models[wish])
