"""Terraform's machine-readable output: what is shown, and what a lead is told."""

from __future__ import annotations

import json

from terraform_runner.terraform_diagnostics import Diagnostics


def error(summary: str, detail: str = "", address: str = "") -> str:
    diagnostic = {"severity": "error", "summary": summary, "detail": detail, "address": address}
    return json.dumps({"type": "diagnostic", "@message": f"Error: {summary}", "diagnostic": diagnostic})


def test_the_first_error_is_told_with_its_address() -> None:
    read = Diagnostics()
    read.read(error("creating CodePipeline", "name is\n taken", "module.model_build.aws_codepipeline.this"))
    read.read(error("second"))
    assert read.first_error == (
        "module.model_build.aws_codepipeline.this: creating CodePipeline: name is taken (1 more in the log.)"
    )


def test_a_known_error_comes_with_advice() -> None:
    read = Diagnostics()
    read.read(error("creating S3 Bucket", "TooManyBuckets: you have too many"))
    assert "ask for a higher quota" in read.first_error


def test_warnings_are_no_errors() -> None:
    read = Diagnostics()
    entry = {"severity": "warning", "summary": "old"}
    read.read(json.dumps({"type": "diagnostic", "@message": "Warning: old", "diagnostic": entry}))
    assert read.errors == []


def test_progress_is_shown_and_outputs_are_not() -> None:
    read = Diagnostics()
    assert read.read('{"type": "apply_start", "@message": "bucket: Creating..."}') == "bucket: Creating..."
    assert (
        read.read('{"type": "outputs", "@message": "Outputs: 1", "outputs": {"key": {"value": "s"}}}') == ""
    )


def test_output_that_is_no_json_is_shown_and_serves_when_there_is_no_better() -> None:
    read = Diagnostics()
    assert read.read("Segmentation fault\n") == "Segmentation fault"
    read.read("\n")
    assert read.first_error == "Segmentation fault"


def test_silence_points_to_the_log() -> None:
    assert "see the log" in Diagnostics().first_error
