#!/usr/bin/env bash
# Expected: DuckDB and Spark say that NaN is greater than every other number and equal to itself, so WHERE v > 5 and v = 'nan' find a row
#           with NaN; in a table they do. A Parquet file of the same rows gives the same answer.
# Seen:     from a file that pyarrow (or any writer by the book) wrote, both find none. The format keeps NaN out of a column's min and max,
#           and tells readers to ignore them when they look for NaN; both pass over the row group, as 5 is beyond its max. isnan(v) finds
#           the row, and so does either from a file of its own. polars reads pyarrow's file right.
# Matters:  a check for readings out of range (v > 60) passes over those that are NaN, depending on who wrote the file; nothing is printed.
# Versions: DuckDB 1.5.6, pyspark 3.5.9 and 4.2.0 (Java 17), polars 2.1.0, pyarrow 25.0.0; parquet.thrift, Statistics; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==1.5.6 pyspark==4.2.0 polars==2.1.0 pyarrow==25.0.0
cat >run.py <<'PY'
import os, sys

os.environ["PYSPARK_PYTHON"] = sys.executable
import duckdb
import polars
import pyarrow
import pyarrow.parquet
from pyspark.sql import SparkSession

pyarrow.parquet.write_table(pyarrow.table({"v": [1.0, 2.0, float("nan")]}), "file.parquet")
statistics = pyarrow.parquet.read_metadata("file.parquet").row_group(0).column(0).statistics
print("min and max in the file:", statistics.min, statistics.max)
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("OFF")
spark.createDataFrame([(1.0,), (2.0,), (float("nan"),)], "v double").createOrReplaceTempView("rows")
duckdb.execute("CREATE TABLE rows AS SELECT * FROM (VALUES (1.0::DOUBLE), (2.0), ('nan')) t(v)")
duckdb.execute("COPY rows TO 'duckdb.parquet'")
spark.table("rows").coalesce(1).write.parquet("spark_files")

scan = polars.scan_parquet("file.parquet")
count = {
    "DuckDB": lambda source, where: duckdb.sql(f"SELECT count(*) FROM {source} WHERE {where}").fetchone()[0],
    "Spark": lambda source, where: spark.sql(f"SELECT count(*) FROM {source} WHERE {where}").first()[0],
}
sources = {
    "DuckDB": {"table": "rows", "own file": "'duckdb.parquet'", "pyarrow's file": "'file.parquet'"},
    "Spark": {"table": "rows", "own file": "parquet.`spark_files`", "pyarrow's file": "parquet.`file.parquet`"},
}
seen = {}
for engine, ask in count.items():
    for name, source in sources[engine].items():
        seen[engine, name] = [ask(source, where) for where in ("v > 5", "v = double('nan')" if engine == "Spark" else "v = 'nan'", "isnan(v)")]
seen["polars", "pyarrow's file"] = [
    scan.filter(where).collect().height
    for where in (polars.col("v") > 5, polars.col("v") == float("nan"), polars.col("v").is_nan())
]
for (engine, source), rows in seen.items():
    print(f"{engine}, {source}: v > 5, v = NaN, isnan(v): {rows}")
if any(rows != ([0, 0, 1] if source == "pyarrow's file" and engine != "polars" else [1, 1, 1]) for (engine, source), rows in seen.items()):
    print("The behaviour has changed.")
    sys.exit(1)
PY
venv/bin/python run.py 2>/dev/null
