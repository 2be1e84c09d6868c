#!/usr/bin/env bash
# Expected: a filter of a column and a value, { name: "b" }, finds the rows with that value, whatever the column's type; and a number that finds
#           rows with { count: { $gt: 1, $lt: 3 } } finds them with { count: { $eq: 2 } } too.
# Seen:     in hyparquet a Date is an object, and taken for a set of operators, of which it has none: { at: date } finds every row. { at: { $eq:
#           date } } is right. An INT64 arrives as a BigInt, and by default $eq and $in compare strictly: { count: 2 }, { $eq: 2 } and { $in: [2] }
#           find no row, while $gt, $gte, $lt and $lte take the number. filterStrict: false mends the numbers. Nothing is printed.
# Matters:  a look-up by time returns the whole table, one by a number nothing. Use $eq for times, and BigInt for whatever is INT64: every count
#           of Spark, pyarrow and DuckDB.
# Versions: hyparquet 1.33.0, written by pyarrow 26.0.1, Node 24 and 20; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent hyparquet@1.33.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1
cat >write.py <<'PY'
import pyarrow as pa, pyarrow.parquet as pq

at = pa.array([0, 60_000, 120_000], pa.timestamp("ms", tz="UTC"))
pq.write_table(pa.table({"at": at, "count": [1, 2, 3], "name": ["a", "b", "c"]}), "table.parquet")
PY
venv/bin/python write.py
cat >read.mjs <<'JS'
import { asyncBufferFromFile, parquetQuery } from 'hyparquet'

const file = await asyncBufferFromFile('table.parquet')
const at = new Date(60_000)
const filters = [
  ['{ name: "b" }', { name: 'b' }, 'b'],
  ['{ at: date }', { at }, 'a,b,c'],
  ['{ at: { $eq: date } }', { at: { $eq: at } }, 'b'],
  ['{ count: 2 }', { count: 2 }, ''],
  ['{ count: { $eq: 2 } }', { count: { $eq: 2 } }, ''],
  ['{ count: { $in: [2] } }', { count: { $in: [2] } }, ''],
  ['{ count: { $gt: 1, $lt: 3 } }', { count: { $gt: 1, $lt: 3 } }, 'b'],
  ['{ count: 2n }', { count: 2n }, 'b'],
  ['{ count: 2 }, filterStrict: false', { count: 2 }, 'b', false],
]
let isSame = true
for (const [text, filter, wanted, filterStrict] of filters) {
  const names = (await parquetQuery({ file, filter, filterStrict })).map(({ name }) => name).join()
  console.log(`${text}: ${names || 'none'}`)
  isSame &&= names === wanted
}
if (!isSame) {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
node read.mjs
