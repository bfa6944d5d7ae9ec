"""Requests of both AutoML APIs come in; one search, or a refusal in words, goes out (to `automl`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moto.sagemaker.exceptions import ValidationError

ALGORITHMS = ("xgboost", "linear-learner", "randomforest")
TABULAR = "TabularJobConfig"
CSV_WITH_HEADER = "text/csv;header=present"
SMALLER_IS_BETTER = ("MSE", "RMSE", "MAE")
KNOWN_OBJECTIVES: Mapping[str, tuple[str, ...]] = {
    "Regression": ("MSE", "RMSE", "MAE", "R2"),
    "BinaryClassification": ("F1", "AUC", "Accuracy", "BalancedAccuracy", "Precision", "Recall"),
    "MulticlassClassification": (
        "Accuracy", "F1macro", "BalancedAccuracy", "PrecisionMacro", "RecallMacro",
    ),
}  # fmt: skip
DEFAULT_CANDIDATES = 10
DEFAULT_SECONDS = 3600
VALIDATION_FRACTION = 0.2


@dataclass(frozen=True)
class SearchRequest:
    """What an AutoML job searches for.

    Attributes
    ----------
    channels
        ``training``, and ``validation`` if there is one, with the prefix of their objects.
    problem_type, objective
        Empty where the data shall say.
    limits
        CompletionCriteria as the request has them.
    """

    channels: Mapping[str, str]
    target: str
    problem_type: str
    objective: str
    algorithms: Sequence[str]
    limits: Mapping[str, int]
    validation_fraction: float

    @property
    def seconds(self) -> int:
        """For how long to search."""
        return int(self.limits.get("MaxAutoMLJobRuntimeInSeconds", DEFAULT_SECONDS))

    def configuration(self) -> dict[str, Any]:
        """Return what the image's `search` reads."""
        return {
            "target": self.target,
            "problem_type": self.problem_type,
            "objective": self.objective,
            "algorithms": list(self.algorithms),
            "max_candidates": self.limits.get("MaxCandidates", DEFAULT_CANDIDATES),
            "candidate_seconds": self.limits.get("MaxRuntimePerTrainingJobInSeconds", self.seconds),
            "seconds": self.seconds,
            "validation_fraction": self.validation_fraction,
        }


def search_request(params: Mapping[str, Any]) -> SearchRequest:
    """Return the search of a CreateAutoMLJob."""
    config = params.get("AutoMLJobConfig", {})
    if params.get("ProblemType") and not params.get("AutoMLJobObjective"):
        raise ValidationError("If you provide a ProblemType, you must also provide the AutoMLJobObjective.")
    if params.get("AutoMLJobObjective") and not params.get("ProblemType"):
        raise ValidationError("If you provide the AutoMLJobObjective, you must also provide a ProblemType.")
    targets = {channel["TargetAttributeName"] for channel in params["InputDataConfig"]}
    if len(targets) != 1:
        raise ValidationError(f"All channels must have the same TargetAttributeName, not {sorted(targets)}.")
    for channel in params["InputDataConfig"]:
        _refuse(channel, "SampleWeightAttributeName", "of a channel")
    _refuse(config.get("CandidateGenerationConfig", {}), "FeatureSpecificationS3Uri", "of an AutoML job")
    return _request(
        params,
        {**config, "ProblemType": params.get("ProblemType", "")},
        params["InputDataConfig"],
        targets.pop(),
        config.get("DataSplitConfig", {}),
    )


def search_request_v2(params: Mapping[str, Any]) -> SearchRequest:
    """Return the search of a CreateAutoMLJobV2."""
    problem = params["AutoMLProblemTypeConfig"]
    if TABULAR not in problem:
        raise ValidationError(
            f"localaws does not support {' or '.join(problem)}: it searches with {TABULAR}."
        )
    _refuse(params, "AutoMLComputeConfig", "of an AutoML job")
    config = problem[TABULAR]
    if config.get("ProblemType") and not params.get("AutoMLJobObjective"):
        raise ValidationError("If you provide a ProblemType, you must also provide the AutoMLJobObjective.")
    for option in ("FeatureSpecificationS3Uri", "SampleWeightAttributeName"):
        _refuse(config, option, "of an AutoML job")
    channels = params["AutoMLJobInputDataConfig"]
    return _request(
        params, config, channels, config["TargetAttributeName"], params.get("DataSplitConfig", {})
    )


def _request(
    params: Mapping[str, Any],
    config: Mapping[str, Any],
    channels: Sequence[Mapping[str, Any]],
    target: str,
    split: Mapping[str, float],
) -> SearchRequest:
    if config.get("Mode", "AUTO") == "HYPERPARAMETER_TUNING":
        raise ValidationError("localaws does not support Mode HYPERPARAMETER_TUNING.")
    for owner in (params, config):
        if owner.get("GenerateCandidateDefinitionsOnly"):
            raise ValidationError("localaws does not support GenerateCandidateDefinitionsOnly.")
    _refuse(params, "ModelDeployConfig", "of an AutoML job")
    problem_type = config.get("ProblemType", "")
    objective = params.get("AutoMLJobObjective", {}).get("MetricName", "")
    known = KNOWN_OBJECTIVES.get(problem_type, ())
    if objective and known and objective not in known:
        raise ValidationError(
            f"localaws does not support {objective} of {problem_type}: it knows {', '.join(known)}."
        )
    return SearchRequest(
        _channels(channels),
        target,
        problem_type,
        objective,
        _algorithms(config.get("CandidateGenerationConfig", {})),
        config.get("CompletionCriteria", {}),
        split.get("ValidationFraction", VALIDATION_FRACTION),
    )


def _algorithms(config: Mapping[str, Any]) -> Sequence[str]:
    chosen = [name for each in config.get("AlgorithmsConfig", ()) for name in each["AutoMLAlgorithms"]]
    if unknown := sorted({*chosen} - {*ALGORITHMS}):
        raise ValidationError(
            f"localaws does not support the AutoML algorithms {', '.join(unknown)}: it knows {', '.join(ALGORITHMS)}."
        )
    return chosen or ALGORITHMS


def _channels(given: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for channel in given:
        kind, source = channel.get("ChannelType", "training"), channel["DataSource"]["S3DataSource"]
        if source["S3DataType"] != "S3Prefix":
            raise ValidationError(
                f"localaws does not support S3DataType {source['S3DataType']} of an AutoML job."
            )
        if channel.get("CompressionType", "None") != "None":
            raise ValidationError("localaws does not support CompressionType of an AutoML job.")
        if channel.get("ContentType", CSV_WITH_HEADER).replace(" ", "") != CSV_WITH_HEADER:
            raise ValidationError(
                f"localaws does not support ContentType {channel['ContentType']} of an AutoML job."
            )
        if kind in found:
            raise ValidationError(f"An AutoML job has one channel of type {kind} at most.")
        found[kind] = source["S3Uri"]
    if "training" not in found:
        raise ValidationError("An AutoML job needs a channel of type training.")
    return found


def _refuse(owner: Mapping[str, Any], option: str, where: str) -> None:
    if owner.get(option):
        raise ValidationError(f"localaws does not support {option} {where}.")
