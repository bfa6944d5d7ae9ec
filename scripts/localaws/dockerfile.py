"""Reading Dockerfiles: instructions with line numbers, variables filled in, forms told apart."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dockerfile_parse import DockerfileParser

from localaws.errors import UserError

VARIABLE = re.compile(r"\\(\$)|\$(?:(\w+)|\{(\w+)(?::(-|\+)([^}]*))?\})")


class DockerfileError(UserError):
    """A line that the image store cannot follow."""

    def __init__(self, instruction: Instruction, reason: str) -> None:
        super().__init__(
            f"Dockerfile line {instruction.line}: {instruction.name} {instruction.value}: {reason}; "
            "without the Docker engine an image is a Python environment, and only what makes one is understood"
        )


@dataclass(frozen=True)
class Instruction:
    """One instruction."""

    name: str
    value: str
    line: int

    def flags(self) -> tuple[dict[str, str], str]:
        """Split leading ``--name=value`` flags from the rest."""
        flags: dict[str, str] = {}
        rest = self.value
        while match := re.match(r"--([a-z]+)(?:=(\S+))?\s+", rest):
            flags[match[1]] = match[2] or ""
            rest = rest[match.end() :]
        return flags, rest

    def words(self, text: str) -> list[str]:
        """Split at blanks outside of quotes, or read the JSON form."""
        if text.lstrip().startswith("["):
            return self.json_list(text)
        try:
            return shlex.split(text)
        except ValueError as error:
            raise DockerfileError(self, str(error)) from error

    def json_list(self, text: str) -> list[str]:
        """Read a JSON list of strings."""
        try:
            words = json.loads(text)
        except ValueError as error:
            raise DockerfileError(self, "neither words nor a JSON list") from error
        return [str(word) for word in words]

    def command(self) -> tuple[str, ...]:
        """Return CMD or ENTRYPOINT as arguments; the shell form is run by a shell."""
        if self.value.lstrip().startswith("["):
            return tuple(self.json_list(self.value))
        return ("/bin/sh", "-c", self.value)

    def pairs(self) -> dict[str, str]:
        """Return the ``NAME=value`` pairs of ENV or LABEL; ENV also knows ``NAME value``."""
        words = self.words(self.value)
        if self.name == "ENV" and words and "=" not in words[0]:
            name, _, value = self.value.partition(" ")
            return {name: value.strip()}
        if not all("=" in word for word in words):
            raise DockerfileError(self, "expected NAME=value")
        return dict(word.split("=", 1) for word in words)

    def filled(self, variables: Mapping[str, str]) -> Instruction:
        """Return the instruction with its variables replaced."""
        return Instruction(self.name, fill(self.value, variables), self.line)


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Replace ``$NAME``, ``${NAME}``, ``${NAME:-default}`` and ``${NAME:+other}``."""

    def replace(match: re.Match[str]) -> str:
        if match[1]:
            return "$"
        value = variables.get(match[2] or match[3], "")
        if match[4] == "-":
            return value or match[5]
        if match[4] == "+":
            return match[5] if value else ""
        return value

    return VARIABLE.sub(replace, text)


def read(file: Path) -> list[Instruction]:
    """Return a Dockerfile's instructions without comments."""
    if not file.is_file():
        raise UserError(f"there is no {file}")
    with file.open("rb") as content:
        structure = DockerfileParser(fileobj=content).structure
    return [
        Instruction(entry["instruction"], entry["value"], entry["startline"] + 1)
        for entry in structure
        if entry["instruction"] != "COMMENT"
    ]


def bases(instructions: Iterable[Instruction], build_args: Mapping[str, str]) -> list[str]:
    """Return what stands behind FROM, with arguments filled in."""
    values: dict[str, str] = {}
    found = []
    for instruction in instructions:
        if instruction.name == "ARG":
            name, _, default = instruction.value.partition("=")
            values[name] = build_args.get(name, default.strip("\"'"))
        elif instruction.name == "FROM":
            _, image = instruction.filled(values).flags()
            found.append(image.split()[0])
    return found
