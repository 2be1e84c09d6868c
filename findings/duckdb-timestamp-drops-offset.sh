#!/usr/bin/env bash
# Expected: a time with an offset, "2026-01-01T00:00:00+02:00", read as a TIMESTAMP (which has no zone) is 22:00 UTC, as a Z at the end suggests and
#           as CAST to TIMESTAMPTZ makes it; or it is refused.
# Seen:     the offset is read and dropped: 00:00. CAST, from_json and read_json with a TIMESTAMP in their columns all do so, whatever the
#           session's time zone is, and TRY_CAST gives no NULL. With Z the result is right, so nothing shows until a sender writes an offset.
# Matters:  events of devices that send local time land hours off, in another day's folder: read times of a feed as TIMESTAMPTZ, then
#           AT TIME ZONE 'UTC'.
# Versions: DuckDB 1.5.6 and 2.0.1 (PyPI); seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >run.py <<'PY'
import sys

import duckdb

connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
TIME = "2026-01-01T00:00:00+02:00"
with open("lines.json", "w") as file:
    file.write(f'{{"at":"{TIME}"}}\n')
ways = {
    "TRY_CAST to TIMESTAMP": f"SELECT TRY_CAST('{TIME}' AS TIMESTAMP)",
    "from_json, TIMESTAMP": f"""SELECT from_json('{{"at":"{TIME}"}}', '{{"at":"TIMESTAMP"}}')[\'at\']""",
    "read_json, TIMESTAMP": "SELECT \"at\" FROM read_json('lines.json', columns = {'at': 'TIMESTAMP'})",
    "TIMESTAMPTZ at UTC": f"SELECT CAST('{TIME}' AS TIMESTAMPTZ) AT TIME ZONE 'UTC'",
}
seen = {name: str(connection.execute(way).fetchone()[0]) for name, way in ways.items()}
print(f"DuckDB {duckdb.__version__}, {TIME}:")
for name, time in seen.items():
    print(f"  {name}: {time}")
if list(seen.values()) != ["2026-01-01 00:00:00"] * 3 + ["2025-12-31 22:00:00"]:
    sys.exit("The behaviour has changed.")
PY
python3 -m venv venv
for version in 1.5.6 2.0.1; do
  venv/bin/pip install --quiet --disable-pip-version-check "duckdb==$version"
  venv/bin/python run.py
done
