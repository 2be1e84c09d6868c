#!/usr/bin/env bash
# Expected: `latency` in DuckDB's profile of a statement is what that statement took.
# Seen:     where the statement before it had no plan of its own (CREATE TABLE, DROP TABLE, SET, BEGIN, COMMIT), it counts from the beginning of
#           that one: a query of a millisecond, a second after a DROP TABLE, has a latency of a second. After a query, or a CREATE TABLE AS, it is
#           right. The operators' timings and `cpu_time` are right each time.
# Matters:  a program that makes a work table anew for each batch sees, in the sum of its profiles, its first query of each batch as by far the dearest:
#           what it waited for input is in it. The caller's own clock has to tell.
# Versions: duckdb 1.5.6 (Python) and @duckdb/node-api 1.5.6-r.1; the profile of 2.0 has other names. Seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==1.5.6
cat >run.py <<'PY'
import json, sys, time, duckdb

PAUSE = 1
print("DuckDB", duckdb.__version__)
db = duckdb.connect(":memory:", config={"threads": 1})
db.execute("PRAGMA enable_profiling = 'json'")
db.execute("SET profiling_output = 'profile.json'")
statements = {
    "SELECT 1": False, "CREATE TABLE one (a INT)": True, "DROP TABLE one": True, "SET threads = 1": True,
    "BEGIN": True, "COMMIT": True, "CREATE TABLE two AS SELECT 1 AS a": False,
}
changed = False
for before, counts in statements.items():
    db.execute(before)
    time.sleep(PAUSE)
    begun = time.monotonic()
    db.execute("SELECT sum(range) FROM range(1000)").fetchall()
    took = time.monotonic() - begun
    with open("profile.json") as file:
        latency = json.load(file)["latency"]
    print(f"a second after {before}: the query took {took * 1000:.1f} ms, its latency is {latency * 1000:.1f} ms")
    changed = changed or (latency >= PAUSE) != counts
if changed:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
