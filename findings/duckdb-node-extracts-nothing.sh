#!/usr/bin/env bash
# Expected: extractStatements() of a text without a statement (empty, a comment alone, a semicolon) gives a list with count 0, as
#           DuckDB's clients for Python and the command line take such a text without an error.
# Seen:     it rejects with "Error in native callback", which names neither the text nor what is wrong. A comment before or behind
#           a statement, and a second semicolon, are taken and counted rightly.
# Matters:  a prompt shows its user a message about the client's inside for pressing enter too early.
# Versions: @duckdb/node-api 1.5.6-r.1; seen 2026-11-29. Python's duckdb 2.0.1 beside it.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @duckdb/node-api@1.5.6-r.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1
cat >run.py <<'PY'
import json, sys, duckdb

counts = [len(duckdb.extract_statements(text)) for text in json.loads(sys.argv[1])]
print("Python", duckdb.__version__, counts)
if counts != [0, 0, 0, 1, 1]:
    sys.exit("The behaviour of the other client has changed.")
PY
cat >run.mjs <<'JS'
import duckdb from '@duckdb/node-api'

const texts = JSON.parse(process.argv[2])
const connection = await (await duckdb.DuckDBInstance.create()).connect()
const seen = []
for (const text of texts) {
  const found = await connection.extractStatements(text).then(({ count }) => count, ({ message }) => message)
  console.log(`Node ${duckdb.version()}`, JSON.stringify(text), found)
  seen.push(found)
}
const nothing = 'Error in native callback'
if (JSON.stringify(seen) !== JSON.stringify([nothing, nothing, nothing, 1, 1])) {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
texts='["", "-- SELECT 1", ";", "SELECT 1;;", "SELECT 1 -- one"]'
venv/bin/python run.py "$texts"
node run.mjs "$texts"
