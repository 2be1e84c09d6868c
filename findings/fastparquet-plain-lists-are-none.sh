#!/usr/bin/env bash
# Expected: a column of lists of texts, or of maps of texts, reads the same however its pages are encoded; fastparquet's documentation names
#           one level of lists and maps among what it reads.
# Seen:     fastparquet reads such lists and maps from dictionary pages alone. From plain ones every row is None, without a word: all rows of a small
#           file by DuckDB or Polars, and with pyarrow's defaults all rows from the page on at which its dictionary was full (1 MB). Lists of numbers,
#           and columns of texts, are read. pyarrow, DuckDB and Polars read all.
# Matters:  of 40,000 rows with two ids each 26,688 have none, and pandas counts them as missing. A test of ten rows by pyarrow passes. Files of ours
#           have dictionaries only where values repeat themselves: the reasons of a quarantined line come and go with the size of a file.
# Versions: fastparquet 2026.9.0 (the newest), pyarrow 25.0.1, DuckDB 2.0.1 and Polars 2.1.0 as writers, Python 3.11; seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fastparquet==2026.9.0 pyarrow==25.0.1 duckdb==2.0.1 polars==2.1.0
cat >run.py <<'PY'
import sys

import duckdb, fastparquet, polars, pyarrow
from pyarrow import parquet

few = [["a", "b"], ["c"]]
many = [[f"{row:036}", f"{row:035}x"] for row in range(40_000)]
maps = pyarrow.array([[("k", "v")], [("l", "w")]], pyarrow.map_(pyarrow.string(), pyarrow.string()))
parquet.write_table(pyarrow.table({"v": few}), "dictionary.parquet")
parquet.write_table(pyarrow.table({"v": few}), "plain.parquet", use_dictionary=False)
parquet.write_table(pyarrow.table({"v": maps}), "maps.parquet", use_dictionary=False)
parquet.write_table(pyarrow.table({"v": [[1, 2], [3]]}), "numbers.parquet", use_dictionary=False)
parquet.write_table(pyarrow.table({"v": many}), "many.parquet")
duckdb.sql("COPY (SELECT ['a', 'b'] AS v UNION ALL SELECT ['c']) TO 'duckdb.parquet'")
polars.DataFrame({"v": few}).write_parquet("polars.parquet")


def read(name):
    return fastparquet.ParquetFile(f"{name}.parquet").to_pandas()["v"].tolist()


def none_in(name):
    return sum(row is None for row in read(name))


def by_pyarrow(name):
    return parquet.read_table(f"{name}.parquet")["v"].null_count


names = ["dictionary", "plain", "maps", "numbers", "duckdb", "polars", "many"]
seen = {name: none_in(name) for name in names}
print("rows that are None by fastparquet", seen)
print("by pyarrow", {name: by_pyarrow(name) for name in names})
kept = [list(row) for row in read("many") if row is not None]
print("the others of 40000 are the first ones:", kept == many[: len(kept)])
expected = {"dictionary": 0, "plain": 2, "maps": 2, "numbers": 0, "duckdb": 2, "polars": 2, "many": 26_688}
if seen != expected or kept != many[: len(kept)] or any(by_pyarrow(name) for name in names):
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
