#!/bin/sh
# The real servers through the gateway; --help explains. Installs what it needs first, see setup.sh.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=$("$here/setup.sh")
PYTHONPATH="$here:$here/../e2e" exec "$cache/vendor/bin/python" -B -W ignore "$here/through.py" "$@"
