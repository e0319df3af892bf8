#!/bin/sh
# Every end-to-end run, one after the other; --direct leaves the gateway out and so checks the runs themselves.
# The gateway under test is TOOLGATE_BIN, else target/debug/toolgate.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
python=$("$here/setup.sh")
failed=0
for run in standin_check healthimaging wrap; do
    echo "== $run"
    if [ "$run" = standin_check ]; then
        "$python" "$here/$run.py" || failed=1
    else
        "$python" "$here/$run.py" "$@" || failed=1
    fi
done
exit $failed
