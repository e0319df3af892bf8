#!/bin/sh
# The official conformance suite, directly and through the gateway; README.md beside this file explains, --help lists.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
"${PYTHON:-python3}" "$here/selfcheck.py"
exec "${PYTHON:-python3}" "$here/run.py" "$@"
