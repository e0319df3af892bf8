#!/bin/sh
# The client matrix before every kind of server: of both eras, of one era (bridged), over HTTP and HTTP+SSE, and joined
# with another at /mcp. Takes the options of run.sh. It goes on after a failure and ends with 1 if there was one.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
failed=0
"$here/run.sh" "$@" || failed=1
for eras in legacy modern; do
    echo "== the server speaks one era: $eras"
    "$here/run.sh" --eras "$eras" "$@" || failed=1
done
echo "== the server is reached over HTTP"
"$here/run.sh" --upstream http --only ", http" "$@" || failed=1
echo "== the server is reached over HTTP+SSE"
"$here/run.sh" --upstream sse --only legacy "$@" || failed=1
echo "== two servers at /mcp"
"$here/run.sh" --joined "$@" || failed=1
exit $failed
