#!/usr/bin/env bash
# Expected: a VARCHAR that DuckDB's client for Node hands over is the text that the database has.
# Seen:     where the text begins with U+FEFF, the client leaves that one out; inside a text it stays. DuckDB itself and a text that is
#           bound as a parameter keep it, so length() says one more than the text that came has.
# Matters:  two keys that differ by it become one as soon as rows are grouped or merged in JavaScript, and what is written back is another
#           value. Put a letter in front in SQL (and take it off), or read hex(), where the text must be exact.
# Versions: @duckdb/node-api 1.5.6-r.1; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @duckdb/node-api@1.5.6-r.1
cat >read.cjs <<'JS'
const { DuckDBInstance } = require('@duckdb/node-api')

async function main() {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const sent = '\ufeffBern'
  const reader = await connection.runAndReadAll(
    "SELECT $1::VARCHAR AS text, length($1::VARCHAR) AS characters, 'x' || $1 AS behind",
    [sent],
  )
  const [{ text, characters, behind }] = reader.getRowObjectsJS()
  console.log(`sent ${sent.length} characters; DuckDB has ${characters}; handed over ${text.length}, behind a letter ${behind.length}`)
  const isAsSeen = Number(characters) === 5 && text === 'Bern' && behind === `x${sent}`
  console.log(isAsSeen ? 'As seen: the client drops a leading U+FEFF.' : 'CHANGED')
  process.exit(isAsSeen ? 0 : 1)
}

main()
JS
node read.cjs
