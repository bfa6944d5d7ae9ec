#!/bin/sh
# Makes .venv-<name> from a hashed lock with the pinned uv; later builds take every package from uv's cache.
# Usage: sh buildspec/environment.sh <name> <lock>
set -eu

pinned=$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements-uv.txt)

if [ "$(uv --version 2>/dev/null | cut -d' ' -f2)" = "$pinned" ]; then
    uv=uv
else
    test -x .uv/bin/uv || python3 -m venv .uv
    .uv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-uv.txt
    uv=.uv/bin/uv
fi

"$uv" venv --quiet --clear --python 3.11 ".venv-$1"
"$uv" pip sync --quiet --python ".venv-$1/bin/python" --require-hashes "$2"
