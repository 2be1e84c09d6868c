#!/usr/bin/env bash
# Expected: a file stream that repeats a failed batch, one of whose files has gone meanwhile, fails: spark.sql.files.ignoreMissingFiles
#           is false, and so spark.read.text fails when a file of its plan is not there.
# Seen:     the batch of the same number runs again with the rows of the other files and the query ends well. Nothing is printed, and
#           the checkpoint calls the batch done.
# Matters:  foreachBatch is said to repeat a batch with the same rows. A lifecycle rule or a cleaner that is quicker than the person
#           who mends a failing stream takes rows away without a trace; only counts held against the source show it.
# Versions: pyspark 4.2.0 (the same with 3.5.9), Java 17; seen 2026-11-28. Needs Java.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyspark==4.2.0
cat >run.py <<'PY'
import os, sys
from pyspark.sql import SparkSession

local = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
spark = SparkSession.builder.master("local[1]").config(map=local).getOrCreate()
spark.sparkContext.setLogLevel("OFF")
os.mkdir("source")
for number in range(2):
    with open(f"source/{number}.txt", "w") as file:
        file.write("a\nb\n")

seen = []

def run(is_broken):
    def batch(rows, number):
        seen.append((number, rows.count()))
        if is_broken:
            raise RuntimeError("the target is away")

    stream = spark.readStream.text("source").writeStream.foreachBatch(batch).option("checkpointLocation", "checkpoint")
    query = stream.trigger(availableNow=True).start()
    try:
        query.awaitTermination()
        return "ended well"
    except Exception:
        return "failed"

outcomes = [run(is_broken=True)]
plain = spark.read.text("source")
os.remove("source/1.txt")
outcomes.append(run(is_broken=False))
try:
    plain.count()
    is_plain_failing = False
except Exception:
    is_plain_failing = True
print(f"Spark {spark.version}, ignoreMissingFiles {spark.conf.get('spark.sql.files.ignoreMissingFiles')}")
for outcome, (number, rows) in zip(outcomes, seen):
    print(f"batch {number}: {rows} rows, the query {outcome}")
print(f"spark.read.text of the same files: {'failed' if is_plain_failing else 'ended well'}")
spark.stop()
if not is_plain_failing or (outcomes, seen) != (["failed", "ended well"], [(0, 4), (0, 2)]):
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py 2>errors.txt || { tail -n 20 errors.txt >&2; exit 1; }
