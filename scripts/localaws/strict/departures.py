"""Where AWS itself departs from its models: answers that are right although the model does not allow them."""

from __future__ import annotations

import re

# Service, operation, what strict mode says of it; beside each, what AWS does.
_KNOWN = (
    # The stack's own events carry the stack's statuses, which the enum of resources' statuses lacks.
    ("cloudformation", "DescribeStackEvents", r"resourceStatus' .* enum value set"),
    # Nothing provisioned, and nothing decreased today, is nought, for which the model has no shape.
    ("dynamodb", ".*", r"(numberOfDecreasesToday|CapacityUnits)' .* greater than or equal to 1"),
    # The states of a VPC endpoint are written small.
    ("ec2", ".*", r"vpcEndpoint.*state' .* enum value set"),
    # A function without a code signing configuration is answered by its name alone.
    ("lambda", "GetFunctionCodeSigningConfig", r"codeSigningConfigArn' .* must not be null"),
    # A version of a group is called <group>/<version>, as in requests; the pattern knows names without a version.
    ("sagemaker", "(Describe|List)ModelPackages?", r"modelPackageName' .* pattern"),
)


def departs(service: str, operation: str, fault: str) -> bool:
    """Tell whether AWS is known to answer like this."""
    return any(
        service == known and re.fullmatch(operations, operation) and re.search(words, fault)
        for known, operations, words in _KNOWN
    )
