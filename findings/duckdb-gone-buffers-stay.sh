#!/usr/bin/env bash
# Expected: what a statement needs in memory is free when it has run: with one table of 600 rows and one of 100,000, the thousandth
#           join of the two leaves as much memory in use as the tenth.
# Seen:     each join leaves some four kilobytes, 20 MB after five thousand, of which duckdb_memory() counts none. DuckDB's queues of
#           what it may evict hold the records of buffers that are long gone; a queue is looked through from 32,768 entries on, and
#           there are several. A memory limit that cannot be kept, which is refused, empties them.
# Matters:  a process that runs small joins and aggregates all day grows by up to a megabyte a minute for an hour, and looks as if it leaks.
# Versions: duckdb 2.0.1 (Python), Linux with glibc; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1
cat >run.py <<'PY'
import ctypes, sys, duckdb

class Mallinfo2(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

libc = ctypes.CDLL("libc.so.6")
libc.mallinfo2.restype = Mallinfo2
in_use = lambda: libc.mallinfo2().uordblks / 1e6

print("DuckDB", duckdb.__version__)
db = duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "384MB", "temp_directory": "spilled"})
db.execute("CREATE TEMP TABLE batch AS SELECT md5_number(range::VARCHAR)::UHUGEINT AS id FROM range(600)")
db.execute("CREATE TEMP TABLE seen AS SELECT md5_number(range::VARCHAR)::UHUGEINT AS id FROM range(1000, 101000)")
counted = lambda: db.execute("SELECT sum(memory_usage_bytes)::DOUBLE / 1e6 FROM duckdb_memory()").fetchone()[0]
found = []
for joins in (10, 1000, 2500, 5000):
    while len(found) < joins:
        found.append(db.execute("SELECT count(*) FROM batch WHERE id IN (SELECT id FROM seen)").fetchone()[0])
    seen = in_use()
    if joins == 10:
        first = seen
    print(f"after {joins} joins: {seen:.1f} MB of the C library in use, {counted():.1f} MB counted by DuckDB")
try:
    db.execute("SET memory_limit = '1B'")
except duckdb.OutOfMemoryException as error:
    print("refused:", str(error).split("\n")[0])
db.execute("SET memory_limit = '384MB'")
after = in_use()
print(f"after the refused limit: {after:.1f} MB in use, {counted():.1f} MB counted")
if set(found) != {0} or seen - first < 8 or after - first > (seen - first) / 2:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
