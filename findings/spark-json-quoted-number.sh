#!/usr/bin/env bash
# Expected: whether from_json takes a number in quotes, {"a":"21.5"}, for a number does not depend on which numeric type the schema asks
#           for.
# Seen:     DECIMAL takes it, INT, BIGINT, FLOAT and DOUBLE give null.
# Matters:  a schema that moves from DOUBLE to DECIMAL (money, sensors) begins to accept lines that were quarantined before, and back.
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
kinds = ["INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(10,2)"]
line = spark.createDataFrame([('{"a":"21"}',)], "value STRING")
seen = line.selectExpr(*[f"from_json(value, 'a {kind}').a" for kind in kinds]).first()
print(f"Spark {spark.version}, a of {{\"a\":\"21\"}}:")
for kind, value in zip(kinds, seen):
    print(f"  {kind}: {value}")
spark.stop()
if [value is None for value in seen] != [True, True, True, True, False]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py 2>errors.txt || { tail -n 20 errors.txt >&2; exit 1; }
