#!/usr/bin/env bash
# Starts the app as `npm start` does on a machine without a display, in a directory of its own, and waits until it has converged.
set -euo pipefail
data=$(mktemp -d)
log="$data/start.log"
# A group of its own: npm does not hand a signal on to what it started.
set -m
# THATDAM_REQUIRE is for the tests, and the node refuses a variable of that kind that it does not know.
env -u DISPLAY -u WAYLAND_DISPLAY -u THATDAM_REQUIRE npm start -- --data "$data/node" --port 0 >"$log" 2>&1 &
pid=$!
set +m
trap 'kill -TERM -- "-$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; rm -rf "$data"' EXIT
for _ in $(seq 1 600); do
  if grep -qi 'converged' "$log" && grep -q 'http://127.0.0.1:' "$log"; then
    echo "npm start: serving and converged"
    exit 0
  fi
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.1
done
echo "npm start did not converge; it said:" >&2
cat "$log" >&2
exit 1
