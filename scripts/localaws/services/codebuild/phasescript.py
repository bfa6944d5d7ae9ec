"""The commands of a build as scripts: a buildspec comes in, files that a shell in the container runs go out.

One driver stays alive for the whole build. Each command runs in a shell of its own that takes over the directory and
the variables from the one before, exported or not, as on version 0.2 all commands share one shell. What the driver
begins and ends it tells by marked lines in its output.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from localaws.services.codebuild.buildspec import PHASES, Buildspec

CONTROL = "/codebuild/readonly"
POLL_SECONDS = "0.05"

_DRIVER = f"""\
control=$1
token=$2
succeeding=1
aborted=
mark() {{ printf '%s %s\\n' "$token" "$*"; }}
until [ -e "$control/go" ]; do sleep {POLL_SECONDS}; done
shell=$(cat "$control/shell")
printf '%s\\n' "$CODEBUILD_SRC_DIR" > "$control/directory"
"$shell" -c '. "$1/prelude"; export -p > "$1/environment"' sh "$control"
run() {{
  mark command "$1"
  "$shell" "$control/command.sh" "$control" "$1" "$succeeding"
}}
phase() {{
  [ -z "$aborted" ] || return 0
  mark begin "$1"
  failed=
  for number in $2; do
    run "$number" || {{ failed="$number $?"; break; }}
  done
  for number in $3; do
    run "$number" || {{ status=$?; failed=${{failed:-$number $status}}; break; }}
  done
  mark end "$1" $failed
  [ -n "$failed" ] || return 0
  succeeding=0
  case "$4:$1" in
    CONTINUE:*|:BUILD) ;;
    *) aborted=1 ;;
  esac
}}
. "$control/phases"
"$shell" -c '. "$1/environment"; env -0' sh "$control" > "$control/final"
mark done
"""

_COMMAND = """\
codebuild_control=$1
codebuild_number=$2
. "$codebuild_control/environment"
CODEBUILD_BUILD_SUCCEEDING=$3
export CODEBUILD_BUILD_SUCCEEDING
cd "$(cat "$codebuild_control/directory")" || exit 1
codebuild_leave() {
  codebuild_status=$?
  export -p > "$codebuild_control/environment"
  pwd > "$codebuild_control/directory"
  exit "$codebuild_status"
}
trap codebuild_leave EXIT
set --
set -a
. "$codebuild_control/commands/$codebuild_number"
"""


def write_driver(control: Path) -> None:
    """Write what can be written before the source is there."""
    (control / "commands").mkdir(parents=True)
    (control / "driver.sh").write_text(_DRIVER)
    (control / "command.sh").write_text(_COMMAND)


def driver_command(token: str) -> list[str]:
    """Return the container's command; ``token`` begins the lines by which the driver speaks."""
    return ["/bin/sh", f"{CONTROL}/driver.sh", CONTROL, token]


def write_phases(control: Path, spec: Buildspec, variables: Mapping[str, str]) -> dict[int, str]:
    """Write what the waiting driver will run; return the commands by their numbers."""
    commands: dict[int, str] = {}
    lines = []
    for name in PHASES:
        phase = spec.phases[name]
        numbers = []
        for part in (phase.commands, phase.always):
            first = len(commands) + 1
            commands.update(enumerate(part, first))
            numbers.append(" ".join(str(number) for number in range(first, first + len(part))))
        lines.append(shlex.join(["phase", name.upper(), *numbers, phase.on_failure]))
    for number, command in commands.items():
        (control / "commands" / str(number)).write_text(f"{command}\n")
    (control / "phases").write_text("\n".join(lines) + "\n")
    (control / "shell").write_text(spec.shell)
    exports = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    (control / "prelude").write_text("".join(exports))
    return commands


def release(control: Path) -> None:
    """Let the waiting driver go; from now on it speaks."""
    (control / "go").touch()


def final_environment(control: Path) -> dict[str, str]:
    """Return the exported variables that the last command left; empty when the driver did not get there."""
    path = control / "final"
    if not path.exists():
        return {}
    pairs = path.read_bytes().decode(errors="replace").split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)
