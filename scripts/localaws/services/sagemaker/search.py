"""Search, as far as moto has it: over what moto itself keeps; over our resources it is refused by name."""

from __future__ import annotations

from typing import Any

from moto.sagemaker.exceptions import ValidationError

from localaws.operations import Operation, Request
from localaws.services.sagemaker.resources import Region

MOTO_RESOURCES = ("Experiment", "ExperimentTrial", "ExperimentTrialComponent", "FeatureGroup")


def search(request: Request) -> dict[str, Any]:
    """Search experiments and feature groups."""
    kind = request.params["Resource"]
    if kind not in MOTO_RESOURCES:
        raise ValidationError(f"localaws does not support Search over {kind}: use its List operation.")
    backend = Region(request.account, request.region).backend
    found: dict[str, Any] = backend.search(kind, request.params.get("SearchExpression"))
    return {**found, "Results": [_known(result) for result in found["Results"]]}


def _known(result: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Leave out moto's own member beside a resource's, ``Arn``."""
    return {
        kind: {name: value for name, value in resource.items() if name != "Arn"}
        for kind, resource in result.items()
    }


OPERATIONS: dict[str, Operation] = {"Search": search}
