"""A written step in, the request of its check and what it compares with out (to `planning`).

A check is a processing job in one of AWS's own images, with a baseline that comes from the model registry.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from mlpipelines.job_parts import JobParts, unless_empty
from mlpipelines.plan import AwsImage, PropertyReference
from mlpipelines.schema_checks import Check, ClarifyCheck, ModelQualityCheck, QualityCheck
from mlpipelines.schema_document import CreateModelStepEntry
from mlpipelines.step_index import WrittenStep

PROCESSING = "/opt/ml/processing"
BASELINE = "baseline_dataset_input"
OF_A_MODEL = ("model_bias", "model_explainability")


@dataclass
class CheckBuilder:
    """Builds the requests of checks; what all jobs share comes from ``jobs``."""

    jobs: JobParts

    def quality(self, step: WrittenStep) -> dict[str, Any]:
        """Return the arguments of a QualityCheck step: the job of the Model Monitor container."""
        block: QualityCheck = step.block
        source = f"{PROCESSING}/input/{BASELINE}"
        environment = {
            "output_path": f"{PROCESSING}/output",
            "publish_cloudwatch_metrics": "Disabled",
            "dataset_format": json.dumps(block.dataset_format),
            "dataset_source": source,
            **(self._model_quality(block) if isinstance(block, ModelQualityCheck) else {}),
        }
        inputs = [_input(BASELINE, self._data(step), source)]
        return self._job(step, "model-monitor", inputs, ("quality_check_output", "EndOfJob"), environment)

    def clarify(self, step: WrittenStep) -> dict[str, Any]:
        """Return the arguments of a ClarifyCheck step: the job of the Clarify container."""
        block: ClarifyCheck = step.block
        methods = block.analysis.get("methods")
        if not isinstance(methods, dict) or not methods:
            message = "the analysis needs methods, such as {pre_training_bias: {methods: all}}"
            self.jobs.problems.append(step.block_problem(message, "analysis"))
            methods = {}
        report = {"report": {"name": "report", "title": "Analysis Report"}}
        written = json.dumps(block.analysis | {"methods": report | methods}, sort_keys=True)
        configuration = self.jobs.staging.text("analysis_config.json", written)
        inputs = [
            _input("analysis_config", configuration, f"{PROCESSING}/input/config"),
            _input("dataset", self._data(step), f"{PROCESSING}/input/data"),
        ]
        # Reports on many images are written while they are made.
        mode = "Continuous" if block.analysis.get("dataset_type") == "application/x-image" else "EndOfJob"
        return self._job(step, "clarify", inputs, ("analysis_result", mode), {})

    def comparison(self, step: WrittenStep) -> dict[str, Any]:
        """Return what a check step has besides its arguments: the baseline, and what follows from it."""
        block: Check = step.block
        registry = step.model.section.registry
        supplied = {"SuppliedBaselineConstraints": block.supplied_baseline_constraints}
        if isinstance(block, QualityCheck):
            supplied["SuppliedBaselineStatistics"] = block.supplied_baseline_statistics
        return {
            "CheckType": step.block_name.upper(),
            "ModelPackageGroupName": self.jobs.group(
                step, block.group or (registry.group if registry else None)
            ),
            "SkipCheck": self.jobs.resolve(block.skip_check),
            "FailOnViolation": self.jobs.resolve(block.fail_on_violation),
            "RegisterNewBaseline": self.jobs.resolve(block.register_new_baseline),
            **{name: self.jobs.resolve(uri) for name, uri in supplied.items() if uri is not None},
            **self._model_name(step),
        }

    def _model_name(self, step: WrittenStep) -> dict[str, Any]:
        if step.block_name not in OF_A_MODEL:
            return {}
        source = step.latest(CreateModelStepEntry)
        if source is None:
            message = f"a check of {step.block_name} needs a model: put a CreateModel step before it"
            self.jobs.problems.append(step.problem(message))
            return {}
        return {"ModelName": PropertyReference(source.name, "ModelName")}

    def _model_quality(self, block: ModelQualityCheck) -> dict[str, Any]:
        attributes = {
            "inference_attribute": block.inference_attribute,
            "probability_attribute": block.probability_attribute,
            "ground_truth_attribute": block.ground_truth_attribute,
            "probability_threshold_attribute": block.probability_threshold_attribute,
        }
        given = {name: value for name, value in attributes.items() if value is not None}
        return {
            "analysis_type": "MODEL_QUALITY",
            "problem_type": block.problem_type,
            **self.jobs.resolve.texts(given),
        }

    def _data(self, step: WrittenStep) -> Any:
        static = self.jobs.data.inputs(step, self.jobs.problems)
        given = [each.uri for each in static]
        given += [each.uri for each in self.jobs.chained(step, [each.name for each in static])]
        if len(given) != 1:
            words = "nothing" if not given else f"{len(given)} sources"
            message = f"a check takes one data file or one chained output, and is given {words}"
            self.jobs.problems.append(step.problem(message))
            return ""
        return given[0]

    def _job(
        self,
        step: WrittenStep,
        image: str,
        inputs: list[dict[str, Any]],
        output: tuple[str, str],
        environment: dict[str, Any],
    ) -> dict[str, Any]:
        block: Check = step.block
        channel, description = next(iter(block.channels.items()), ("train", None))
        if len(block.channels) > 1:
            self.jobs.problems.append(step.block_problem("a check has one channel", "channels"))
        name, mode = output
        return {
            "ProcessingResources": {"ClusterConfig": self.jobs.cluster(step, "ProcessingInstanceType")},
            "AppSpecification": {"ImageUri": AwsImage(image, self.jobs.settings.aws_region)},
            "RoleArn": self.jobs.settings.pipeline_role_arn,
            **unless_empty(Environment=self.jobs.resolve.texts(block.env) | environment),
            "StoppingCondition": {"MaxRuntimeInSeconds": block.max_runtime_seconds},
            "NetworkConfig": self.jobs.network(block),
            "ProcessingInputs": inputs,
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": name,
                        "S3Output": {
                            "S3Uri": self.jobs.output_location(step, channel, description),
                            "LocalPath": f"{PROCESSING}/output",
                            "S3UploadMode": mode,
                        },
                    }
                ],
                "KmsKeyId": self.jobs.settings.kms_key_arn,
            },
            "Tags": self.jobs.tags(block),
        }


def _input(name: str, uri: Any, path: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File"},
    }
