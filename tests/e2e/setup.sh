#!/bin/sh
# Makes the Python environment of the end-to-end runs in .cache-e2e at the top of the checkout, from the pinned
# requirements beside this file, and prints the path of its Python. It must never touch anything outside .cache-e2e.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../pinned.sh"

pinned_in "$(cd "$here/../.." && pwd)/.cache-e2e"
environment python "$here/requirements.txt"
echo "$cache/python/bin/python"
