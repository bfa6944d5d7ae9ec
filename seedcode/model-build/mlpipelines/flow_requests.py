"""A step with a Data Wrangler flow in, what is its own of the processing job's request out (to `processing_requests`).

The container takes an option and its JSON, quoted, as one argument, as the notebooks do that Data Wrangler exports.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Any

from mlpipelines.job_parts import JobParts
from mlpipelines.plan import AwsImage, Joined
from mlpipelines.schema_jobs import Processing
from mlpipelines.step_index import WrittenStep

ROOT = "/opt/ml/processing"
FLOW = "flow"
"""What the container calls the input with the flow file."""
OUTPUT = f"{ROOT}/output"
IMAGE, VERSION = "data-wrangler", "3.x"
OUTPUT_NAME = re.compile(r"[\w-]+\.[\w-]+")
NOT_OF_FLOWS = ("image_uri", "entry_point", "arguments")


def flow_problems(step: WrittenStep) -> list[str]:
    """Return what is wrong with a block that has a flow, or should have one."""
    block: Processing = step.block
    if not block.flow:
        return ["refit is for a job with a flow"] if "refit" in block.model_fields_set else []
    found = [
        f"a job with a flow has no {name}: Data Wrangler's container runs it"
        for name in NOT_OF_FLOWS
        if name in block.model_fields_set
    ]
    if len(block.channels) != 1 or not all(OUTPUT_NAME.fullmatch(name) for name in block.channels):
        found.append("a job with a flow has one channel, called <node id>.<output> as in the flow")
    return found


def flow_file(step: WrittenStep) -> str:
    """Return the path of a step's flow, from the root of the repository."""
    folder = (step.block.source_directory or step.model.section.source_directory).strip("/")
    return f"{folder}/{step.block.flow}" if folder else str(step.block.flow)


def flow_application(step: WrittenStep, jobs: JobParts) -> dict[str, Any]:
    """Return the image of the region and its arguments."""
    block: Processing = step.block
    configured = [{name: {"content_type": "CSV"}} for name in block.channels]
    file = json.dumps(PurePosixPath(flow_file(step)).name)
    before, after = '--refit-trained-params \'{"refit": ', f', "output_flow": {file}}}\''
    refit = jobs.resolve(block.refit)
    return {
        "ImageUri": AwsImage(IMAGE, jobs.settings.aws_region, VERSION),
        "ContainerArguments": [
            *(f"--output-config '{json.dumps(each)}'" for each in configured),
            before + json.dumps(refit) + after if isinstance(refit, bool) else Joined((before, refit, after)),
        ],
    }
