"""A template of the project comes in; a local AWS has the stack that CloudFormation makes of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from localaws.server import LocalAws
from mlproject.publish import compact

_TEMPLATES = Path(__file__).parents[2] / "cloudformation"
_WORKING = ("CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS")


def deploy(
    server: LocalAws, region: str, name: str, template: str, parameters: Mapping[str, str]
) -> dict[str, str]:
    """Make a stack of one of the project's templates; return its outputs."""
    cloudformation = server.client("cloudformation", region)
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=compact((_TEMPLATES / template).read_text()),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
        OnFailure="DO_NOTHING",
    )
    while (stack := cloudformation.describe_stacks(StackName=name)["Stacks"][0])["StackStatus"] in _WORKING:
        time.sleep(0.1)
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", [each.get("ResourceStatusReason") for each in events]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
