#!/usr/bin/env bash
# Expected: to set DuckDB's memory limit to what it is already changes nothing, and at the most DuckDB's own memory.
# Seen:     each `SET memory_limit` calls the C library's malloc_trim: what all the rest of the process has freed, in every thread's
#           arena, goes back to the system too. Here 80 MB of small blocks that the program has freed stay resident through
#           queries, CHECKPOINT and `SET threads`, and 65 of them go with the limit.
# Matters:  a program in a language that cannot call malloc_trim (Node, Java) can have it called, at a moment of its own choice; and one
#           that sets the limit for each query makes all of its threads ask the system for the same pages again and again.
# Versions: duckdb 2.0.1 (Python), Linux with glibc; seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1
cat >run.py <<'PY'
import ctypes, re, sys, duckdb

libc = ctypes.CDLL("libc.so.6")
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]

def resident() -> float:
    with open("/proc/self/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) / 1000

print("DuckDB", duckdb.__version__)
db = duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "384MB"})
db.execute("SELECT sum(range) FROM range(1000000)").fetchone()
before = resident()
blocks = [libc.malloc(200) for _ in range(400_000)]
for block in blocks:
    ctypes.memset(block, 1, 200)
del block
# One in a hundred stays, so the rest is not at the end of the heap, where the C library gives it back by itself.
for index in range(len(blocks)):
    if index % 100:
        libc.free(blocks[index])
seen = {"freed": resident() - before}
for statement in ("SELECT sum(range) FROM range(1000000)", "CHECKPOINT", "SET threads = 1", "SET memory_limit = '384MB'"):
    db.execute(statement)
    seen[statement] = resident() - before
for what, size in seen.items():
    print(f"{what}: {size:.0f} MB more resident than before")
freed, *others, limit = seen.values()
if min(freed, *others) < 60 or limit > freed - 40:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
