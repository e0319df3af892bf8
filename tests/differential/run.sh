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

. "$here/../pinned.sh"
pinned_in "$cache"
for name in 1 2 node; do
    environment "python-$name" "$here/requirements-$name.txt"
done
node_of python-node
packages="$cache/packages"
npm_packages packages "$here" "$packages"
cp "$here/read.mjs" "$packages/read.mjs"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$top"
cargo build --quiet -p mcp --example mutants
"${CARGO_TARGET_DIR:-target}/debug/examples/mutants" "$count" "$first" >"$work/forwarded.jsonl"

# A reader that finds nothing must be able to find something.
sed -n '/"arguments":/{p;q}' "$work/forwarded.jsonl" | sed 's/"arguments":"{/"arguments":"{\\"planted\\":1,/; s/,}/}/' >"$work/planted.jsonl"

failed=0
for reader in "$cache/python-1/bin/python $here/read.py" "$cache/python-2/bin/python $here/read.py" "$node $packages/read.mjs"; do
    if $reader <"$work/planted.jsonl" >"$work/found.txt"; then
        echo "run.sh: a reader did not notice a planted difference: $reader" >&2
        exit 1
    fi
    $reader <"$work/forwarded.jsonl" || failed=1
done
exit $failed
