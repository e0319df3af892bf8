#!/bin/sh
# Installs what the conformance runs need and prints the path of the Node that runs them: Node 22 in .cache-conformance
# at the top of the checkout, the suite beside this file, the two fixtures in their own folders; all from pinned
# versions. It must never install anything for the whole machine.
#
#     setup.sh FIXTURE…     rmcp, ts, everything; only these are built
set -eu

here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
. "$here/../pinned.sh"

pinned_in "$checkout/.cache-conformance"
environment node "$here/requirements.txt"
node_of node
npm_packages suite "$here" "$here"
for fixture in "$@"; do
    case "$fixture" in
        rmcp) (cd "$here/../fixtures/rmcp-server" && CARGO_TARGET_DIR=target cargo build --quiet --locked) >&2 ;;
        ts) npm_packages ts "$checkout/tests/fixtures/ts-server" "$checkout/tests/fixtures/ts-server" ;;
        everything) ;;
    esac
done
echo "$node"
