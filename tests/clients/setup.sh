#!/bin/sh
# Makes what the client matrix runs, in .cache-clients at the top of the checkout, from the pins beside this file: three
# Python environments, Node and the npm packages, and the rmcp client. Prints that folder.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../pinned.sh"

pinned_in "$(cd "$here/../.." && pwd)/.cache-clients"
for name in mcp2 mcp1 fastmcp; do
    environment "$name" "$here/requirements-$name.txt"
done
node_of mcp2
npm_packages packages "$here" "$cache/node"
CARGO_TARGET_DIR="$cache/rust" cargo build --quiet --locked --manifest-path "$here/rust/Cargo.toml" >&2
echo "$cache"
