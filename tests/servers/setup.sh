#!/bin/sh
# Makes what the real-server runs need, in .cache-servers at the top of the checkout, from the pins beside this file:
# three Python environments, Node and the npm packages; Debian's Prometheus is installed with apt when it is missing.
# Prints that folder.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../pinned.sh"

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

if ! command -v prometheus >/dev/null; then
    echo "setup: installing prometheus" >&2
    # RUNLEVEL=1 keeps the package from starting a service of its own.
    { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq \
        --no-install-recommends prometheus; } >/dev/null ||
        { echo "setup: installing failed; as root, run: apt-get install prometheus" >&2; exit 1; }
fi
pinned_in "$(cd "$here/../.." && pwd)/.cache-servers"
for name in vendor moto ecs; do
    environment "$name" "$here/requirements-$name.txt"
done
node_of vendor
npm_packages packages "$here" "$cache/node"
echo "$cache"
