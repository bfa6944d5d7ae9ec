"""A prefix in Parameter Store comes in; the platform stack's parameters of the network that is told there go out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlproject.errors import UserError

if TYPE_CHECKING:
    import boto3

_PARAMETERS = {
    "vpc-id": "VpcId",
    "subnet-ids": "SubnetIds",
    "security-group-ids": "SecurityGroupIds",
}
"""What `terraform/environment` writes below its prefix, and the stack's parameter of each."""


def read(session: boto3.Session, prefix: str, runner_too: bool) -> dict[str, str]:
    """Return the network that is told below ``prefix``, such as ``/ml/network``, and whether it is the runner's too.

    Raises
    ------
    UserError
        Something of it is not there.
    """
    names = {f"{prefix.rstrip('/')}/{name}": parameter for name, parameter in _PARAMETERS.items()}
    answer = session.client("ssm").get_parameters(Names=list(names))
    if missing := sorted(answer["InvalidParameters"]):
        raise UserError(
            f"Parameter Store has no {', '.join(missing)}: name the place that terraform/environment made"
            " (/<name>/network), or put the ids of an existing network there"
        )
    told = {names[each["Name"]]: each["Value"] for each in answer["Parameters"]}
    return told | {"RunnerInVpc": str(runner_too).lower()}
