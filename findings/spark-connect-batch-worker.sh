#!/usr/bin/env bash
# Expected: foreachBatch on Spark Connect waits for its Python process as long as a setting says, or longer than a busy machine needs.
# Seen:     the process has ten seconds to start, import pandas and gRPC, and connect; then the query fails with "Python worker failed
#           to connect back". No setting changes that: spark.python.authenticate.socketTimeout=300s does not. (A process of ordinary
#           UDFs is forked from one that runs already, and has no such start.)
# Matters:  a stream fails at its start, with nothing written, only because its driver has other work. Start it again.
# Versions: pyspark[connect] 4.2.0 (core: PythonWorkerFactory.createSimpleWorker, StreamingPythonRunner), Java 17; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'pyspark[connect]==4.2.0' pandas==2.3.3
# A machine with other work to do: the interpreter of that one process starts twelve seconds later.
mkdir slow
cat >slow/sitecustomize.py <<'PY'
import sys, time

if "foreach_batch_worker" in " ".join(sys.orig_argv):
    time.sleep(12)
PY
mkdir conf
echo 'spark.python.authenticate.socketTimeout 300s' >conf/spark-defaults.conf
cat >run.py <<'PY'
import os, tempfile, time
from pyspark.sql import SparkSession

settings = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "1",
}
builder = SparkSession.builder.remote("local[1]")
for name, value in settings.items():
    builder = builder.config(name, value)
rows = builder.getOrCreate().readStream.format("rate").load()
begun = time.monotonic()
seen = "started"
try:
    rows.writeStream.foreachBatch(lambda batch, number: None).option("checkpointLocation", tempfile.mkdtemp()).start()
except Exception as error:
    seen = "failed to connect back" if "failed to connect back" in str(error) else str(error)[:500]
print(f"{seen}, after {time.monotonic() - begun:.0f} s", flush=True)
os._exit(0 if seen == "failed to connect back" else 1)
PY
if ! SPARK_CONF_DIR="$folder/conf" PYSPARK_PYTHON="$folder/venv/bin/python" PYTHONPATH="$folder/slow" venv/bin/python run.py; then
  echo 'The behaviour has changed.' >&2
  exit 1
fi
