"""The run of one AutoML job: tables from S3, a search in Autopilot's image, every candidate's model to S3."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localaws import automl_image
from localaws.services.sagemaker.automl_requests import SMALLER_IS_BETTER, SearchRequest
from localaws.services.sagemaker.jobs import REASON_LENGTH, Job, JobFailed, JobRun
from localaws.services.sagemaker.resources import LOCK, Region, now
from localaws.services.sagemaker.storage import pack

RESOLVED_BY, CANDIDATE_BY = "automl-resolved ", "automl-candidate "
GRACE_SECONDS = 60
"""What the search gets beyond its own time to start, and to end the candidate that it is at."""
INSTANCE_TYPE = "ml.m5.4xlarge"
OUTPUTS = "predicted_label,probability,labels,probabilities"
REPORTS = {"statistics.json": "ModelInsights", "analysis.json": "Explainability"}
"""What the image writes about a candidate, and what Autopilot calls the place of it."""
BEST_CANDIDATE_MEMBERS = tuple(f"{kind}JsonReportPath" for kind in REPORTS.values())
"""What pipelines call the places of these reports of the best candidate."""
PLACES = {"ModelInsights": "model_monitor", "Explainability": "explainability"}
NOTHING_FOUND = "AlgorithmError: No candidate could be trained."


@dataclass(eq=False)
class AutoMLJob(Job):
    """An AutoML job, running or ended.

    Attributes
    ----------
    request
        What it searches for.
    candidates
        What it has found, in the order of finding, as the API shows them.
    resolved
        What the data said where the request said nothing: ProblemType and Objective.
    """

    request: SearchRequest = field(kw_only=True)
    candidates: list[dict[str, Any]] = field(default_factory=list)
    resolved: dict[str, str] = field(default_factory=dict)

    def best(self) -> dict[str, Any] | None:
        """Return the best candidate that is ready to serve."""
        done = [each for each in self.candidates if "InferenceContainers" in each]
        smaller = self.resolved.get("Objective") in SMALLER_IS_BETTER
        return min(done, key=lambda each: score(each) if smaller else -score(each), default=None)


def score(candidate: Mapping[str, Any]) -> float:
    """Return a candidate's value of the objective."""
    return float(candidate["FinalAutoMLJobObjectiveMetric"]["Value"])


