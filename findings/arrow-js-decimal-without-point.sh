#!/usr/bin/env bash
# Expected: a DECIMAL(5, 2) of 1.25 that comes out of Arrow's JavaScript library as a value with toString, toJSON and Number() shows 1.25, or the
#           names say that it is without its scale, as Python's library has Decimal and DuckDB's for Node prints 1.25.
# Seen:     all three give 125: the scale is left to the type, which nobody asks, and JSON.stringify of a row has a text with quotation marks in it. The
#           type itself prints as Decimal[5e+2], precision and scale joined by the sign of the scale.
# Matters:  amounts of a Parquet file (here by way of parquet-wasm) are a hundred times too large on a page, and no two columns by the same factor.
# Versions: apache-arrow 21.2.0, parquet-wasm 0.8.0, @duckdb/node-api 1.5.6-r.1, pyarrow 26.0.1 as the writer; Node 24; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent apache-arrow@21.2.0 parquet-wasm@0.8.0 @duckdb/node-api@1.5.6-r.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1
venv/bin/python -c '
from decimal import Decimal
import pyarrow
from pyarrow import parquet

values = pyarrow.array([Decimal("1.25"), Decimal("-0.05")], pyarrow.decimal128(5, 2))
parquet.write_table(pyarrow.table({"v": values}), "v.parquet")
'
cat >run.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'
import { tableFromIPC } from 'apache-arrow'
import { readParquet } from 'parquet-wasm/node'

const table = tableFromIPC(readParquet(new Uint8Array(readFileSync('v.parquet'))).intoIPCStream())
const values = [...table.getChild('v')]
const connection = await (await DuckDBInstance.create()).connect()
const rows = (await connection.runAndReadAll("FROM 'v.parquet'")).getRows()
const seen = {
  'String()': values.map(String),
  'Number()': values.map(Number),
  'JSON.stringify of a row': JSON.stringify(table.get(0)),
  type: String(table.schema.fields[0].type),
  'DuckDB, String()': rows.map(([value]) => String(value)),
}
for (const [name, value] of Object.entries(seen)) console.log(`${name}:`, value)
const [texts, numbers, row, , duck] = Object.values(seen)
const isSame = texts.join() === '125,-5' && numbers[0] === 125 && /125/.test(row) && !/1\.25/.test(row) && duck.join() === '1.25,-0.05'
if (!isSame) console.error('The behaviour has changed.')
process.exit(isSame ? 0 : 1)
JS
node run.mjs
