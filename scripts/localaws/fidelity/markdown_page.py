"""Writes docs/fidelity.md: what the installed services tell of their operations comes in, Markdown goes out."""

from __future__ import annotations

from collections.abc import Iterator

from localaws.coverage import covered_services
from localaws.fidelity.features import features_of
from localaws.fidelity.operation_list import ServiceOperations, moto_services, operations_of

HEAD = """# Fidelity

Every operation of the AWS services here, and what localaws does with it. Written by `make fidelity` from the code; a test fails when it is stale. [localaws.md](localaws.md) says what stands between the operations.

- **supported**: does what AWS does.
- **approximated**: answers like AWS and does less, or otherwise; how is said.
- **kept**: moto 5.2.5 answers; it keeps and shows what it is told.
- **refused**: answered with an error in AWS's shape that names the operation: `UnsupportedOperation`, or `NotImplemented` where moto would have to have it.

Answers are held against botocore's models in strict mode (`LOCALAWS_STRICT=1`): one that the model does not allow is a failure.
"""  # noqa: E501 - paragraphs of Markdown are lines
KEPT_HEAD = """## Services that moto keeps

All of their operations that moto has; the others are refused.
"""
# What templates for machine learning stand on besides the services above.
NEIGHBOURS = (
    "application-autoscaling",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "iam",
    "kms",
    "logs",
    "resourcegroupstaggingapi",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "sts",
    "wafv2",
)


def written_page() -> str:
    """Return the page; the services must be installed."""
    covered = [operations_of(service) for service in covered_services()]
    return "\n".join(
        [
            HEAD,
            *_summary(covered),
            *(line for service in covered for line in _section(service)),
            KEPT_HEAD,
            *(line for name in NEIGHBOURS for line in _kept_section(operations_of(name))),
            *_others(),
        ]
    )


def _summary(services: list[ServiceOperations]) -> Iterator[str]:
    yield "| service | supported | approximated | kept | refused |"
    yield "|---|--:|--:|--:|--:|"
    for one in services:
        counts = (len(one.supported), len(one.approximated), len(one.by_moto), len(one.refused))
        yield f"| [{one.name}](#{one.name}) | {' | '.join(str(count) for count in counts)} |"
    yield ""


def _section(service: ServiceOperations) -> Iterator[str]:
    yield f"## {service.name}\n"
    for title, text in features_of(service.name).items():
        yield f"**{title}**: {text}.\n"
    if service.supported:
        yield f"**Supported**: {', '.join(service.supported)}.\n"
    if service.approximated:
        yield "| approximated | how |\n|---|---|"
        for name, words in service.approximated.items():
            yield f"| {name} | {words} |"
        yield ""
    if service.by_moto:
        yield f"**Kept**: {', '.join(service.by_moto)}.\n"
    if service.refused:
        yield _folded(f"Refused: {len(service.refused)}", service.refused)


def _kept_section(service: ServiceOperations) -> Iterator[str]:
    total = len(service.by_moto) + len(service.refused)
    yield _folded(f"{service.name}: {len(service.by_moto)} of {total}", service.by_moto)


def _others() -> Iterator[str]:
    shown = {*covered_services(), *NEIGHBOURS}
    counts = {name: len(operations_of(name).by_moto) for name in moto_services() if name not in shown}
    counted = [f"{name} {count}" for name, count in counts.items() if count]
    yield f"And with so many operations each: {', '.join(counted)}.\n"


def _folded(title: str, names: list[str]) -> str:
    return f"<details><summary>{title}</summary>\n\n{', '.join(names)}.\n\n</details>\n"
