#!/usr/bin/env bash
# Expected: Delta's schema enforcement refuses an append that does not fit the table's types without loss, or widens the column where it is
#           asked to (schema_mode="merge"). deltalake does so for decimals: DECIMAL(10, 2) onto DECIMAL(10, 1) is a SchemaMismatchError; and a
#           number too large for the column is an error.
# Seen:     doubles onto a column of longs are taken, and cut off: 21.7 is stored as 21 and -21.7 as -21, without a word; a text "22" becomes
#           22. With schema_mode="merge" the same, and so do MERGE, UPDATE and polars' write_delta. Only NaN is refused.
# Matters:  a table made from a first batch of whole numbers (types are inferred) loses the fraction of every later reading: give the table its
#           schema when it is made, and compare types before each append.
# Versions: deltalake 1.6.6, polars 2.1.0, pyarrow 26.0.1, Python 3.11; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 polars==2.1.0 pyarrow==26.0.1
cat >run.py <<'PY'
import os, sys
from decimal import Decimal

import polars
import pyarrow
from deltalake import DeltaTable, write_deltalake

count = 0


def after(first, write):
    """What a table that was made of the first values has after the write."""
    global count
    count += 1
    path = f"table-{count}"
    write_deltalake(path, pyarrow.table({"v": first}))
    try:
        write(path)
    except Exception as error:
        return f"refused, {type(error).__name__}"
    return sorted(DeltaTable(path).to_pyarrow_table().column("v").to_pylist())


def append(values, **more):
    return lambda path: write_deltalake(path, pyarrow.table({"v": values}), mode="append", **more)


def merge(path):
    rows = pyarrow.table({"v": [21.7]})
    merger = DeltaTable(path).merge(rows, "t.v = s.v", source_alias="s", target_alias="t")
    merger.when_not_matched_insert_all().execute()


tenth = pyarrow.array([Decimal("1.1")], pyarrow.decimal128(10, 1))
hundredth = pyarrow.array([Decimal("1.25")], pyarrow.decimal128(10, 2))
seen = {
    "append of 21.7 and -21.7": after([20], append([21.7, -21.7])),
    "the same, schema_mode merge": after([20], append([21.7, -21.7], schema_mode="merge")),
    "append of '22'": after([20], append(["22"])),
    "MERGE of 21.7": after([20], merge),
    "UPDATE to v + 0.7": after([20], lambda path: DeltaTable(path).update(updates={"v": "v + 0.7"})),
    "polars write_delta of 21.7": after([20], lambda path: polars.DataFrame({"v": [21.7]}).write_delta(path, mode="append")),
    "append of NaN": after([20], append([float("nan")])),
    "append of 1.25 to DECIMAL(10, 1)": after(tenth, append(hundredth)),
}
for what, values in seen.items():
    print(f"{what}: {values}")
cut = [[-21, 20, 21], [-21, 20, 21], [20, 22], [20, 21], [20], [20, 21]]
*taken, nan, decimal = seen.values()
is_same = taken == cut and nan.startswith("refused") and decimal.startswith("refused")
if not is_same:
    print("The behaviour has changed.")
# The library's threads do not always end well with the interpreter.
sys.stdout.flush()
os._exit(0 if is_same else 1)
PY
venv/bin/python run.py
