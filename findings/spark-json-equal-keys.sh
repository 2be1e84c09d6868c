#!/usr/bin/env bash
# Expected: Spark's functions for JSON agree on which of two equal keys counts: {"a":1,"a":2} is legal (RFC 8259 leaves the choice to
#           the reader), and all of them are of one library, with one parser beneath.
# Seen:     from_json, json_tuple and spark.read.json take the last, get_json_object takes the first, try_parse_json (VARIANT) calls the
#           line no JSON at all.
# Matters:  rules that read by path and rows that are read by schema see different values, and two notebooks over one bronze differ.
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
    file.write('{"a":1,"a":2}\n')
line = spark.read.text("lines.json")
ways = {
    "from_json": "from_json(value, 'a INT').a",
    "json_tuple": "json_tuple(value, 'a')",
    "get_json_object": "get_json_object(value, '$.a')",
    "try_parse_json": "try_variant_get(try_parse_json(value), '$.a', 'int')",
}
seen = {name: line.selectExpr(way).first()[0] for name, way in ways.items()}
seen["spark.read.json"] = spark.read.schema("a INT").json("lines.json").first()[0]
seen = {name: None if value is None else int(value) for name, value in seen.items()}
print(f"Spark {spark.version}, a of {{\"a\":1,\"a\":2}}:")
for name, value in seen.items():
    print(f"  {name}: {value}")
spark.stop()
if seen != {"from_json": 2, "json_tuple": 2, "get_json_object": 1, "try_parse_json": None, "spark.read.json": 2}:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py 2>errors.txt || { tail -n 20 errors.txt >&2; exit 1; }
