#!/usr/bin/env bash
# Expected: the encoding DELTA_BINARY_PACKED (parquet-format, Encodings.md), which writers choose for times and ids of INT32 and INT64, is read
#           right whatever the steps between the values are, or refused, as fastparquet does where such a column has nulls.
# Seen:     where the steps of a block need more than 28 bits, nearly all values behind its first come out wrong, without an error: a thousand
#           random INT32 are 996 other numbers, and times in nanoseconds a second apart, give or take a fifth, lie up to minutes beside the
#           true ones. Steps of 20 bits (times in milliseconds) are right. DuckDB and pyarrow read all of them.
# Matters:  Spark with parquet.writer.version=v2, and pyarrow where it is asked to, write this encoding; the wrong times look like times.
# Versions: fastparquet 2026.9.0 (the newest), pyarrow 26.0.1 as the writer, DuckDB 2.0.1, Python 3.11; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fastparquet==2026.9.0 pyarrow==26.0.1 duckdb==2.0.1
cat >run.py <<'PY'
import random, sys

import duckdb, fastparquet, pyarrow
from pyarrow import parquet

random.seed(1)
times = [1_700_000_000_000 + 1000 * at + random.randint(-200, 200) for at in range(1000)]
columns = {
    "times in milliseconds": pyarrow.array(times, pyarrow.int64()),
    "times in nanoseconds": pyarrow.array([1_000_000 * time + random.randint(0, 999_999) for time in times], pyarrow.int64()),
    "INT32 of 31 bits": pyarrow.array([random.randint(0, 2**31 - 1) for _ in range(1000)], pyarrow.int32()),
}
wrong = {}
for name, values in columns.items():
    written = pyarrow.table({"v": values})
    parquet.write_table(written, "v.parquet", use_dictionary=False, column_encoding={"v": "DELTA_BINARY_PACKED"})
    readers = {
        "fastparquet": fastparquet.ParquetFile("v.parquet").to_pandas()["v"].tolist(),
        "DuckDB": [row[0] for row in duckdb.sql("FROM 'v.parquet'").fetchall()],
        "pyarrow": parquet.read_table("v.parquet")["v"].to_pylist(),
    }
    wrong[name] = [sum(a != b for a, b in zip(values.to_pylist(), read, strict=True)) for read in readers.values()]
    print(f"{name}: wrong of 1000:", ", ".join(f"{reader} {count}" for reader, count in zip(readers, wrong[name])))
    furthest = max(abs(a - b) for a, b in zip(values.to_pylist(), readers["fastparquet"]))
    print(f"  fastparquet's furthest is off by {furthest}")
milliseconds, nanoseconds, small = wrong.values()
if milliseconds != [0, 0, 0] or nanoseconds[0] < 900 or small[0] < 900 or nanoseconds[1:] + small[1:] != [0] * 4:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
