#!/usr/bin/env bash
# Expected: DuckDB's ->> gives the text of a JSON value, so that CAST(line ->> '$.a' AS DECIMAL(20,2)) is the number that stands in the
#           line. Whole numbers suggest it: 12345678901234567890123 keeps all its digits.
# Seen:     a number with a point or an exponent goes through a double on its way to text: 12345678901234567.89 becomes
#           '12345678901234568.0', 1.10 becomes '1.1', 1E2 '100.0'. The cast is off without an error; from_json with DECIMAL in its
#           structure is exact.
# Matters:  amounts and counters read by path are silently rounded; hashes over the text differ from those of the line.
# Versions: duckdb 2.0.1 (Python); seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1
cat >run.py <<'PY'
import sys, duckdb

print("DuckDB", duckdb.__version__)
texts = {}
for number in ["12345678901234567890123", "12345678901234567.89", "1.10", "1E2"]:
    (texts[number],) = duckdb.execute("SELECT ? ->> '$.a'", [f'{{"a":{number}}}']).fetchone()
    print(f"{number} ->> {texts[number]}")
line = '{"a":12345678901234567.89}'
by_path, by_structure = duckdb.execute(
    """SELECT CAST($1 ->> '$.a' AS DECIMAL(20,2)), from_json($1, '{"a":"DECIMAL(20,2)"}').a""", [line]
).fetchone()
print(f"{line} by path {by_path}, by structure {by_structure}")
is_same = [number == text for number, text in texts.items()]
if is_same != [True, False, False, False] or str(by_path) == str(by_structure) or str(by_structure) != "12345678901234567.89":
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
