#!/usr/bin/env bash
# Expected: a Parquet MAP comes out of a reader with its keys as they are: in their order, of their type, and a DATE as the same day everywhere, as a
#           column of the type DATE does.
# Seen:     hyparquet makes a plain object of it. A key that is a DATE becomes the text that Date.toString gives: with the machine's time zone in
#           it, so that no two places read the same keys, and west of Greenwich of the day before. Whole numbers become texts and move to the
#           front, smallest first; of equal keys, which the format allows, the last is left. No option gives pairs.
# Matters:  readings by day, as map_agg and Spark's map_from_entries make them, are a day off in America and right in the tests; a ranking
#           that is kept as a map loses its order. A LIST of STRUCT in its place keeps everything.
# Versions: hyparquet 1.33.0 (src/assemble.js, assembleMaps), written by pyarrow 25.0.0, Node 24 and 20; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent hyparquet@1.33.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==25.0.0
cat >write.py <<'PY'
import datetime
import pyarrow
import pyarrow.parquet

day = datetime.date(2026, 6, 1)
pyarrow.parquet.write_table(pyarrow.table({
    "day": pyarrow.array([day], pyarrow.date32()),
    "by_day": pyarrow.array([[(day, 21.5)]], pyarrow.map_(pyarrow.date32(), pyarrow.float64())),
    "ranks": pyarrow.array([[(30, "Bern"), (4, "Basel"), (30, "Oslo")]], pyarrow.map_(pyarrow.int32(), pyarrow.string())),
}), "file.parquet")
PY
venv/bin/python write.py
cat >read.mjs <<'JS'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'

const [{ day, by_day, ranks }] = await parquetReadObjects({ file: await asyncBufferFromFile('file.parquet') })
console.log(`${day.toISOString().slice(0, 10)}; ${Object.keys(by_day)[0].slice(0, 15)}; ${JSON.stringify(ranks)}`)
JS
ok=1
for zone in UTC Europe/Zurich America/New_York; do
  seen="$(TZ="$zone" node read.mjs)"
  printf '%s: %s\n' "$zone" "$seen"
  text='Mon Jun 01 2026'
  [ "$zone" = America/New_York ] && text='Sun May 31 2026'
  [ "$seen" = "2026-06-01; $text; {\"4\":\"Basel\",\"30\":\"Oslo\"}" ] || ok=0
done
if [ "$ok" = 0 ]; then
  echo 'The behaviour has changed.' >&2
  exit 1
fi
