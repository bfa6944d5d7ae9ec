"""A processing job's folders and arguments in; the tables that its outputs name, and the refitted flow, out."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .flow_errors import FlowError
from .flows import Flow
from .job_arguments import JobArguments
from .tables import write_csv

ML_ROOT = "/opt/ml/"


def run(root: Path, arguments: Sequence[str]) -> None:
    """Run the job's flow for each of its outputs."""
    asked = JobArguments.read(arguments)
    job = json.loads((root / "config" / "processingjobconfig.json").read_text())
    outputs = job.get("ProcessingOutputConfig", {}).get("Outputs", [])
    if not outputs:
        raise FlowError("the job has no output: each is named <node id>.<output> as in the flow")
    flow = Flow.read(_flow_file(root / "processing" / "flow"), root / "processing", asked.refit)
    for output in outputs:
        _write(root, job["ProcessingJobName"], output, flow, asked)


def _write(root: Path, job: str, output: Mapping[str, Any], flow: Flow, asked: JobArguments) -> None:
    name = output["OutputName"]
    said = asked.outputs.get(name, {})
    kind = str(said.get("content_type", "CSV")).upper()
    if kind != "CSV" or said.get("compression") or said.get("partition_config"):
        raise FlowError(f"the output {name}: localaws supports CSV in one file, not compressed")
    table = flow.table(name)
    folder = root / output["S3Output"]["LocalPath"].removeprefix(ML_ROOT) / job
    part = uuid.uuid5(uuid.NAMESPACE_URL, f"{job}/{name}")
    write_csv(
        table,
        folder / name.replace(".", "/") / f"part-00000-{part}-c000.csv",
        said.get("delimiter") or ",",
    )
    if asked.refit and asked.output_flow:
        (folder / Path(asked.output_flow).name).write_text(json.dumps(flow.document, indent=1) + "\n")
    print(json.dumps({"event": "output written", "output": name, "rows": len(table)}), flush=True)


def _flow_file(folder: Path) -> Path:
    files = sorted(folder.glob("*.flow")) if folder.is_dir() else []
    if len(files) != 1:
        raise FlowError(f"the job's input flow has {len(files)} files *.flow, not one")
    return files[0]
