"""A tuning job and its trials: what each came to, how many there are of each status, which is the best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localaws.services.sagemaker.jobs import Job

COUNTED = {"Completed": "Completed", "Failed": "NonRetryableError", "Stopped": "Stopped"}


@dataclass(frozen=True)
class Trial:
    """One training job of a tuning job.

    Attributes
    ----------
    number
        As the search counts.
    values
        The hyperparameters that the search chose.
    """

    number: int
    values: dict[str, str]
    job: Job


@dataclass(eq=False)
class TuningJob(Job):
    """A tuning job, running or ended.

    Attributes
    ----------
    trials
        Its training jobs, in the order of their start.
    """

    trials: list[Trial] = field(default_factory=list)

    @property
    def objective(self) -> Mapping[str, str]:
        """Type and MetricName of what is searched for."""
        objective: Mapping[str, str] = self.detail["HyperParameterTuningJobConfig"][
            "HyperParameterTuningJobObjective"
        ]
        return objective

    @property
    def maximizes(self) -> bool:
        """More of the metric is better."""
        return self.objective["Type"] == "Maximize"

    def value(self, trial: Trial) -> float | None:
        """Return what a trial came to."""
        metrics = trial.job.detail.get("FinalMetricDataList", ())
        found = [item["Value"] for item in metrics if item["MetricName"] == self.objective["MetricName"]]
        return float(found[0]) if found and not math.isnan(found[0]) else None

    def ranked(self) -> list[Trial]:
        """Return the completed trials that came to something, the best first."""
        done = [trial for trial in self.trials if trial.job.detail["TrainingJobStatus"] == "Completed"]
        valued = [(value, trial) for trial in done if (value := self.value(trial)) is not None]
        return [trial for _, trial in sorted(valued, key=lambda item: item[0], reverse=self.maximizes)]

    def summary(self, trial: Trial) -> dict[str, Any]:
        """Return a trial as the tuning API shows it."""
        detail, value = trial.job.detail, self.value(trial)
        names = (
            "TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingStartTime", "TrainingEndTime",
            "TrainingJobStatus", "FailureReason",
        )  # fmt: skip
        ended = trial.job.finished.is_set()
        shown = {name: detail[name] for name in names if name in detail}
        shown |= {"TunedHyperParameters": dict(trial.values)}
        shown["ObjectiveStatus"] = ("Succeeded" if value is not None else "Failed") if ended else "Pending"
        if value is not None:
            shown["FinalHyperParameterTuningJobObjectiveMetric"] = {
                "MetricName": self.objective["MetricName"],
                "Value": value,
            }
        return shown

    def counters(self) -> dict[str, dict[str, int]]:
        """Return TrainingJobStatusCounters and ObjectiveStatusCounters."""
        statuses = [trial.job.detail["TrainingJobStatus"] for trial in self.trials]
        objectives = [self.summary(trial)["ObjectiveStatus"] for trial in self.trials]
        by_status = {shown: statuses.count(status) for status, shown in COUNTED.items()}
        running = sum(status not in COUNTED for status in statuses)
        return {
            "TrainingJobStatusCounters": {**by_status, "InProgress": running, "RetryableError": 0},
            "ObjectiveStatusCounters": {
                status: objectives.count(status) for status in ("Succeeded", "Pending", "Failed")
            },
        }
