"""The transforms that are understood: a table and a node's parameters in, the table and what was learned out.

An operator's parameters are chosen by its own ``operator`` parameter and lie below a key of their own; what it has
learned lies below the same keys in the node's trained parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pandas as pd

from .column_types import cast, infer, most_frequent
from .flow_errors import FlowError
from .tables import TEXT

Parameters: TypeAlias = Mapping[str, Any]
Transformed: TypeAlias = tuple[pd.DataFrame, dict[str, Any]]
Transform: TypeAlias = Callable[[pd.DataFrame, Parameters, Parameters], Transformed]

HASH = "_hash"
"""Tells with which parameters it was learned: with others, it is learned anew."""
NO_PARAMETERS = hash(frozenset[Any]())
"""Data Wrangler's hash of the parameters that an imputation by category is trained with, of which there are none."""


def infer_and_cast(table: pd.DataFrame, parameters: Parameters, trained: Parameters) -> Transformed:
    """Give columns their types: those of the trained schema, or what they look like."""
    schema = dict(trained.get("schema") or infer(table))
    return cast(table, schema), {"schema": schema}


def drop_column(table: pd.DataFrame, parameters: Parameters, trained: Parameters) -> Transformed:
    """Leave out one column or several."""
    return table.drop(columns=_columns(table, parameters, "column_to_drop")), {}


def rename_column(table: pd.DataFrame, parameters: Parameters, trained: Parameters) -> Transformed:
    """Give columns other names, one after the other."""
    given = list(parameters.get("columns_to_rename") or ())
    if parameters.get("input_column"):
        given.append(parameters)
    for each in given:
        (old,), new = _columns(table, each, "input_column"), each.get("new_name")
        if not new or new in table.columns:
            raise FlowError(f"{old} cannot be renamed to {new!r}: it must be a name that no column has")
        table = table.rename(columns={old: new})
    return table, {}


def strip_left_and_right(table: pd.DataFrame, parameters: Parameters, trained: Parameters) -> Transformed:
    """Take characters, spaces unless told, from both ends of texts."""
    characters = parameters.get("characters_to_remove")

    def strip(column: pd.Series[str]) -> pd.Series[str]:
        return column.astype(TEXT).str.strip(characters)

    return _edited(table, parameters, strip), {}


def convert_regex_to_missing(table: pd.DataFrame, parameters: Parameters, trained: Parameters) -> Transformed:
    """Take what matches a pattern as a whole for missing."""
    pattern = parameters.get("pattern")
    if not pattern:
        raise FlowError("it needs a pattern")
    try:
        wanted = re.compile(f"^{pattern}$")
    except re.error as error:
        raise FlowError(f"the pattern {pattern} is no regular expression: {error}") from error

    def convert(column: pd.Series[str]) -> pd.Series[str]:
        return column.mask(column.astype(TEXT).str.contains(wanted).fillna(False))

    return _edited(table, parameters, convert), {}


def impute_categorical(table: pd.DataFrame, parameters: Parameters, trained: Parameters) -> Transformed:
    """Put a column's most frequent value, or the trained one, where there is none."""
    (name,) = _columns(table, parameters, "input_column")
    there = table[name][~_missing(table[name])]
    value = trained.get("impute_value") if trained.get(HASH) == NO_PARAMETERS else None
    if value is None:
        value = most_frequent(there)
    if value is None:
        raise FlowError(f"the column {name} has no values, of which the most frequent could be taken")

    def impute(column: pd.Series[str]) -> pd.Series[str]:
        return column.mask(_missing(column), value)

    return _edited(table, parameters, impute), {HASH: NO_PARAMETERS, "impute_value": value}


