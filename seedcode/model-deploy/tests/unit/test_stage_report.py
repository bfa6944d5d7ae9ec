"""The report of a stage's tests: what the approver reads, and what the pipeline carries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deployment.deployment_errors import UserError
from deployment.stage_config import CONFIG_FOLDER, StageConfig, read_stage_config
from deployment.stage_report import publish, read_results, render_html, report_url
from deployment.stage_settings import StageSettings

JUNIT = """<?xml version="1.0"?>
<testsuites><testsuite name="pytest">
  <properties>
    <property name="golden_records" value="20"/>
    <property name="golden_difference" value="3e-08"/>
    <property name="latency_p95_seconds" value="0.0412"/>
    <property name="latency_bound_seconds" value="2.0"/>
  </properties>
  <testcase name="test_golden_records_score_as_in_the_evaluation" time="0.5"/>
  <testcase name="test_latency_is_within_its_bound" time="1.25"/>
  {more}
</testsuite></testsuites>
"""
CONFIG = StageConfig.model_validate(
    {
        "scale_out_by": 0,
        "data_capture_percentage": 0,
        "tests": {"score_tolerance": 0.001, "latency_requests": 20, "latency_p95_seconds": 1},
    }
)
FAILED = (
    '<testcase name="test_x" time="0"><failure message="assert &lt;b&gt; == 1">trace</failure></testcase>'
)
ERROR = '<testcase name="test_x" time="0"><error message="failed on setup">trace</error></testcase>'
SKIPPED = '<testcase name="test_x" time="0"><skipped message="not today"/></testcase>'


@pytest.fixture
def junit(tmp_path: Path) -> Path:
    path = tmp_path / "junit.xml"
    path.write_text(JUNIT.format(more=""))
    return path


class Bucket:
    """Remembers what was put."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}

    def put_object(self, **request: Any) -> None:
        self.objects[f"{request['Bucket']}/{request['Key']}"] = request


def test_the_summary_is_one_line_with_the_numbers_that_matter(
    junit: Path, stage_settings: StageSettings
) -> None:
    assert read_results(junit, stage_settings, CONFIG).summary == (
        "staging: 2 of 2 tests passed; 20 golden records within 3e-08; latency p95 41 ms (bound 2000 ms)"
    )


@pytest.mark.parametrize("more", [FAILED, ERROR, SKIPPED])
def test_whatever_did_not_pass_counts_as_failed(
    junit: Path, stage_settings: StageSettings, more: str
) -> None:
    junit.write_text(JUNIT.format(more=more))
    report = read_results(junit, stage_settings, CONFIG)
    assert report.summary.startswith("staging: 2 of 3 tests passed")
    assert report.tests[-1].outcome == "failed"
    assert report.tests[-1].message


def test_an_example_of_a_test_is_told_in_words(junit: Path, stage_settings: StageSettings) -> None:
    junit.write_text(JUNIT.format(more='<testcase name="test_a_record_is_refused[no_object]" time="0"/>'))
    report = read_results(junit, stage_settings, CONFIG)
    assert report.tests[-1].name == "a record is refused: no object"


def test_the_page_shows_every_test_and_escapes_what_it_quotes(
    junit: Path, stage_settings: StageSettings
) -> None:
    junit.write_text(JUNIT.format(more=FAILED))
    page = render_html(read_results(junit, stage_settings, CONFIG))
    assert "golden records score as in the evaluation" in page
    assert "assert &lt;b&gt; == 1" in page
    assert stage_settings.model_package_arn in page
    assert "latency p95 seconds" in page


def test_results_page_and_junit_file_are_put_encrypted_below_the_build(
    junit: Path, stage_settings: StageSettings
) -> None:
    bucket = Bucket()
    publish(bucket, stage_settings, read_results(junit, stage_settings, CONFIG), junit)
    folder = f"{stage_settings.project_bucket}/deployments/staging/5f2c"
    assert set(bucket.objects) == {
        f"{folder}/{name}" for name in ("results.json", "report.html", "junit.xml")
    }
    assert {item["SSEKMSKeyId"] for item in bucket.objects.values()} == {stage_settings.kms_key_arn}
    results = json.loads(bucket.objects[f"{folder}/results.json"]["Body"])
    assert results["measurements"]["latency_p95_seconds"] == 0.0412
    assert results["tests"][0]["outcome"] == "passed"
    assert results["summary"].startswith("staging: 2 of 2")


def test_the_link_leads_to_the_report_in_the_console(stage_settings: StageSettings) -> None:
    assert report_url(stage_settings) == (
        "https://eu-west-1.console.aws.amazon.com/s3/object/sagemaker-churn-p-1-123456789012"
        "?region=eu-west-1&prefix=deployments/staging/5f2c/report.html"
    )


def test_tests_that_did_not_run_are_no_success(stage_settings: StageSettings, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did not run"):
        read_results(tmp_path / "junit.xml", stage_settings, CONFIG)
    empty = tmp_path / "empty.xml"
    empty.write_text("<testsuites/>")
    with pytest.raises(UserError, match="ran no test"):
        read_results(empty, stage_settings, CONFIG)


def test_the_page_tells_how_the_stage_answers_and_where(junit: Path, stage_settings: StageSettings) -> None:
    page = render_html(read_results(junit, stage_settings, CONFIG))
    assert ", real-time" in page
    assert stage_settings.api_url in page
    config = read_stage_config("asynchronous", CONFIG_FOLDER / "examples")
    page = render_html(read_results(junit, stage_settings, config))
    assert ", asynchronous" in page
    assert "s3://sagemaker-churn-p-1-123456789012/asynchronous/staging/input" in page
    assert stage_settings.api_url not in page
