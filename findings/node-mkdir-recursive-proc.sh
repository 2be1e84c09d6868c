#!/usr/bin/env bash
# Node's recursive mkdir below /proc.
#
# One would expect: `fs.mkdirSync(path, { recursive: true })` fails with the system's error where a folder cannot be made, as
# `mkdir -p` does ("No such file or directory").
# What happens: it never returns. The file system answers ENOENT although the parent is there; Node takes that for "the parent is
# missing", finds the parent, tries again, and so on. With NODE_COMPILE_CACHE below such a place, `node` itself never starts.
# We make folders step by step, and choose the cache's folder ourselves (src/bin.cjs, src/commands/shared/data-folder.ts).
#
# Versions: Node 22.19.0 and 24.21.0 (npm package `node`), Linux.
# Source: https://nodejs.org/docs/latest-v24.x/api/fs.html#fsmkdirsyncpath-options
set -euo pipefail
[ "$(uname -s)" = Linux ] || { echo 'Only on Linux.'; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
code=0
mkdir -p /proc/nothing/below 2> /dev/null || code=$?
echo "mkdir -p:      exit code $code"
for version in 22.19.0 24.21.0; do
  npm install --silent --no-audit --no-fund --no-save "node@$version" > /dev/null
  node=./node_modules/node/bin/node
  code=0
  timeout 5 "$node" -e 'require("node:fs").mkdirSync("/proc/nothing/below", { recursive: true })' 2> /dev/null || code=$?
  echo "Node $version: exit code $code (124: ended by us after 5 s)"
  [ "$code" = 124 ]
done
