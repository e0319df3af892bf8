#!/bin/sh
# The client matrix; --help explains. Installs what it needs first, see setup.sh.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=$("$here/setup.sh")
PYTHONPATH="$here:$here/../e2e" exec "$cache/mcp2/bin/python" -B "$here/matrix.py" "$@"
