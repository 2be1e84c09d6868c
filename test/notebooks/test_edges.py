"""Values at the edge: a plain Spark reads what the embedded engine wrote of them, and the notebook makes the same."""
import os
import shutil

import pytest
from pyspark.sql import functions as F

from edge_readers import check

LAKES = os.environ.get("RTSTREAM_EDGES", "")


def rows(spark, lake):
    tables = [spark.read.format("delta").load(f"{lake}/silver/{name}") for name in ("weather", "weather_quarantine")]
    # Python's own times end before the year 9999 does, with a zone.
    times = {name: F.unix_micros(name).cast("string") for name in ("timestamp", "createdAt", "enqueuedAt")}
    yield [row.asDict() for row in tables[0].withColumns(times).collect()]
    yield [row.asDict() for row in tables[1].collect()]


@pytest.fixture
def plain(spark):
    """As a Spark that nobody has told anything about calendars."""
    name = "spark.sql.parquet.datetimeRebaseModeInRead"
    spark.conf.unset(name)
    yield spark
    spark.conf.set(name, "CORRECTED")


def test_a_plain_spark_reads_the_embedded_engines_tables(plain):
    check(LAKES, "Spark", *rows(plain, LAKES))


@pytest.fixture
def nothing_else(generated_code, spark):
    """Spark would go on without generated code where a batch is more than a class can hold: in every batch, and with an error in the log."""
    fallback = "spark.sql.codegen.fallback"
    spark.conf.set(fallback, "false")
    yield
    spark.conf.unset(fallback)


def test_the_notebook_makes_the_same_of_them_and_is_no_more_java_than_a_class_can_hold(lake, plain, nothing_else):
    (lake.root / "bronze").parent.mkdir(parents=True, exist_ok=True)
    (lake.root / "bronze").symlink_to(f"{LAKES}/bronze")
    (lake.root / "edges.json").symlink_to(f"{LAKES}/edges.json")
    lake.run("silver")
    check(lake.root, "the notebook", *rows(plain, lake.root))
    # For DuckDB, which reads them once Spark is done.
    shutil.copytree(f"{lake.root}/silver", f"{LAKES}-of-spark/lake/silver")