class AutoMLRun(JobRun):
    """The run of one AutoML job."""

    kind = "automl"
    log_group = "/aws/sagemaker/TrainingJobs"
    instances: Mapping[str, Any] = {"InstanceType": INSTANCE_TYPE, "InstanceCount": 1}
    isolated = True

    def __init__(self, region: Region, job: AutoMLJob) -> None:
        super().__init__(region, job)
        self._search = job
        self._image = automl_image.uri(region.name)
        output = self.detail["OutputDataConfig"]
        self._output = f"{output['S3OutputPath'].rstrip('/')}/{job.name}"
        self._key = output.get("KmsKeyId", "")

    def execute(self) -> None:
        """Download, search, upload."""
        self.job.change(AutoMLJobSecondaryStatus="AnalyzingData")
        self.make_folder("/opt/ml/model")
        self.make_folder("/opt/ml/output")
        for channel, uri in self._search.request.channels.items():
            self.fetch(uri, f"/opt/ml/input/data/{channel}", "FullyReplicated", f"the {channel} channel")
        self.write_config("/opt/ml/input/config/automl.json", self._search.request.configuration())
        self.job.change(AutoMLJobSecondaryStatus="TrainingModels")
        (host,) = self.hosts
        group = self.start_containers({host: self.spec(host, self._image, (), ("search",), {})})
        ended = group.wait(self._search.request.seconds + GRACE_SECONDS)
        if ended.code != 0 and not self.job.stopping:
            said = self.message_file(host, "/opt/ml/output/failure")
            raise JobFailed(f"AlgorithmError: {said}, exit code: {ended.code}")
        for candidate in self._search.candidates:
            if candidate["CandidateStatus"] == "Completed":
                self._deliver(candidate)
        best = self._search.best()
        if best is not None:
            self._report(best)
        if self.job.stopping:
            end(self.job, "Stopped", "Stopped")
        elif best is None:
            raise JobFailed(NOTHING_FOUND)
        else:
            self._end_well()

    def fail(self, reason: str) -> None:
        """End as Failed."""
        end_failed(self.region, self.job, reason)

    def read_line(self, line: str) -> None:
        """Keep what the search tells."""
        if line.startswith(RESOLVED_BY):
            self._search.resolved.update(json.loads(line.removeprefix(RESOLVED_BY)))
        elif line.startswith(CANDIDATE_BY):
            told = json.loads(line.removeprefix(CANDIDATE_BY))
            with LOCK:
                self._search.candidates.append(self._candidate(told))

    def _candidate(self, told: Mapping[str, Any]) -> dict[str, Any]:
        objective = self._search.resolved["Objective"]
        candidate: dict[str, Any] = {
            "CandidateName": f"{self.job.name}-{told['name']}-{told['algorithm']}",
            "CandidateSteps": [],
            "CreationTime": _moment(told["started"]),
            "EndTime": _moment(told["ended"]),
            "LastModifiedTime": _moment(told["ended"]),
        }
        if "reason" in told or objective not in told["metrics"]:
            reason = told.get("reason", f"{objective} has no value for these data")
            return {
                **candidate,
                "CandidateStatus": "Failed",
                "ObjectiveStatus": "Failed",
                "FailureReason": reason[:REASON_LENGTH],
            }
        return {
            **candidate,
            "CandidateStatus": "Completed",
            "ObjectiveStatus": "Succeeded",
            "FinalAutoMLJobObjectiveMetric": {
                "Type": "Minimize" if objective in SMALLER_IS_BETTER else "Maximize",
                "MetricName": objective,
                "StandardMetricName": objective,
                "Value": told["metrics"][objective],
            },
            "CandidateProperties": {"CandidateMetrics": _metrics(told["metrics"], objective)},
        }

    def _deliver(self, candidate: dict[str, Any]) -> None:
        """Put a candidate's model where its containers look for it."""
        number = self._number(candidate)
        (host,) = self.hosts
        archive = self.folder / f"{number}.tar.gz"
        pack([host.path(f"/opt/ml/model/{number}")], archive)
        uri = f"{self._output}/models/{candidate['CandidateName']}/model.tar.gz"
        self.bucket.upload(archive, uri, self._key)
        classifies = self._search.resolved["ProblemType"] != "Regression"
        environment = {
            "MODEL_NAME": candidate["CandidateName"],
            "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv",
            "SAGEMAKER_INFERENCE_OUTPUT": "predicted_label",
            "SAGEMAKER_INFERENCE_SUPPORTED": OUTPUTS if classifies else "predicted_label",
            # What the service's own containers are started by; this image needs neither.
            "SAGEMAKER_PROGRAM": "automl_worker",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/automl",
        }
        container = {"Image": self._image, "ModelDataUrl": uri, "Environment": environment}
        with LOCK:
            candidate["InferenceContainers"] = [container]
            candidate["InferenceContainerDefinitions"] = {"CPU": [container]}

    def _report(self, best: dict[str, Any]) -> None:
        """Put the best candidate's insights and explanation where Autopilot does."""
        (host,) = self.hosts
        folder = host.path(f"/opt/ml/output/reports/{self._number(best)}")
        places = {}
        for file, kind in REPORTS.items():
            places[kind] = f"{self._output}/documentation/{PLACES[kind]}/output/{best['CandidateName']}"
            self.bucket.upload(folder / file, f"{places[kind]}/{file}", self._key)
        with LOCK:
            best["CandidateProperties"]["CandidateArtifactLocations"] = places

    def _number(self, candidate: Mapping[str, Any]) -> str:
        return str(candidate["CandidateName"]).removeprefix(f"{self.job.name}-").partition("-")[0]

    def _end_well(self) -> None:
        limits = self._search.request.configuration()
        enough = len(self._search.candidates) >= limits["max_candidates"]
        end(self.job, "Completed", "Completed" if enough else "MaxAutoMLJobRuntimeReached")


def _metrics(told: Mapping[str, float], objective: str) -> list[dict[str, Any]]:
    # Autopilot tells the log loss by its standard name alone.
    named = {name: {} if name == "LogLoss" else {"MetricName": name} for name in told}
    return [
        {**named[name], "StandardMetricName": name, "Value": value, "Set": "Validation"}
        for name, value in sorted(told.items(), key=lambda item: (item[0] != objective, item[0]))
    ]


def _moment(seconds: float) -> datetime:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def best_candidate_properties(described: Mapping[str, Any]) -> dict[str, str]:
    """Return where the reports of a described job's best candidate are, as a pipeline's AutoML step adds it."""
    best = described.get("BestCandidate", {})
    places = best.get("CandidateProperties", {}).get("CandidateArtifactLocations", {})
    return {
        f"{kind}JsonReportPath": f"{places[kind]}/{file}" for file, kind in REPORTS.items() if kind in places
    }


def end(job: Job, status: str, secondary: str, **values: Any) -> None:
    """Enter the final status."""
    job.change(AutoMLJobStatus=status, AutoMLJobSecondaryStatus=secondary, EndTime=now(), **values)


def end_failed(_: Region, job: Job, reason: str) -> None:
    """Enter the status Failed."""
    end(job, "Failed", "Failed", FailureReason=reason[:REASON_LENGTH])
