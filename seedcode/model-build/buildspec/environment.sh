#!/bin/sh
# Makes .venv-<name> from hashed locks with the pinned uv; later builds take every package from uv's cache.
# Usage: sh buildspec/environment.sh <name> <lock> [<lock> ...]
set -eu

name=$1
shift
pinned=$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements/uv.txt)

# Without internet the platform has the packages, each below its own name; there is no index from here on.
wheels=$PWD/.wheels
fetch() {
    names=$(sed -n 's/^\([a-z0-9._-]*\)\(\[[^]]*\]\)\{0,1\}==.*/\1/p' "$@" | sort -u)
    # The names are patterns for aws, and none for the shell.
    (set -f && aws s3 cp --recursive --only-show-errors "$PACKAGES_URI/" "$wheels/packages/" \
        --exclude '*' $(printf -- '--include %s/* ' $names))
    find "$wheels/packages" -type f -exec mv {} "$wheels/" \;
}
if [ -n "${PACKAGES_URI:-}" ]; then
    fetch requirements/uv.txt "$@"
    export PIP_NO_INDEX=1 PIP_FIND_LINKS="$wheels" UV_OFFLINE=1 UV_FIND_LINKS="$wheels"
fi

if [ "$(uv --version 2>/dev/null | cut -d' ' -f2)" = "$pinned" ]; then
    uv=uv
else
    test -x .uv/bin/uv || python3 -m venv .uv
    .uv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/uv.txt
    uv=.uv/bin/uv
fi

"$uv" venv --quiet --clear --python 3.11 ".venv-$name"
for lock in "$@"; do
    "$uv" pip install --quiet --python ".venv-$name/bin/python" --require-hashes --requirement "$lock"
done
