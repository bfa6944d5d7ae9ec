"""A written step in, the request of its processing job out (to `planning`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlpipelines.flow_requests import FLOW, OUTPUT, ROOT, flow_application, flow_file, flow_problems
from mlpipelines.job_parts import CODE, JobParts, unless_empty
from mlpipelines.schema_document import MetricsStepEntry
from mlpipelines.schema_jobs import Channel, Evaluation, MetricsReport, Processing
from mlpipelines.step_code import LAUNCHER
from mlpipelines.step_index import WrittenStep

INPUT = f"{ROOT}/input"
MOST_PROCESSING_INPUTS = 10


@dataclass
class ProcessingBuilder:
    """Builds the requests of processing jobs; what all jobs share comes from ``jobs``."""

    jobs: JobParts

    def processing(self, step: WrittenStep) -> dict[str, Any]:
        """Return the arguments of CreateProcessingJob."""
        block: Processing = step.block
        self.jobs.problems += [step.block_problem(wrong) for wrong in flow_problems(step)]
        static = self.jobs.data.inputs(step, self.jobs.problems)
        chained = self.jobs.chained(step, [each.name for each in static])
        given = [(each.name, each.uri) for each in static] + [(each.name, each.uri) for each in chained]
        folder = ROOT if block.flow else INPUT
        inputs = [self._processing_input(block, name, uri, folder) for name, uri in given]
        if block.entry_point:
            inputs.insert(0, self._processing_input(Processing(), CODE, self.jobs.code(step), INPUT))
        elif block.flow:
            uri = self.jobs.staging.data(flow_file(step))
            inputs.insert(0, self._processing_input(Processing(), FLOW, uri, ROOT))
        if len(inputs) > MOST_PROCESSING_INPUTS:
            words = f"{len(inputs)} inputs with the code, and SageMaker takes {MOST_PROCESSING_INPUTS}"
            self.jobs.problems.append(step.problem(f"{words}: put files into one folder of S3"))
        return {
            "ProcessingResources": {"ClusterConfig": self.jobs.cluster(step, "ProcessingInstanceType")},
            "AppSpecification": flow_application(step, self.jobs) if block.flow else self._application(step),
            "RoleArn": self.jobs.settings.pipeline_role_arn,
            **unless_empty(Environment=self.jobs.environment(block, chained)),
            "StoppingCondition": {"MaxRuntimeInSeconds": block.max_runtime_seconds},
            "NetworkConfig": self.jobs.network(block),
            "ProcessingInputs": inputs,
            "ProcessingOutputConfig": {
                "Outputs": self._processing_outputs(step),
                "KmsKeyId": self.jobs.settings.kms_key_arn,
            },
            "Tags": self.jobs.tags(block),
        }

    def _application(self, step: WrittenStep) -> dict[str, Any]:
        block: Processing = step.block
        application: dict[str, Any] = {"ImageUri": self.jobs.images(step, block.image_uri)}
        if block.entry_point:
            application["ContainerEntrypoint"] = [
                "python3",
                f"{INPUT}/{CODE}/{LAUNCHER}",
                *self.jobs.script(block, step),
            ]
        if block.arguments:
            application["ContainerArguments"] = [self.jobs.resolve.text(value) for value in block.arguments]
        return application

    def _processing_input(self, block: Processing, name: str, uri: Any, folder: str) -> dict[str, Any]:
        return {
            "InputName": name,
            "AppManaged": False,
            "S3Input": {
                "S3Uri": uri,
                "LocalPath": f"{folder}/{name}",
                "S3DataType": block.s3_data_type,
                "S3InputMode": block.s3_input_mode,
                "S3DataDistributionType": block.s3_data_distribution_type,
            },
        }

    def _processing_outputs(self, step: WrittenStep) -> list[dict[str, Any]]:
        block: Processing = step.block
        outputs: dict[str, Channel | None] = dict(block.channels)
        paths = {name: OUTPUT if block.flow else f"{OUTPUT}/{name}" for name in outputs}
        if isinstance(block, Evaluation) and isinstance(step.entry, MetricsStepEntry):
            usual = block.metrics.output == MetricsReport().output
            outputs = {block.metrics.output: next(iter(block.channels.values()), None)}
            paths = {block.metrics.output: OUTPUT if usual else f"{OUTPUT}/{block.metrics.output}"}
        return [
            {
                "OutputName": name,
                "AppManaged": False,
                "S3Output": {
                    "S3Uri": self.jobs.output_location(step, name, channel),
                    "LocalPath": paths[name],
                    "S3UploadMode": block.s3_upload_mode,
                },
            }
            for name, channel in outputs.items()
        ]
