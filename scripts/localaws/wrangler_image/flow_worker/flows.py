"""A flow file in, the tables of its nodes and the flow with what they learned out (to `flow_job`)."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from .flow_errors import FlowError
from .operators import TRANSFORMS
from .tables import read_csv

S3_SOURCE = "sagemaker.s3_source_0.1"
UNSUPPORTED_OPTIONS = ("s3AddsFilenameColumn", "s3SkipLines", "s3MultiLine")
OUTPUT = "default"


@dataclass
class Flow:
    """A flow in the making: a node is run when its table is asked for, once.

    Attributes
    ----------
    document
        The flow file; trained parameters are written into it.
    data
        The folder that holds the data sets, each by its name.
    refit
        What is in the file as trained does not count.
    """

    document: dict[str, Any]
    data: Path
    refit: bool = False
    _tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    _running: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, file: Path, data: Path, refit: bool) -> Flow:
        """Read a file; raise `FlowError` where it is no flow."""
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise FlowError(f"{file.name} is not JSON: {error}") from error
        nodes = document.get("nodes") if isinstance(document, dict) else None
        if not isinstance(nodes, list) or not all(isinstance(n, dict) and "node_id" in n for n in nodes):
            raise FlowError(f"{file.name} is not a flow: it needs nodes with a node_id each")
        return cls(copy.deepcopy(document), data, refit)

    def table(self, output: str) -> pd.DataFrame:
        """Return the table of an output, named ``<node id>.<output>``."""
        node, _, name = output.rpartition(".")
        if node not in self._nodes or name != OUTPUT:
            raise FlowError(f"the flow has no output {output}")
        return self._run(node)

    @property
    def _nodes(self) -> Mapping[str, dict[str, Any]]:
        return {str(node["node_id"]): node for node in self.document["nodes"]}

    def _run(self, name: str) -> pd.DataFrame:
        if name in self._running:
            raise FlowError(f"the nodes {' and '.join(self._running)} wait for each other")
        if name not in self._tables:
            self._running.append(name)
            node = self._nodes[name]
            inputs = [self._input(node, each) for each in node.get("inputs") or ()]
            try:
                self._tables[name] = self._result(node, inputs)
            except FlowError as error:
                raise FlowError(f"node {name} ({node.get('operator')}): {error}") from error
            self._running.pop()
        return self._tables[name]

    def _input(self, node: Mapping[str, Any], given: Mapping[str, Any]) -> pd.DataFrame:
        source = str(given.get("node_id"))
        if source not in self._nodes:
            raise FlowError(
                f"node {node['node_id']} takes from a node {source}, which the flow does not have"
            )
        return self._run(source)

    def _result(self, node: dict[str, Any], inputs: list[pd.DataFrame]) -> pd.DataFrame:
        parameters = node.get("parameters") or {}
        if node.get("operator") == S3_SOURCE:
            return self._source(parameters.get("dataset_definition") or {})
        transform = TRANSFORMS.get(str(node.get("operator")))
        if transform is None:
            raise FlowError("localaws does not support this operator")
        if len(inputs) != 1:
            raise FlowError(f"it takes one table, not {len(inputs)}")
        trained = {} if self.refit else node.get("trained_parameters") or {}
        table, learned = transform(inputs[0], parameters, trained)
        if learned:
            node["trained_parameters"] = learned
        return table

    def _source(self, definition: Mapping[str, Any]) -> pd.DataFrame:
        context = definition.get("s3ExecutionContext") or {}
        kind = str(context.get("s3ContentType", "")).lower()
        if kind != "csv":
            raise FlowError(f"localaws does not support s3ContentType {kind}: only csv")
        if asked := [option for option in UNSUPPORTED_OPTIONS if context.get(option)]:
            raise FlowError(f"localaws does not support {asked[0]}")
        folder = self.data / str(definition.get("name"))
        if not folder.is_dir():
            raise FlowError(f"the job has no input {definition.get('name')} with the data set")
        return read_csv(folder, context)
