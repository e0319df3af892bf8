#!/bin/sh
# Makes the Python environment of the end-to-end runs in .venv-e2e at the top of the checkout, from the pinned
# requirements beside this file, and prints the path of its Python. Does nothing when it is up to date.
# It must never touch anything outside .venv-e2e.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
venv=$(cd "$here/../.." && pwd)/.venv-e2e
python=${PYTHON:-python3}

wanted="$("$python" --version) $(sha256sum <"$here/requirements.txt")"
if [ -x "$venv/bin/python" ] && [ "$(cat "$venv/stamp" 2>/dev/null)" = "$wanted" ]; then
    echo "$venv/bin/python"
    exit 0
fi

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "setup: $python is older than 3.11; point PYTHON at a newer one" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    echo "setup: $python cannot make virtual environments; install them first: apt-get install python3-venv" >&2
    exit 1
fi

echo "setup: installing the pinned packages into $venv" >&2
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
    --requirement "$here/requirements.txt" >&2
"$venv/bin/python" -m pip check >&2
echo "$wanted" >"$venv/stamp"
echo "$venv/bin/python"
