"""What a flow's nodes make of data, what they learn and apply again, and what is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localaws import wrangler_image
from localaws.stand_in_images import stand_in
from localaws.wrangler_image.flow_worker.flow_errors import FlowError
from localaws.wrangler_image.flow_worker.flow_job import run
from localaws.wrangler_image.flow_worker.job_arguments import JobArguments
from localaws.wrangler_image.flow_worker.operators import HASH, NO_PARAMETERS

PEOPLE = "39, State-gov, Cuba, True\n50, Private, ?, false\n38, Private, Peru, true\n,Private , Peru\n"


def source(**context: Any) -> dict[str, Any]:
    definition = {
        "name": "people",
        "s3ExecutionContext": {"s3ContentType": "csv", "s3HasHeader": False, **context},
    }
    return {
        "node_id": "source",
        "type": "SOURCE",
        "operator": "sagemaker.s3_source_0.1",
        "parameters": {"dataset_definition": definition},
        "inputs": [],
    }


def transform(
    name: str, before: str, operator: str, parameters: dict[str, Any], **more: Any
) -> dict[str, Any]:
    return {
        "node_id": name,
        "type": "TRANSFORM",
        "operator": f"sagemaker.spark.{operator}_0.1",
        "parameters": parameters,
        "inputs": [{"name": "df", "node_id": before, "output_name": "default"}],
        **more,
    }


def strip(name: str, before: str, column: str | list[str], **more: Any) -> dict[str, Any]:
    chosen = {"input_column": column, "characters_to_remove": " ", **more}
    parameters = {"operator": "Strip left and right", "strip_left_and_right_parameters": chosen}
    return transform(name, before, "format_string", parameters)


def impute(name: str, before: str, column: str, **more: Any) -> dict[str, Any]:
    chosen = {"column_type": "Categorical", "categorical_parameters": {"input_column": column}}
    return transform(
        name, before, "handle_missing", {"operator": "Impute", "impute_parameters": chosen}, **more
    )


def types(**more: Any) -> dict[str, Any]:
    return transform("types", "source", "infer_and_cast_type", {}, **more)


def job(
    folder: Path, nodes: list[dict[str, Any]], output: str, *arguments: str, data: str = PEOPLE
) -> list[str]:
    """Run a flow, return the lines of its output."""
    root = folder / "ml"
    for name in ("config", "processing/flow", "processing/people"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "processing/people/people.csv").write_text(data)
    (root / "processing/flow/people.flow").write_text(
        json.dumps({"metadata": {"version": 1}, "nodes": nodes})
    )
    place = {"S3Output": {"LocalPath": "/opt/ml/processing/output"}}
    described = {
        "ProcessingJobName": "job",
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": output, **place}]},
    }
    (root / "config/processingjobconfig.json").write_text(json.dumps(described))
    run(root, arguments)
    (written,) = (root / "processing/output/job" / output.replace(".", "/")).glob("part-*.csv")
    return written.read_text().splitlines()


def test_columns_get_the_types_that_they_look_like(tmp_path: Path) -> None:
    rows = "".join(f"{age}, a{age},{age}.5,true\n" for age in range(20)) + "?, b, x,\n"
    lines = job(tmp_path, [source(), types()], "types.default", data=rows)
    assert lines[:2] == ["_c0,_c1,_c2,_c3", "0, a0,0.5,true"]
    assert lines[-1] == ", b,,"


def test_trained_types_are_applied_and_others_refused(tmp_path: Path) -> None:
    schema = {"_c0": "string", "_c1": "string", "_c2": "string", "_c3": "bool"}
    lines = job(tmp_path, [source(), types(trained_parameters={"schema": schema})], "types.default")
    assert lines[1:] == [
        "39, State-gov, Cuba,true",
        "50, Private, ?,false",
        "38, Private, Peru,true",
        ",Private , Peru,",
    ]
    with pytest.raises(
        FlowError, match="the trained schema has the columns _c0, but the data _c0, _c1, _c2, _c3"
    ):
        job(tmp_path, [source(), types(trained_parameters={"schema": {"_c0": "long"}})], "types.default")
    dates = {"schema": {**schema, "_c1": "date"}}
    with pytest.raises(FlowError, match=r"does not support the type date \(_c1\)"):
        job(tmp_path, [source(), types(trained_parameters=dates)], "types.default")


def test_columns_are_renamed_dropped_stripped_and_what_matches_is_missing(tmp_path: Path) -> None:
    renamed = [{"input_column": "_c0", "new_name": "age"}, {"input_column": "_c1", "new_name": "class"}]
    rename = {"operator": "Rename column", "rename_column_parameters": {"columns_to_rename": renamed}}
    drop = {"operator": "Drop column", "drop_column_parameters": {"column_to_drop": ["_c3"]}}
    pattern = {"input_column": "_c2", "pattern": "\\s*\\?", "output_column": "country"}
    missing = {"operator": "Convert regex to missing", "convert_regex_to_missing_parameters": pattern}
    nodes = [
        source(),
        transform("names", "source", "manage_columns", rename),
        transform("fewer", "names", "manage_columns", drop),
        strip("stripped", "fewer", ["age", "class"]),
        transform("known", "stripped", "search_and_edit", missing),
    ]
    assert job(tmp_path, nodes, "known.default") == [
        "age,class,_c2,country",
        "39,State-gov, Cuba, Cuba",
        "50,Private, ?,",
        "38,Private, Peru, Peru",
        ",Private, Peru, Peru",
    ]


def test_only_a_refit_learns_anew_and_leaves_a_flow_with_what_it_learned(tmp_path: Path) -> None:
    learned = {
        "impute_parameters": {"categorical_parameters": {HASH: NO_PARAMETERS, "impute_value": "Chile"}}
    }
    nodes = [source(), impute("filled", "source", "_c3", trained_parameters=learned)]
    assert job(tmp_path, nodes, "filled.default")[-1] == ",Private , Peru,Chile"
    told = json.dumps({"refit": True, "output_flow": "learned.flow"})
    rows = "a,b,c,x\na,b,c,x\na,b,c,\n"
    lines = job(tmp_path, nodes, "filled.default", f"--refit-trained-params '{told}'", data=rows)
    assert lines[-1] == "a,b,c,x"
    flow = json.loads((tmp_path / "ml/processing/output/job/learned.flow").read_text())
    assert flow["nodes"][1]["trained_parameters"]["impute_parameters"] == {
        "categorical_parameters": {HASH: NO_PARAMETERS, "impute_value": "x"}
    }
    assert job(tmp_path / "again", flow["nodes"], "filled.default")[-1] == ",Private , Peru,x"


def test_what_was_trained_with_other_parameters_is_not_applied(tmp_path: Path) -> None:
    other = {"impute_parameters": {"categorical_parameters": {HASH: 1, "impute_value": "Chile"}}}
    nodes = [source(), impute("filled", "source", "_c1", trained_parameters=other)]
    assert job(tmp_path, nodes, "filled.default", data="a,b\na,\n")[-1] == "a,b"


def outliers(column: str, **more: Any) -> dict[str, Any]:
    chosen = {"input_column": column, "standard_deviations": 4, "fix_method": "Remove"} | more
    kind = "Standard deviation numeric outliers"
    parameters = {"operator": kind, "standard_deviation_numeric_outliers_parameters": chosen}
    return transform("near", "types", "handle_outliers", parameters)


def test_rows_far_from_the_mean_are_left_out_by_what_was_learned(tmp_path: Path) -> None:
    rows = "".join(f"{hours}\n" for hours in [40] * 60 + [41] * 40 + [99])
    told = json.dumps({"refit": True, "output_flow": "learned.flow"})
    nodes = [source(), types(), outliers("_c0")]
    lines = job(tmp_path, nodes, "near.default", f"--refit-trained-params '{told}'", data=rows)
    assert len(lines) == 101
    assert "99" not in lines
    flow = json.loads((tmp_path / "ml/processing/output/job/learned.flow").read_text())
    again = job(tmp_path / "again", flow["nodes"], "near.default", data="99\n41\n90\n")
    assert again == ["_c0", "41"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fix_method": "Clip"}, "does not support fix_method Clip: only Remove"),
        ({"standard_deviations": "many"}, "standard_deviations is 'many', not a number"),
        ({"input_column": "_c1"}, "the column _c1 is not of numbers"),
    ],
)
def test_outliers_that_cannot_be_told_are_refused(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(FlowError, match=words):
        job(tmp_path, [source(), types(), outliers("_c0", **changes)], "near.default", data="1,a\n2,b\n")


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (
            transform("next", "source", "custom_pandas", {"code": ""}),
            "custom_pandas_0.1.*not support this operator",
        ),
        (
            transform("next", "source", "manage_columns", {"operator": "Move column"}),
            "node next .*does not support 'Move column' here: only Drop column, Rename column",
        ),
        (impute("next", "source", "_c9"), "input_column: there is no column '_c9' among _c0, _c1, _c2, _c3"),
        (impute("next", "nowhere", "_c1"), "takes from a node nowhere"),
        (impute("next", "next", "_c1"), "wait for each other"),
        (strip("next", "source", ["_c1", "_c2"], output_column="one"), "output_column one"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_node(
    tmp_path: Path, node: dict[str, Any], words: str
) -> None:
    with pytest.raises(FlowError, match=words):
        job(tmp_path, [source(), node], "next.default")


@pytest.mark.parametrize(
    ("nodes", "output", "words"),
    [
        ([source(s3ContentType="parquet")], "source.default", "s3ContentType parquet: only csv"),
        ([source(s3SkipLines=1)], "source.default", "not support s3SkipLines"),
        ([source()], "source.other", "no output source.other"),
        ([source()], "absent.default", "no output absent.default"),
        ([{"type": "SOURCE"}], "source.default", "people.flow is not a flow"),
    ],
)
def test_a_flow_that_cannot_be_read_is_refused(
    tmp_path: Path, nodes: list[dict[str, Any]], output: str, words: str
) -> None:
    with pytest.raises(FlowError, match=words):
        job(tmp_path, nodes, output)


def test_headers_and_delimiters_are_read_as_the_source_says(tmp_path: Path) -> None:
    nodes = [source(s3HasHeader=True, s3FieldDelimiter=";")]
    assert job(tmp_path, nodes, "source.default", data="a;b\n1;2;3\n4\n") == ["a,b", "1,2", "4,"]
    told = '--output-config \'{"source.default": {"content_type": "csv", "delimiter": "|"}}\''
    assert job(tmp_path, nodes, "source.default", told, data="a;b\n1;2\n") == ["a|b", "1|2"]
    with pytest.raises(FlowError, match="no rows"):
        job(tmp_path, nodes, "source.default", data="")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--parameter-override '{}'"], "not support the argument --parameter-override"),
        (["--output-config '{'"], "is not JSON"),
        (["--output-config '[]'"], "is not an object"),
        (['--refit-trained-params \'{"refit": "yes"}\''], "needs refit, which is true or false"),
        (["--output-config 'x"], "cannot be read"),
    ],
)
def test_arguments_that_are_none_are_refused(arguments: list[str], words: str) -> None:
    with pytest.raises(FlowError, match=words):
        JobArguments.read(arguments)


def test_the_image_is_aws_s_own_of_the_region() -> None:
    name = "dkr.ecr.eu-west-1.amazonaws.com/sagemaker-data-wrangler-container"
    found = stand_in(f"245179582081.{name}:3.x")
    assert found is not None
    assert found.dockerfile.is_file()
    assert not wrangler_image.is_meant(f"123456789012.{name}:3.x")
    assert not wrangler_image.is_meant(f"245179582081.{name}:1.x")
