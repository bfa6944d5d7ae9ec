"""The run of one tuning job: training jobs side by side, each with what the search proposes, until the search ends."""

from __future__ import annotations

import math
import queue
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localaws.runtime import runtime
from localaws.services.sagemaker import jobs, notices
from localaws.services.sagemaker.hyperparameter_search import Search
from localaws.services.sagemaker.jobs import REASON_LENGTH, Job
from localaws.services.sagemaker.resources import LOCK, Region, now, suffix, tag_map
from localaws.services.sagemaker.tuning_trials import Trial, TuningJob

OBJECTIVE_HYPERPARAMETER = "_tuning_objective_metric"
ALL_FAILED = "All training jobs failed. Please take a look at the training jobs failures to get more details."
EVENT_FIELDS = (
    "HyperParameterTuningJobName", "HyperParameterTuningJobArn", "HyperParameterTuningJobConfig",
    "HyperParameterTuningJobStatus", "CreationTime", "LastModifiedTime", "HyperParameterTuningEndTime",
    "FailureReason",
)  # fmt: skip


class TuningRun:
    """The run of one tuning job.

    Parameters
    ----------
    region, job
        What to run.
    search
        Proposes the trials.
    """

    def __init__(self, region: Region, job: TuningJob, search: Search) -> None:
        self._region = region
        self._job = job
        self._search = search
        self._limit = search.limit
        self._ended: queue.SimpleQueue[Trial] = queue.SimpleQueue()
        self._client = runtime().client("sagemaker", region.name, account=region.account)
        config = job.detail["HyperParameterTuningJobConfig"]
        self._resources = config["ResourceLimits"]
        self._criteria = config.get("TuningJobCompletionCriteria", {})
        job.containers = self

    def run(self) -> None:
        """Search to the end; whatever happens, the job gets a final status."""
        try:
            self._run_trials()
            self._end_well()
        except (ClientError, BotoCoreError) as error:
            end_failed(self._region, self._job, f"ClientError: {error}")
        except Exception as error:
            reason = f"InternalServerError: We encountered an internal error. Please try again. ({error})"
            end_failed(self._region, self._job, reason)
            raise
        finally:
            self.stop()
            self._job.finished.set()

    def stop(self) -> None:
        """Stop the training jobs that run."""
        for trial in list(self._job.trials):
            if not trial.job.finished.is_set():
                jobs.stop(trial.job)

    def _run_trials(self) -> None:
        deadline = time.monotonic() + self._resources.get("MaxRuntimeInSeconds", math.inf)
        running = 0
        while True:
            while running < self._resources["MaxParallelTrainingJobs"] and self._goes_on():
                self._start()
                running += 1
            if not running:
                return
            try:
                trial = self._ended.get(timeout=_seconds_until(deadline))
            except queue.Empty:
                self.stop()
                self._limit = len(self._job.trials)
                continue
            running -= 1
            self._search.learn(trial.number, self._job.value(trial))
            if self._found_enough():
                self.stop()
                self._limit = len(self._job.trials)

    def _goes_on(self) -> bool:
        return not self._job.stopping and len(self._job.trials) < self._limit

    def _found_enough(self) -> bool:
        best = self._job.ranked()
        target = self._criteria.get("TargetObjectiveMetricValue")
        if best and target is not None:
            value = self._job.value(best[0]) or 0.0
            if (value >= target) if self._job.maximizes else (value <= target):
                return True
        patience = self._criteria.get("BestObjectiveNotImproving", {}).get(
            "MaxNumberOfTrainingJobsNotImproving"
        )
        if not best or patience is None:
            return False
        since = sum(
            trial.job.finished.is_set() and trial.number > best[0].number for trial in self._job.trials
        )
        return bool(since >= patience)

    def _start(self) -> None:
        number, values = self._search.propose()
        name = f"{self._job.name}-{len(self._job.trials) + 1:03}-{suffix(8)}"
        request = {
            **training_request(self._job.detail["TrainingJobDefinition"], values, self._job.objective),
            "TrainingJobName": name,
            "Tags": self._job.tags,
        }
        self._client.create_training_job(**request)
        with LOCK:
            training: Job = self._region.table("training_jobs")[name]
            training.detail["TuningJobArn"] = self._job.arn
            trial = Trial(number, values, training)
            self._job.trials.append(trial)
            stopping = self._job.stopping
        runtime().spawn(f"trial {name}", lambda: self._wait(trial))
        if stopping:
            self.stop()

    def _wait(self, trial: Trial) -> None:
        trial.job.finished.wait()
        self._ended.put(trial)

    def _end_well(self) -> None:
        if self._job.stopping:
            end(self._region, self._job, "Stopped")
        elif all(trial.job.detail["TrainingJobStatus"] == "Failed" for trial in self._job.trials):
            end_failed(self._region, self._job, ALL_FAILED)
        else:
            end(self._region, self._job, "Completed")


def training_request(
    definition: Mapping[str, Any], values: Mapping[str, str], objective: Mapping[str, str]
) -> dict[str, Any]:
    """Return the training job of a definition with a trial's hyperparameters, without its name."""
    own = ("DefinitionName", "TuningObjective", "HyperParameterRanges", "StaticHyperParameters")
    request = {key: value for key, value in definition.items() if key not in own}
    if "HyperParameterTuningResourceConfig" in request:
        request["ResourceConfig"] = request.pop("HyperParameterTuningResourceConfig")
    request["HyperParameters"] = {
        **definition.get("StaticHyperParameters", {}),
        **values,
        OBJECTIVE_HYPERPARAMETER: objective["MetricName"],
    }
    return request


def end(region: Region, job: Job, status: str, **values: Any) -> None:
    """Enter the final status."""
    job.change(HyperParameterTuningJobStatus=status, HyperParameterTuningEndTime=now(), **values)
    announce(region, job)


def end_failed(region: Region, job: Job, reason: str) -> None:
    """Enter the status Failed."""
    end(region, job, "Failed", FailureReason=reason[:REASON_LENGTH])


def announce(region: Region, job: Job) -> None:
    """Send the event of a job's new status."""
    counters = job.counters() if isinstance(job, TuningJob) else {}
    detail = {name: job.detail[name] for name in EVENT_FIELDS if name in job.detail} | counters
    detail["Tags"] = tag_map(job.tags)
    notices.send(region, "SageMaker HyperParameter Tuning Job State Change", [job.arn], detail)


def _seconds_until(deadline: float) -> float | None:
    return None if deadline == math.inf else max(0.0, deadline - time.monotonic())
