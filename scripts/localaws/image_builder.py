"""Follows a Dockerfile without Docker: stages become folders, pip installs become virtual environments made by uv."""

from __future__ import annotations

import glob
import hashlib
import os
import posixpath
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docker.utils.build import exclude_paths

from localaws import dockerfile, processors
from localaws.bundled_wheels import bundled_wheels
from localaws.dockerfile import DockerfileError, Instruction
from localaws.errors import PlatformError, UserError
from localaws.stand_in_images import stand_in

# Raise when the same Dockerfile would be followed differently: kept images are made anew.
FORMAT = 1
PYTHON_BASE = re.compile(r"(?:[\w.:-]+/)*python:(?P<version>3\.\d+)(?:[.\w-]*)(?:@sha256:[0-9a-f]{64})?")
BASE_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
BASE_PYTHON = "/usr/local"
WITHOUT_EFFECT = {"HEALTHCHECK", "STOPSIGNAL", "MAINTAINER"}
# Users and ownership mean nothing to processes of one user; the image's own user is dropped as well.
IGNORED_COMMANDS = {"addgroup", "adduser", "chmod", "chown", "groupadd", "true", "useradd"}
PIP_FLAGS = {"--no-build-isolation", "--no-deps", "--require-hashes", "--upgrade", "-U"}
PIP_VALUES = {"-r", "--requirement", "-c", "--constraint", "--only-binary", "--no-binary", "--find-links"}
PIP_FILES = {"-r", "--requirement", "-c", "--constraint", "--find-links"}
PIP_IGNORED = re.compile(
    r"--(no-cache-dir|disable-pip-version-check|no-input|quiet|no-compile|no-warn-script-location|"
    r"root-user-action=\w+|progress-bar=\w+)|-q"
)


@dataclass
class Stage:
    """A stage in the making: its files below ``root``, and what its image would say of itself."""

    root: Path
    version: str
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": BASE_PATH})
    variables: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    ports: list[str] = field(default_factory=list)
    user: str = ""
    paths: set[str] = field(default_factory=set)

    def scope(self) -> dict[str, str]:
        """Return what instructions may refer to."""
        return {**self.variables, **self.environment}

    def path(self, text: str) -> str:
        """Return a container path, taken from the working directory."""
        return posixpath.normpath(posixpath.join(self.workdir, text))

    def host(self, path: str) -> Path:
        """Return where a container path lies on this machine."""
        return self.root / path.lstrip("/")

    def matches(self, pattern: str) -> list[str]:
        """Return the container paths that a shell's pattern stands for; the pattern itself when there are none."""
        path = self.path(pattern)
        return [f"/{found}" for found in sorted(glob.glob(path.lstrip("/"), root_dir=self.root))] or [path]

    def remove(self, pattern: str) -> None:
        """Remove what matches; files of an earlier stage lose only the name that they have here."""
        for path in self.matches(pattern):
            host = self.host(path)
            if host.is_dir() and not host.is_symlink():
                shutil.rmtree(host)
            else:
                host.unlink(missing_ok=True)

    def mount_points(self) -> list[str]:
        """Return the container paths that hold this stage's files, none below another."""
        paths = set(self.paths)
        if self.workdir != "/" and any(path.startswith(f"{self.workdir}/") for path in paths):
            paths.add(self.workdir)
        return sorted(path for path in paths if not any(path.startswith(f"{other}/") for other in paths))


def context_files(context: Path) -> list[str]:
    """Return the files of a build context, without what ``.dockerignore`` leaves out."""
    ignore = context / ".dockerignore"
    patterns = ignore.read_text().splitlines() if ignore.exists() else []
    patterns = [line.strip() for line in patterns if line.strip() and not line.startswith("#")]
    return sorted(exclude_paths(str(context), [*patterns, "**/__pycache__"]))


