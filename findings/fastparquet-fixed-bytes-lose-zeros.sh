#!/usr/bin/env bash
# Expected: each value of a FIXED_LEN_BYTE_ARRAY(n) has n bytes: the length is part of the column's type (parquet.thrift, type_length).
# Seen:     fastparquet reads them without the zero bytes at their end: of four bytes 01020300 three come back, of 00000000 none; a FLOAT16 column,
#           which it does not know, is given as such bytes too, and 0.0 is empty. NumPy's fixed texts, which it uses for them, end at their last
#           byte that is not zero. pyarrow and DuckDB keep all.
# Matters:  one in 256 of hashes, UUIDs and keys is a byte short: it equals nothing, and joins lose that row alone. A test of ten values passes.
# Versions: fastparquet 2026.9.0 (the newest), pyarrow 26.0.1 as the writer, DuckDB 2.0.1, Python 3.11; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fastparquet==2026.9.0 pyarrow==26.0.1 duckdb==2.0.1
cat >run.py <<'PY'
import hashlib, sys

import duckdb, fastparquet, pyarrow
from pyarrow import parquet

hashes = [hashlib.sha256(str(number).encode()).digest()[:16] for number in range(5000)]
few = [bytes.fromhex(text) for text in ("01020304", "01020300", "00000000")]
parquet.write_table(pyarrow.table({"v": pyarrow.array(few, pyarrow.binary(4))}), "few.parquet")
parquet.write_table(pyarrow.table({"v": pyarrow.array(hashes, pyarrow.binary(16))}), "hashes.parquet")


def read(name):
    return [bytes(value) for value in fastparquet.ParquetFile(name).to_pandas()["v"]]


def duck(name):
    return [bytes(row[0]) for row in duckdb.sql(f"FROM '{name}'").fetchall()]


seen = [value.hex() for value in read("few.parquet")]
lost = [len(set(hashes) - set(reader("hashes.parquet"))) for reader in (read, duck)]
print("written", [value.hex() for value in few])
print("fastparquet", seen, "DuckDB", [value.hex() for value in duck("few.parquet")])
print("of 5000 hashes not found again: fastparquet %d, DuckDB %d" % tuple(lost))
if seen != ["01020304", "010203", ""] or duck("few.parquet") != few or not lost[0] or lost[1]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
