"""Turns the JUnit file of a stage's tests into results and a report in S3, and into the pipeline's variables."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import boto3
import jinja2

from deployment.command_line import run
from deployment.deployment_errors import UserError
from deployment.inference_modes import Mode
from deployment.stage_config import StageConfig, read_stage_config
from deployment.stage_settings import StageSettings

_CONSOLES = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}


@dataclass(frozen=True)
class TestResult:
    """One test: its sentence, ``passed`` or ``failed``, its seconds, and why it failed."""

    __test__ = False

    name: str
    outcome: str
    seconds: float
    message: str = ""


@dataclass(frozen=True)
class StageReport:
    """The results of one stage's tests."""

    stage: str
    model_package_arn: str
    endpoint_name: str
    mode: Mode
    called_at: str
    commit_id: str
    build_id: str
    tests: list[TestResult]
    measurements: Mapping[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> int:
        """How many tests passed."""
        return sum(test.outcome == "passed" for test in self.tests)

    @property
    def summary(self) -> str:
        """One line for whoever decides about the promotion."""
        parts = [f"{self.stage}: {self.passed} of {len(self.tests)} tests passed"]
        if "golden_records" in self.measurements:
            parts.append(
                f"{self.measurements['golden_records']:.0f} golden records within"
                f" {self.measurements['golden_difference']:.1g}"
            )
        if "latency_p95_seconds" in self.measurements:
            parts.append(
                f"latency p95 {self.measurements['latency_p95_seconds'] * 1000:.0f} ms"
                f" (bound {self.measurements['latency_bound_seconds'] * 1000:.0f} ms)"
            )
        return "; ".join(parts)


def read_results(junit: Path, settings: StageSettings, config: StageConfig) -> StageReport:
    """Return what a JUnit file says about a stage that is configured so.

    Raises
    ------
    UserError
        There is no such file, or no test in it: the tests did not run.
    """
    if not junit.exists():
        raise UserError("the stage's tests did not run: see the build's log above")
    # Written by pytest in this very build.
    root = ElementTree.parse(junit).getroot()  # noqa: S314
    cases = list(root.iter("testcase"))
    if not cases:
        raise UserError("the stage's tests ran no test: see the build's log above")
    return StageReport(
        stage=settings.stage,
        model_package_arn=settings.model_package_arn,
        endpoint_name=settings.endpoint_name,
        mode=config.mode,
        called_at=_called_at(settings, config),
        commit_id=settings.codebuild_resolved_source_version,
        build_id=settings.codebuild_build_id,
        tests=[_result(case) for case in cases],
        measurements={item.attrib["name"]: float(item.attrib["value"]) for item in root.iter("property")},
    )


def _called_at(settings: StageSettings, config: StageConfig) -> str:
    if config.rest_api:
        return settings.api_url
    return f"{settings.batch_uri if config.mode == 'batch' else settings.asynchronous_uri}/input"


def _result(case: ElementTree.Element) -> TestResult:
    fault = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
    name, _, example = case.attrib["name"].removeprefix("test_").replace("_", " ").partition("[")
    return TestResult(
        name=f"{name}: {example.removesuffix(']')}" if example else name,
        outcome="passed" if fault is None else "failed",
        seconds=float(case.attrib["time"]),
        message="" if fault is None else fault.attrib.get("message", ""),
    )


def render_html(report: StageReport) -> str:
    """Return the report as a page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("stage_report.html.jinja").render(report=report)


def publish(s3: Any, settings: StageSettings, report: StageReport, junit: Path) -> None:
    """Put results, page and JUnit file below the build's prefix in the project's bucket."""
    results = json.dumps(asdict(report) | {"summary": report.summary}, indent=2)
    for name, content, content_type in (
        ("results.json", results.encode(), "application/json"),
        ("report.html", render_html(report).encode(), "text/html; charset=utf-8"),
        ("junit.xml", junit.read_bytes(), "application/xml"),
    ):
        s3.put_object(
            Bucket=settings.project_bucket,
            Key=f"{settings.report_prefix}/{name}",
            Body=content,
            ContentType=content_type,
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId=settings.kms_key_arn,
        )


def report_url(settings: StageSettings) -> str:
    """Return the console's address of the report.

    A presigned link would open without signing in, but it dies with the build's credentials, usually long
    before somebody decides; the console asks the reader for credentials of their own.
    """
    console = _CONSOLES.get(settings.kms_key_arn.split(":")[1], "console.aws.amazon.com")
    key = quote(f"{settings.report_prefix}/report.html")
    return (
        f"https://{settings.aws_region}.{console}/s3/object/{settings.project_bucket}"
        f"?region={settings.aws_region}&prefix={key}"
    )


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("junit", type=Path, help="JUnit file of the stage's tests")
    parser.add_argument("--output", type=Path, required=True, help="file for the shell variables")
    arguments = parser.parse_args()
    settings = StageSettings()
    report = read_results(arguments.junit, settings, read_stage_config(settings.stage))
    publish(boto3.client("s3"), settings, report, arguments.junit)
    url = report_url(settings)
    arguments.output.write_text(f"REPORT_URL={shlex.quote(url)}\nSUMMARY={shlex.quote(report.summary)}\n")
    print(f"{report.summary}\n{url}")


if __name__ == "__main__":
    run(_main)
