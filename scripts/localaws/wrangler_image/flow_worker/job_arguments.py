"""The arguments of a Data Wrangler job in, what they ask for out (to `flow_job`)."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .flow_errors import FlowError

OUTPUT_CONFIG, REFIT = "--output-config", "--refit-trained-params"


@dataclass
class JobArguments:
    """What a job is told besides its flow.

    Attributes
    ----------
    outputs
        What is said of an output, by its name.
    refit
        Trained parameters are learned anew.
    output_flow
        The name of the flow file that then keeps them; empty for none.
    """

    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    refit: bool = False
    output_flow: str = ""

    @classmethod
    def read(cls, arguments: Sequence[str]) -> JobArguments:
        """Read arguments as exported notebooks write them: an option and its JSON, quoted, in one argument."""
        found = cls()
        try:
            words = shlex.split(" ".join(arguments))
        except ValueError as error:
            raise FlowError(f"the arguments {' '.join(arguments)} cannot be read: {error}") from error
        for option, value in zip(words[::2], [*words[1::2], ""], strict=False):
            found._take(option, value)
        return found

    def _take(self, option: str, value: str) -> None:
        if option not in (OUTPUT_CONFIG, REFIT):
            raise FlowError(f"localaws does not support the argument {option} of Data Wrangler")
        try:
            given = json.loads(value)
        except ValueError as error:
            raise FlowError(f"{option} {value} is not JSON: {error}") from error
        if not isinstance(given, dict):
            raise FlowError(f"{option} {value} is not an object")
        if option == OUTPUT_CONFIG:
            self.outputs.update(given)
            return
        if not isinstance(given.get("refit"), bool):
            raise FlowError(f"{option} {value} needs refit, which is true or false")
        self.refit, self.output_flow = given["refit"], str(given.get("output_flow", ""))
