#!/usr/bin/env bash
# Runs the tests that need neither npm nor a service on Deno and Bun, and a part of them on workerd.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=runtimes/node_modules/.bin
tests=(build/{arguments,bulk,conformance-{exchanges,many,webhooks},secrets,surface}.test.js)
NO_COLOR=1 "$bin/deno" test --allow-all --no-check --quiet "${tests[@]}" build/transport.test.js | tail -n 2
"$bin/bun" test "${tests[@]/#/./}" 2>&1 | tail -n 5
node_modules/.bin/esbuild runtimes/worker.mjs --bundle --format=esm --outfile=build/worker.js --log-level=warning
"$bin/workerd" test runtimes/worker.capnp