def content_key(context: Path, file: Path, build_args: Mapping[str, str]) -> str:
    """Return the SHA-256 of everything that decides what an image becomes."""
    digest = hashlib.sha256(f"{FORMAT} {sys.version_info[:2]} {sys.platform}\0".encode())
    for name, value in sorted(build_args.items()):
        digest.update(f"{name}={value}\0".encode())
    digest.update(file.read_bytes() + b"\0")
    instructions = dockerfile.read(file)
    for base in dockerfile.bases(instructions, build_args):
        # What stands in for an image of AWS's has a folder by the name of its content.
        if (ours := stand_in(base)) is not None:
            digest.update(f"{ours.folder.name}\0".encode())
    for source in _sources(context, instructions):
        path = context / source
        executable = path.stat().st_mode & 0o111 != 0
        digest.update(f"{source}\0{executable}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(context: Path, instructions: list[Instruction]) -> list[str]:
    """Return the context's files that the Dockerfile copies."""
    files = [name for name in context_files(context) if (context / name).is_file()]
    copied: set[str] = set()
    for instruction in instructions:
        flags, rest = instruction.flags()
        if instruction.name in ("COPY", "ADD") and "from" not in flags:
            for source in instruction.words(rest)[:-1]:
                wanted = {str(path.relative_to(context)) for path in _glob(context, source)}
                copied |= {name for name in files if _is_in(name, wanted)}
    return sorted(copied)


def _is_in(name: str, wanted: set[str]) -> bool:
    return "." in wanted or any(name == source or name.startswith(f"{source}/") for source in wanted)


def _glob(folder: Path, pattern: str) -> list[Path]:
    pattern = posixpath.normpath(pattern.lstrip("/"))
    return [folder] if pattern == "." else sorted(folder.glob(pattern))


class Builder:
    """Follows one Dockerfile.

    Parameters
    ----------
    context
        The build context.
    file
        The Dockerfile.
    build_args
        Values for its ARGs.
    folder
        An empty folder for the stages.
    progress
        Called with a line per step.
    find_base
        Makes a stage at a path out of an image that stands in for one of AWS's; None where nothing does.
    """

    def __init__(
        self,
        context: Path,
        file: Path,
        build_args: Mapping[str, str],
        folder: Path,
        progress: Callable[[str], None],
        find_base: Callable[[str, Path], Stage | None] = lambda uri, root: None,
    ) -> None:
        self._context = context
        self._instructions = dockerfile.read(file)
        self._build_args = build_args
        self._folder = folder
        self._progress = progress
        self._find_base = find_base
        self._files = set(context_files(context))
        self._global: dict[str, str] = {}
        self._stages: dict[str, Stage] = {}
        self._stage: Stage | None = None
        self._uv = _find_uv()

    def build(self) -> Stage:
        """Follow the Dockerfile to its end; return the last stage."""
        for instruction in self._instructions:
            self._progress(f"{instruction.name} {instruction.value}")
            if instruction.name == "FROM":
                self._from(instruction.filled(self._global))
            elif self._stage is None:
                self._before_stages(instruction)
            else:
                self._follow(self._stage, instruction)
        if self._stage is None:
            raise UserError("the Dockerfile has no FROM")
        return self._stage

    def _before_stages(self, instruction: Instruction) -> None:
        if instruction.name != "ARG":
            raise DockerfileError(instruction, "only ARG may stand before FROM")
        self._global |= self._argument(instruction.filled(self._global))

    def _argument(self, instruction: Instruction) -> dict[str, str]:
        name, given, default = instruction.value.partition("=")
        if name in self._build_args:
            return {name: self._build_args[name]}
        if given:
            return {name: shlex.split(default)[0] if default else ""}
        return {name: self._global[name]} if name in self._global else {}

    def _from(self, instruction: Instruction) -> None:
        _, rest = instruction.flags()
        words = rest.split()
        name = words[2] if len(words) == 3 and words[1].upper() == "AS" else str(len(self._stages))
        root = self._folder / f"stage-{len(self._stages)}"
        if words[0] in self._stages:
            self._stage = _descendant(self._stages[words[0]], root)
        elif (made := self._find_base(words[0], root)) is not None:
            self._stage = made
        else:
            match = PYTHON_BASE.fullmatch(words[0])
            if match is None:
                raise DockerfileError(
                    instruction,
                    "the base has to be a python:3.x image, an earlier stage or one of AWS's known here",
                )
            self._stage = Stage(root, match["version"])
            root.mkdir(parents=True)
            self._make_environment(self._stage, BASE_PYTHON)
        self._stages[name] = self._stage

    def _follow(self, stage: Stage, instruction: Instruction) -> None:
        name = instruction.name
        if name in WITHOUT_EFFECT:
            return
        if name == "RUN":
            self._run(stage, instruction)
            return
        filled = instruction if name in ("CMD", "ENTRYPOINT") else instruction.filled(stage.scope())
        match name:
            case "ARG":
                stage.variables |= self._argument(filled)
            case "ENV":
                stage.environment |= filled.pairs()
            case "LABEL":
                stage.labels |= filled.pairs()
            case "WORKDIR":
                stage.workdir = stage.path(filled.words(filled.value)[0])
            case "EXPOSE":
                stage.ports += filled.value.split()
            case "USER":
                stage.user = filled.value
            case "CMD":
                stage.command = instruction.command()
            case "ENTRYPOINT":
                stage.entrypoint = instruction.command()
                stage.command = ()
            case "COPY" | "ADD":
                self._copy(stage, filled)
            case _:
                raise DockerfileError(instruction, "this instruction is not supported")

    def _copy(self, stage: Stage, instruction: Instruction) -> None:
        flags, rest = instruction.flags()
        unknown = flags.keys() - {"from", "chown", "chmod", "link"}
        words = instruction.words(rest)
        if unknown or len(words) < 2 or any("://" in word or word.startswith("<<") for word in words):
            raise DockerfileError(
                instruction, "only files of the context or of an earlier stage can be copied"
            )
        if instruction.name == "ADD" and any(
            re.search(r"\.(tar|tgz|tbz2|txz)(\.|$)", word) for word in words
        ):
            raise DockerfileError(instruction, "archives are not unpacked; use COPY")
        target = stage.path(words[-1])
        sources = list(self._copy_sources(instruction, flags.get("from", ""), words[:-1]))
        into_folder = words[-1].endswith(("/", ".")) or len(sources) > 1 or stage.host(target).is_dir()
        for source in sources:
            if source.is_dir():
                self._copy_tree(source, stage.host(target), is_context="from" not in flags)
                stage.paths.add(target)
            else:
                place = posixpath.join(target, source.name) if into_folder else target
                _copy_file(source, stage.host(place))
                stage.paths.add(posixpath.dirname(place) if posixpath.dirname(place) != "/" else place)

    def _copy_sources(self, instruction: Instruction, stage: str, patterns: list[str]) -> Iterator[Path]:
        if stage and stage not in self._stages:
            raise DockerfileError(instruction, f"there is no stage {stage} before this line")
        folder = self._stages[stage].root if stage else self._context
        found = {pattern: _glob(folder, pattern) for pattern in patterns}
        for pattern, sources in found.items():
            # As for Docker, a pattern may match nothing as long as there is something to copy.
            if not sources and (not re.search(r"[*?[]", pattern) or not any(found.values())):
                raise DockerfileError(instruction, f"{pattern} does not exist")
            yield from sources

    def _copy_tree(self, source: Path, target: Path, *, is_context: bool) -> None:
        target.mkdir(parents=True, exist_ok=True)

        def left_out(folder: str, names: list[str]) -> list[str]:
            if not is_context:
                return []
            below = Path(folder).relative_to(self._context)
            return [name for name in names if str(below / name) not in self._files]

        # Files of an earlier stage are never changed in place, so a link will do.
        copy = shutil.copy2 if is_context else os.link
        shutil.copytree(
            source, target, symlinks=True, dirs_exist_ok=True, ignore=left_out, copy_function=copy
        )

    def _run(self, stage: Stage, instruction: Instruction) -> None:
        flags, rest = instruction.flags()
        if any(name != "mount" or "type=cache" not in value for name, value in flags.items()):
            raise DockerfileError(instruction, "of RUN's flags only cache mounts are understood")
        began_in = stage.workdir
        for words in _commands(instruction, dockerfile.fill(rest, stage.scope())):
            program = posixpath.basename(words[0])
            if program in IGNORED_COMMANDS:
                continue
            if program == "cd" and len(words) == 2:
                stage.workdir = stage.matches(words[1])[0]
            elif program == "rm":
                for pattern in words[1:]:
                    if not pattern.startswith("-"):
                        stage.remove(pattern)
            elif program == "mkdir":
                for path in words[1:]:
                    if not path.startswith("-"):
                        stage.host(stage.path(path)).mkdir(parents=True, exist_ok=True)
                        stage.paths.add(stage.path(path))
            elif re.fullmatch(r"python3?(\.\d+)?", program) and words[1:3] == ["-m", "venv"]:
                self._make_environment(stage, stage.path(_venv_folder(instruction, words[3:])))
            elif re.fullmatch(r"python3?(\.\d+)?", program) and words[1:4] == ["-m", "pip", "install"]:
                self._install(stage, instruction, words[0], words[4:])
            elif re.fullmatch(r"pip3?", program) and words[1:2] == ["install"]:
                self._install(stage, instruction, words[0], words[2:])
            else:
                raise DockerfileError(instruction, f"{program} cannot be run while no container is there")
        stage.workdir = began_in

    def _make_environment(self, stage: Stage, path: str) -> None:
        same = stage.version == f"{sys.version_info.major}.{sys.version_info.minor}"
        python = getattr(sys, "_base_executable", sys.executable) if same else stage.version
        # As Python's own venv does, a new environment begins with the pip (and setuptools) that Python brings.
        folder = str(stage.host(path))
        self._call_uv(
            "venv",
            "--relocatable",
            "--allow-existing",
            *([] if same else ["--seed"]),
            "--python",
            python,
            folder,
        )
        if same:
            wheels = [str(wheel) for wheel in bundled_wheels().values()]
            self._call_uv("pip", "install", "--offline", "--no-index", "--python", folder, *wheels)
        stage.paths.add(path)

    def _install(self, stage: Stage, instruction: Instruction, program: str, words: list[str]) -> None:
        python = _find_python(stage, program)
        if python is None:
            raise DockerfileError(instruction, "there is no Python environment on PATH")
        options: list[str] = []
        remaining = iter(words)
        for word in remaining:
            name, _, value = word.partition("=")
            if PIP_IGNORED.fullmatch(word):
                continue
            if word in PIP_FLAGS:
                options.append(word)
            elif name in PIP_VALUES:
                given = value or next(remaining, "")
                options += [name, str(stage.host(stage.path(given))) if name in PIP_FILES else given]
            elif name in ("-t", "--target"):
                target = stage.path(value or next(remaining, ""))
                options += ["--target", str(stage.host(target))]
                stage.paths.add(target)
            elif word.startswith("-"):
                raise DockerfileError(instruction, f"pip's option {word} is not understood")
            else:
                options.append(word)
        folder = stage.host(stage.workdir)
        folder.mkdir(parents=True, exist_ok=True)
        # The image may be told not to write bytecode, so what it imports is compiled here.
        self._call_uv(
            "pip", "install", "--compile-bytecode", "--python", str(python), *options, folder=folder
        )

    def _call_uv(self, *words: str, folder: Path | None = None) -> None:
        with processors.starting_on_all():
            result = subprocess.run(  # noqa: S603 - uv, with arguments and no shell
                [self._uv, "--quiet", *words], cwd=folder, capture_output=True, text=True, check=False
            )
        if result.returncode:
            raise PlatformError(f"uv {' '.join(words)} failed:\n{result.stderr.strip()}")


def _find_uv() -> str:
    beside = Path(sys.executable).parent
    uv = shutil.which("uv", path=str(beside)) or shutil.which("uv")
    if uv is None:
        raise PlatformError("uv is needed to prepare images, and is neither beside this Python nor on PATH")
    return uv


def _descendant(parent: Stage, root: Path) -> Stage:
    """Return a stage that begins where another stands."""
    shutil.copytree(parent.root, root, symlinks=True, copy_function=os.link)
    return Stage(
        root=root,
        version=parent.version,
        environment=dict(parent.environment),
        workdir=parent.workdir,
        entrypoint=parent.entrypoint,
        command=parent.command,
        labels=dict(parent.labels),
        ports=list(parent.ports),
        user=parent.user,
        paths=set(parent.paths),
    )


def _commands(instruction: Instruction, text: str) -> list[list[str]]:
    """Split a RUN line at ``&&``; refuse every other operator of the shell."""
    if text.lstrip().startswith("["):
        return [instruction.json_list(text)]
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|<>()`$")
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    for word in lexer:
        if word == "&&":
            commands.append([])
        elif re.fullmatch(r"[;&|<>()`$]+", word):
            raise DockerfileError(instruction, f"of the shell only && is understood, not {word}")
        else:
            commands[-1].append(word)
    if not all(commands):
        raise DockerfileError(instruction, "a command is missing")
    return commands


def _venv_folder(instruction: Instruction, words: list[str]) -> str:
    harmless = {"--copies", "--clear", "--upgrade-deps", "--symlinks"}
    folders = [word for word in words if word not in harmless]
    if len(folders) != 1 or folders[0].startswith("-"):
        raise DockerfileError(instruction, "expected python -m venv FOLDER")
    return folders[0]


def _find_python(stage: Stage, program: str) -> Path | None:
    """Return the Python whose environment a ``pip`` belongs to: by its path, else the first on PATH."""
    folders = [posixpath.dirname(program)] if "/" in program else stage.environment["PATH"].split(":")
    candidates = (stage.host(folder) / "python" for folder in folders if folder)
    return next((python for python in candidates if python.exists()), None)


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # The target may be a link to a file of an earlier stage, which must stay as it is.
    target.unlink(missing_ok=True)
    shutil.copy2(source, target)
