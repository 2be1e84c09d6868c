#!/usr/bin/env bash
# Expected: a line that holds two JSON objects, {"a":1}{"a":2}, as a writer leaves it that ends lines late, is two rows for Spark, or a
#           corrupt record: that is what mode FAILFAST and the column _corrupt_record are for.
# Seen:     one row, the first. What stands behind it is dropped: PERMISSIVE leaves _corrupt_record null, FAILFAST raises nothing,
#           DROPMALFORMED drops nothing; from_json and try_parse_json do the same.
# Matters:  rows are missing and nothing tells of it: neither a count of corrupt records nor one of lines differs.
# Versions: pyspark 4.2.0, Java 17; seen 2026-11-28. Needs Java.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyspark==4.2.0
cat >run.py <<'PY'
import sys
from pyspark.sql import SparkSession

local = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
spark = SparkSession.builder.master("local[1]").config(map=local).getOrCreate()
spark.sparkContext.setLogLevel("OFF")
with open("lines.json", "w") as file:
    file.write('{"a":1}{"a":2}\n')
schema = "a INT, _corrupt_record STRING"
seen = {}
for mode in ["PERMISSIVE", "FAILFAST", "DROPMALFORMED"]:
    rows = spark.read.schema(schema).option("mode", mode).json("lines.json").collect()
    seen[f"spark.read.json, {mode}"] = [(row[0], row[1]) for row in rows]
line = spark.read.text("lines.json")
for mode in ["PERMISSIVE", "FAILFAST"]:
    row = line.selectExpr(f"from_json(value, '{schema}', map('mode', '{mode}')) AS row").first()[0]
    seen[f"from_json, {mode}"] = [(row[0], row[1])]
seen["try_parse_json"] = [(line.selectExpr("try_variant_get(try_parse_json(value), '$.a', 'int')").first()[0], None)]
print(f"Spark {spark.version}, (a, _corrupt_record) of {{\"a\":1}}{{\"a\":2}}:")
for name, rows in seen.items():
    print(f"  {name}: {rows}")
spark.stop()
if any(rows != [(1, None)] for rows in seen.values()):
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py 2>errors.txt || { tail -n 20 errors.txt >&2; exit 1; }