def remove_far_from_mean(table: pd.DataFrame, parameters: Parameters, trained: Parameters) -> Transformed:
    """Leave out rows whose number is many standard deviations from the mean, or beyond the trained thresholds."""
    (name,) = _columns(table, parameters, "input_column")
    if not pd.api.types.is_numeric_dtype(table[name].dtype):
        raise FlowError(f"the column {name} is not of numbers")
    if parameters.get("fix_method") != "Remove":
        raise FlowError(f"localaws does not support fix_method {parameters.get('fix_method')}: only Remove")
    wide = _deviations(parameters)
    told = f"Remove {wide}"
    if trained.get(HASH) != told:
        mean, deviation = float(table[name].mean()), float(table[name].std())
        trained = {
            HASH: told,
            "lower_threshold": mean - wide * deviation,
            "upper_threshold": mean + wide * deviation,
        }
    near = table[name].between(trained["lower_threshold"], trained["upper_threshold"])
    return table[near.fillna(False)], dict(trained)


def _deviations(parameters: Parameters) -> float:
    given = parameters.get("standard_deviations", 4)
    try:
        return float(given)
    except (TypeError, ValueError) as error:
        raise FlowError(f"standard_deviations is {given!r}, not a number") from error


def _choice(key: str, choices: Mapping[str, tuple[str, Transform]]) -> Transform:
    """Return the transform that chooses by the parameter ``key`` of others, by name: their parameters' key and they."""

    def transform(table: pd.DataFrame, parameters: Parameters, trained: Parameters) -> Transformed:
        chosen = parameters.get(key)
        if chosen not in choices:
            raise FlowError(f"localaws does not support {chosen!r} here: only {', '.join(choices)}")
        below, function = choices[str(chosen)]
        table, learned = function(table, parameters.get(below) or {}, trained.get(below) or {})
        return table, {below: learned} if learned else {}

    return transform


def _columns(table: pd.DataFrame, parameters: Parameters, key: str) -> list[str]:
    given = parameters.get(key)
    names = given if isinstance(given, list) else [given]
    if absent := [name for name in names if name not in table.columns]:
        raise FlowError(f"{key}: there is no column {absent[0]!r} among {', '.join(table.columns)}")
    return [str(name) for name in names]


def _edited(
    table: pd.DataFrame, parameters: Parameters, edit: Callable[[pd.Series[str]], pd.Series[str]]
) -> pd.DataFrame:
    """Return the table with columns edited, in their place or, if there is one, in the output column."""
    names = _columns(table, parameters, "input_column")
    target = parameters.get("output_column")
    if target and len(names) > 1:
        raise FlowError(f"output_column {target}: localaws supports it for one column only")
    return table.assign(**{target or name: edit(table[name]) for name in names})


def _missing(column: pd.Series[str]) -> pd.Series[bool]:
    blank = column.str.strip() == "" if column.dtype == TEXT else False
    return column.isna() | blank


TRANSFORMS: Mapping[str, Transform] = {
    "sagemaker.spark.infer_and_cast_type_0.1": infer_and_cast,
    "sagemaker.spark.manage_columns_0.1": _choice(
        "operator",
        {
            "Drop column": ("drop_column_parameters", drop_column),
            "Rename column": ("rename_column_parameters", rename_column),
        },
    ),
    "sagemaker.spark.format_string_0.1": _choice(
        "operator",
        {"Strip left and right": ("strip_left_and_right_parameters", strip_left_and_right)},
    ),
    "sagemaker.spark.search_and_edit_0.1": _choice(
        "operator",
        {"Convert regex to missing": ("convert_regex_to_missing_parameters", convert_regex_to_missing)},
    ),
    "sagemaker.spark.handle_outliers_0.1": _choice(
        "operator",
        {
            "Standard deviation numeric outliers": (
                "standard_deviation_numeric_outliers_parameters",
                remove_far_from_mean,
            )
        },
    ),
    "sagemaker.spark.handle_missing_0.1": _choice(
        "operator",
        {
            "Impute": (
                "impute_parameters",
                _choice("column_type", {"Categorical": ("categorical_parameters", impute_categorical)}),
            )
        },
    ),
}
