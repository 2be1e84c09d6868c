#!/usr/bin/env bash
# Expected: the newest version of a package, which `npm install` takes, has the file that its package.json names as its main.
# Seen:     @dsnp/parquetjs 1.9.3 has its documents, its package.json and parquet.thrift, and no dist/: every import ends with "Cannot find
#           package". The install says nothing. 1.8.9, the version before, is whole.
# Matters:  a range such as ^1.8.0, as npm writes it, takes the empty one at the next install without a lock file.
# Versions: @dsnp/parquetjs 1.9.3 and 1.8.9 (npm), Node 24 and 20; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for version in 1.8.9 1.9.3; do
  mkdir "$version"
  (
    cd "$version"
    npm init -y >/dev/null
    npm install --no-audit --no-fund --silent "@dsnp/parquetjs@$version"
    echo "import('@dsnp/parquetjs').then((parquet) => console.log(typeof parquet.default.ParquetWriter), (error) => console.log(error.code))" >run.mjs
    node run.mjs >said.txt
  )
  echo "$version: $(cat "$version/said.txt")"
done
[ "$(cat 1.8.9/said.txt)" = function ] && [ "$(cat 1.9.3/said.txt)" = ERR_MODULE_NOT_FOUND ] || {
  echo 'The behaviour has changed.' >&2
  exit 1
}
