#!/usr/bin/env bash
# Expected: epoch_ms of a TIMESTAMP is the millisecond that it is in, in DuckDB 2.0 as in 1.5, and as date_trunc('milliseconds', …), extract and
#           strftime of the same value have it in both.
# Seen:     in 2.0 epoch_ms rounds to the nearest millisecond, half away from 1970: 12:00:00.9996 is 12:00:01.000 by it, and 12:00:00.999 by
#           date_trunc, extract and strftime. 1.5 cuts off what is below the millisecond (towards 1970, so of times before it forward).
#           epoch, epoch_us and epoch_ns are the same in both.
# Matters:  a key made of epoch_ms, or a window by it, moves rows by one millisecond, and some into the next second, minute or day, after an update; joins
#           with what 1.5 has written no longer find half of the rows that have microseconds.
# Versions: duckdb 2.0.1 and 1.5.5 of PyPI, Python 3.11, Linux; seen 2026-12-01.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >run.py <<'PY'
import sys

import duckdb

TIME = "TIMESTAMP '2026-03-01 12:00:00.9996'"
(row,) = duckdb.sql(f"""
    SELECT epoch_ms({TIME}) - 1772366400000, extract(millisecond FROM {TIME}), strftime({TIME}, '%S.%g'),
           CAST(date_trunc('milliseconds', {TIME}) AS VARCHAR), epoch_ms(TIMESTAMP '1969-12-31 23:59:59.9996')
""").fetchall()
print(duckdb.__version__, row)
expected = {"2.0.1": 1000, "1.5.5": 999}[duckdb.__version__]
if row != (expected, 999, "00.999", "2026-03-01 12:00:00.999", 0):
    sys.exit("The behaviour has changed.")
PY
for version in 1.5.5 2.0.1; do
  python3 -m venv "venv-$version"
  "venv-$version/bin/pip" install --quiet --disable-pip-version-check "duckdb==$version"
  "venv-$version/bin/python" run.py
done
