#!/usr/bin/env bash
# Expected: with delta.autoOptimize.autoCompact a table is compacted when it has minNumFiles small files (50; here 4), whoever wrote them.
# Seen:     in the process that made the table, yes. In each later process every single append is followed by an OPTIMIZE of two
#           files, the one just written and the result of the last OPTIMIZE, for as long as the process lives.
# Matters:  a stream that was started again rewrites its newest file, of up to autoCompact.maxFileSize, with each small batch.
# Way out:  spark.databricks.delta.autoCompact.modifiedPartitionsOnly.enabled=false, from the process's second write on.
# Versions: pyspark 4.2.0 with delta-spark 4.4.0; the same with 3.5.9 and 3.3.3. Java 17; seen 2026-11-28. Needs Java.
# Source:   github.com/delta-io/delta/issues/4045, where it is told of larger files.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyspark==4.2.0 delta-spark==4.4.0
cat >run.py <<'PY'
import glob
import json
import os
import sys
from delta import configure_spark_with_delta_pip
from pyspark.sql import SparkSession

table, is_mended = os.path.abspath("table"), sys.argv[1:] == ["mended"]
settings = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.autoCompact.minNumFiles": "4",
}
spark = configure_spark_with_delta_pip(SparkSession.builder.master("local[1]").config(map=settings)).getOrCreate()
spark.sparkContext.setLogLevel("OFF")
before = set(glob.glob(f"{table}/_delta_log/*.json"))
if not before:
    spark.sql(f"CREATE TABLE delta.`{table}` (id LONG) USING delta TBLPROPERTIES ('delta.autoOptimize.autoCompact' = 'true')")
for number in range(6):
    spark.range(number, number + 1, 1, 1).write.format("delta").mode("append").save(table)
    if is_mended:
        spark.conf.set("spark.databricks.delta.autoCompact.modifiedPartitionsOnly.enabled", "false")
spark.stop()
words = []
for path in sorted(set(glob.glob(f"{table}/_delta_log/*.json")) - before):
    with open(path) as log:
        commit = next(json.loads(line)["commitInfo"] for line in log if "commitInfo" in line)
    removed = commit["operationMetrics"].get("numRemovedFiles", "")
    words.append({"OPTIMIZE": f"optimize({removed})", "WRITE": "append"}.get(commit["operation"], "create"))
print(" ".join(words))
PY
run() { venv/bin/python run.py "$@" 2>errors.txt | tail -n 1 || { tail -n 20 errors.txt >&2; exit 1; }; }
first="$(run)"
second="$(run)"
mended="$(run mended)"
printf 'the first process:   %s\nthe second:          %s\na third, way out:    %s\n' "$first" "$second" "$mended"
many() { grep -o optimize <<<"$1" | wc -l; }
[ "$(many "$first")" -le 2 ] && [ "$(many "$second")" -ge 5 ] && [ "$(many "$mended")" -le 2 ] || {
  echo 'The behaviour has changed.' >&2
  exit 1
}
