#!/usr/bin/env bash
# Expected: columns of partitions come from the folders below what is asked for, and never take the place of a column that the Parquet
#           file itself has: one reads the file's own values, wherever on the disk its folder stands.
# Seen:     each folder of the absolute path counts, also those above the table. A file with the column `city` that lies below a folder
#           `city=Bern` is read with Bern in each row, without an error or a warning; moved to another folder it has its own values.
#           `hive_partitioning = false` reads the file as it is.
# Matters:  who names a run's folder after what it holds gets wrong groups and means from every query, and right ones on another disk.
# Versions: duckdb 2.0.1 (Python), seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1
cat >run.py <<'PY'
import os, shutil, sys, duckdb

print("DuckDB", duckdb.__version__)
os.makedirs("plain/table")
duckdb.execute("COPY (SELECT * FROM (VALUES ('Oslo', 1), ('Lima', 2)) AS t(city, n)) TO 'plain/table/part.parquet'")
shutil.copytree("plain", "city=Bern")

def cities(root, options=""):
    path = os.path.abspath(f"{root}/table/part.parquet")
    return [city for (city,) in duckdb.execute(f"SELECT city FROM read_parquet('{path}'{options}) ORDER BY n").fetchall()]

plain, below, told = cities("plain"), cities("city=Bern"), cities("city=Bern", ", hive_partitioning = false")
print("below plain/:                     ", plain)
print("below city=Bern/:                 ", below)
print("the same, hive_partitioning=false:", told)
if (plain, below, told) != (["Oslo", "Lima"], ["Bern", "Bern"], ["Oslo", "Lima"]):
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
