"""
What a table's log costs open-source Spark as it grows: CPU (ms, Linux) of looking up the newest commit (`DESCRIBE HISTORY`, which the
notebooks do once a batch) and of an append, medians of five, in a table whose log holds so many commits behind its newest checkpoint, each
with the .crc file that open-source Delta writes beside it by default. `.venv/bin/python test/bench/spark_log.py FOLDER [COMMITS ...]`; a FOLDER that
is not there.
"""
import json
import os
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "notebooks"), str(ROOT / "test" / "bench")]
sys.dont_write_bytecode = True

import spark_growth  # noqa: E402  The settings of a small local Spark.
from deltalake import DeltaTable  # noqa: E402

from rtstream_lake import LakeTable, open_session, read_settings  # noqa: E402

ROUNDS = 6


def lengthen(spark, table, commits):
    """As if so many commits had come since the table was made, the newest with a checkpoint."""
    spark.sql(f"ALTER TABLE {table.name} SET TBLPROPERTIES ('rtstream' = 'bench')")
    log = Path(table.path) / "_delta_log"
    DeltaTable(table.path).create_checkpoint()
    for crc in log.glob(".*.crc"):
        crc.unlink()
    text = (log / f"{1:020}.json").read_text()
    for version in range(2, commits + 1):
        (log / f"{version:020}.json").write_text(text)
        (log / f"{version:020}.crc").write_text("{}")
    (log / f"{1:020}.checkpoint.parquet").rename(log / f"{commits:020}.checkpoint.parquet")
    pointer = json.loads((log / "_last_checkpoint").read_text())
    (log / "_last_checkpoint").write_text(json.dumps({"version": commits, "size": pointer["size"]}))
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()


def main(folder, *counts):
    spark = open_session()
    spark.sparkContext.setLogLevel("ERROR")
    for commits in map(int, counts or ("0", "60000")):
        settings = read_settings(environment={"RTSTREAM_LAKE_ROOT": str(Path(folder).resolve() / str(commits))})
        table = LakeTable(spark, settings, "aggregated", app_id="bench").create()
        if commits > 0:
            lengthen(spark, table, commits)
        rows = spark.createDataFrame([("Oslo", None, 1, 1.0, 1.0, 1)], table.schema)
        looked, appended = [], []
        for batch in range(ROUNDS):
            at = spark_growth.cpu_of_all()
            table.last_metadata()
            between = spark_growth.cpu_of_all()
            table.append(rows, {"batchId": batch, "batch": {"output": 1}, "totals": {}})
            looked.append(between - at)
            appended.append(spark_growth.cpu_of_all() - between)
        # The first look loads the table.
        print(f"{commits} commits, load {os.getloadavg()[0]:.1f}: newest commit {statistics.median(looked[1:]):.0f} ms, "
              f"append {statistics.median(appended[1:]):.0f} ms", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(0)
