#!/usr/bin/env bash
# Expected: UPDATE changes a row where it stands: a table that is read without ORDER BY keeps the order in which it was filled, and a rowid
#           read before the update still names the row after it. For columns of plain types and of STRUCT it does.
# Seen:     an update of a LIST or MAP column takes the row out and adds it at the end: the order of the table and the rowids change,
#           preserve_insertion_order (on by default) or not.
# Matters:  a batch that is filled in the order of arrival, gets its list of reasons by an update and is written without ORDER BY comes out in
#           another order, but only where some row was updated; rowids that were noted before name nothing.
# Versions: @duckdb/node-api 1.5.6-r.1 (DuckDB 1.5.6), Linux x64; the same with 1.4.3; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @duckdb/node-api@1.5.6-r.1
cat >run.mjs <<'JS'
import { DuckDBInstance } from '@duckdb/node-api'

const connection = await (await DuckDBInstance.create(':memory:')).connect()
const read = async (sql) => (await connection.runAndReadAll(sql)).getRows().map((row) => row.join(':')).join(' ')
console.log(`DuckDB ${await read('SELECT version()')}`)
for (const [name, type, value] of [
  ['varchar', 'VARCHAR', "'x'"],
  ['struct', 'STRUCT(a INTEGER)', '{a: 1}'],
  ['list', 'VARCHAR[]', "['x']"],
  ['map', 'MAP(INTEGER, INTEGER)', 'MAP {1: 2}'],
]) {
  await connection.run(`CREATE TABLE of_${name}(id INTEGER, value ${type})`)
  await connection.run(`INSERT INTO of_${name} SELECT i, NULL FROM range(6) r(i)`)
  await connection.run(`UPDATE of_${name} SET value = ${value} WHERE id IN (1, 3)`)
  console.log(`${name}, id:rowid: ${await read(`SELECT id, rowid FROM of_${name}`)}`)
}
JS
seen="$(node run.mjs)"
printf '%s\n' "$seen"
stays='0:0 1:1 2:2 3:3 4:4 5:5'
moved='0:0 2:2 4:4 5:5 1:6 3:7'
for line in "varchar, id:rowid: $stays" "struct, id:rowid: $stays" "list, id:rowid: $moved" "map, id:rowid: $moved"; do
  grep -qxF "$line" <<<"$seen" || { echo 'The behaviour has changed.' >&2; exit 1; }
done
