"""
Delta tables in every form that Spark writes them in, each with what Spark itself reads there. The readers that are not
Spark's (those of the adapters and of the embedded engine) are held against that.
"""
import json
import os
import re
import shutil
from pathlib import Path

from pyspark.sql import functions as F

# Rows of a commit, and how many commits.
ROWS, COMMITS = 10, 3
COLUMNS = "eventId string, city string, temperature int, enqueuedAt timestamp"

STRUCT_ONLY = {"delta.checkpoint.writeStatsAsJson": "false", "delta.checkpoint.writeStatsAsStruct": "true"}
V2 = {"delta.checkpointPolicy": "v2"}
V2_FORMAT = "spark.databricks.delta.checkpointV2.topLevelFileFormat"
PART_SIZE = "spark.databricks.delta.checkpoint.partSize"
CODEC = "spark.sql.parquet.compression.codec"


class Table:
    def __init__(self, spark, path, properties=None, schema=COLUMNS, clause=""):
        self.spark, self.path, self.log = spark, path, path / "_delta_log"
        self.name = f"delta.`{path}`"
        # A checkpoint with the last commit but one.
        given = {"delta.checkpointInterval": str(COMMITS - 1), **(properties or {})}
        listed = ", ".join(f"'{name}' = '{value}'" for name, value in given.items())
        spark.sql(f"CREATE TABLE {self.name} ({schema}) USING delta {clause} TBLPROPERTIES ({listed})")

    def append(self, number, temperature="CAST(id AS int)", more=()):
        rows = self.spark.range(ROWS).coalesce(1).selectExpr(
            f"concat('{number}-', id) AS eventId", "'Oslo' AS city", f"{temperature} AS temperature",
            f"timestamp_millis(1772366400123 + {number} * 60000 + id * 1000) AS enqueuedAt", *more)
        rows.write.format("delta").mode("append").save(str(self.path))
        return self

    def fill(self, commits=COMMITS):
        for number in range(commits):
            self.append(number)
        return self

    def names(self, pattern):
        return sorted(name for name in os.listdir(self.log) if re.fullmatch(pattern, name))

    def remove(self, *names):
        for name in names:
            for one in (name, f".{name}.crc"):
                (self.log / one).unlink(missing_ok=True)

    def forget_commits(self):
        """Removes the commits that the newest checkpoint stands for, as a clean-up of the log does."""
        newest = self.names(r"\d{20}\.checkpoint\..*")[-1][:20]
        self.remove(*(name for name in self.names(r"\d{20}\.(json|crc)") if name[:20] < newest))
        return self

    def checkpoint_files(self):
        return self.names(r"\d{20}\.checkpoint\..*")


def set_options(spark, options):
    for name, value in options.items():
        spark.conf.set(name, value)


def forget(spark):
    """Spark has kept what it read of the logs, and would go on from there."""
    spark.sparkContext._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()


def with_options(spark, options, make):
    set_options(spark, options)
    try:
        return make()
    finally:
        for name in options:
            spark.conf.unset(name)


def codecs(table):
    """A commit of each codec that Spark has without a library of its own."""
    lz4 = "lz4_raw" if table.spark.version >= "4" else "lz4raw"
    for number, codec in enumerate(("zstd", "gzip", lz4, "zstd")):
        with_options(table.spark, {CODEC: codec}, lambda: table.append(number))
    return table.forget_commits()


def deletion_vectors(table):
    table.fill()
    table.spark.sql(f"DELETE FROM {table.name} WHERE temperature IN (3, 9)")
    table.spark.sql(f"DELETE FROM {table.name} WHERE temperature = 4 AND eventId LIKE '0-%'")
    return table


def type_widening(table):
    table.fill(2)
    table.spark.sql(f"ALTER TABLE {table.name} ALTER COLUMN temperature TYPE bigint")
    return table.append(2, "5000000000 + id").append(3, "id")


def added_column(table):
    table.fill(2)
    table.spark.sql(f"ALTER TABLE {table.name} ADD COLUMN added string FIRST")
    table.append(2, more=("'x' AS added",)).append(3, more=("'y' AS added",))
    table.spark.sql(f"OPTIMIZE {table.name}")
    return table


def renamed_column(table):
    table.fill(2)
    table.spark.sql(f"ALTER TABLE {table.name} RENAME COLUMN temperature TO other")
    table.spark.sql(f"ALTER TABLE {table.name} ADD COLUMN temperature int")
    return table.append(2, more=("1 AS other",)).append(3, more=("1 AS other",))


def without_pointer(table):
    table.fill().forget_commits().remove("_last_checkpoint")
    return table


def pointer_without_field(table):
    table.fill().forget_commits()
    pointer = json.loads((table.log / "_last_checkpoint").read_text())
    kept = {name: pointer[name] for name in pointer if name in ("version", "size")}
    table.remove("_last_checkpoint")
    (table.log / "_last_checkpoint").write_text(json.dumps(kept))
    return table


def classic_name(table):
    table.fill().forget_commits()
    (name,) = table.checkpoint_files()
    (table.log / name).rename(table.log / f"{name[:20]}.checkpoint.parquet")
    table.remove(name, "_last_checkpoint")
    return table


def compacted_log(table):
    """Two commits in one file."""
    table.fill()
    lines = []
    for version in (1, 2):
        lines += [line for line in (table.log / f"{version:020}.json").read_text().splitlines() if "commitInfo" not in line]
    (table.log / f"{1:020}.{2:020}.compacted.json").write_text("\n".join(lines) + "\n")
    return table


NO_CHECKPOINT = {"delta.checkpointInterval": "100"}

# Name: properties, session options, what is done to the table.
CASES = {
    "plain": ({}, {}, lambda table: table.fill()),
    "statistics-as-struct": (STRUCT_ONLY, {}, lambda table: table.fill().forget_commits()),
    "statistics-none": ({}, {"spark.databricks.delta.stats.collect": "false"}, lambda table: table.fill().forget_commits()),
    "v2-json": (V2, {V2_FORMAT: "json"}, lambda table: table.fill().forget_commits()),
    "v2-parquet": (V2, {V2_FORMAT: "parquet"}, lambda table: table.fill().forget_commits()),
    "v2-struct": ({**V2, **STRUCT_ONLY}, {V2_FORMAT: "parquet"}, lambda table: table.fill().forget_commits()),
    "v2-no-pointer": (V2, {V2_FORMAT: "json"}, without_pointer),
    "v2-pointer-without-field": (V2, {V2_FORMAT: "parquet"}, pointer_without_field),
    "v2-classic-name": (V2, {V2_FORMAT: "parquet"}, classic_name),
    "multi-part": ({}, {PART_SIZE: "2"}, lambda table: table.fill().forget_commits()),
    "compacted-log": (NO_CHECKPOINT, {}, compacted_log),
    "deletion-vectors": ({**NO_CHECKPOINT, "delta.enableDeletionVectors": "true"}, {}, deletion_vectors),
    "mapping-name": ({"delta.columnMapping.mode": "name"}, {}, lambda table: table.fill()),
    "mapping-id": ({"delta.columnMapping.mode": "id", **STRUCT_ONLY}, {}, lambda table: table.fill().forget_commits()),
    "mapping-renamed": ({"delta.columnMapping.mode": "name", **NO_CHECKPOINT}, {}, renamed_column),
    "type-widening": ({"delta.enableTypeWidening": "true", **NO_CHECKPOINT}, {}, type_widening),
    "in-commit-timestamps": ({"delta.enableInCommitTimestamps": "true"}, {}, lambda table: table.fill()),
    "row-tracking": ({"delta.enableRowTracking": "true"}, {}, lambda table: table.fill()),
    "codecs": ({}, {CODEC: "zstd"}, codecs),
    "added-column": (NO_CHECKPOINT, {}, added_column),
    # A reader feature that is real, and that our readers do not know: they must say so, not count.
    "unknown-feature": ({"delta.feature.geospatial": "supported"}, {}, lambda table: table.fill()),
    "int96": ({}, {"spark.sql.parquet.outputTimestampType": "INT96"}, lambda table: table.fill().forget_commits()),
}



def catalog_managed(spark, path):
    """
    The first commit of a table that a catalog manages. Outside a Unity Catalog Delta 4.4 writes no second one: it refuses `CREATE TABLE`
    with this feature, and every access by path to a table that has it, its own reading too. So commits that a catalog has staged are
    tested by a log made by hand (test/azure/lake/delta-forms.test.ts).
    """
    rows = spark.range(ROWS * COMMITS).selectExpr("CAST(id AS string) AS eventId")
    shutil.rmtree(path, ignore_errors=True)
    rows.write.format("delta").option("delta.feature.catalogManaged", "supported").save(str(path))
    try:
        spark.read.format("delta").load(str(path)).count()
    except Exception as error:
        assert "DELTA_PATH_BASED_ACCESS_TO_CATALOG_MANAGED_TABLE_BLOCKED" in str(error), error
        return {"rows": ROWS * COMMITS, "newestAt": None, "content": []}
    raise AssertionError("Spark reads a table of a catalog by its path: then this one can be held against what it reads")


# What Delta 3.3 writes otherwise than Delta 4 does; the rest is the same from both.
DELTA_3 = ("statistics-as-struct", "v2-json", "multi-part", "deletion-vectors", "mapping-id", "codecs", "row-tracking")


def write_matrix(spark, root):
    """Makes the tables below `root`. @returns by name: rows in all, the newest time (epoch ms), the rows as text."""
    found = {}
    names = CASES if spark.version >= "4" else DELTA_3
    for name, (properties, options, change) in ((name, CASES[name]) for name in names):
        path = Path(root) / name
        shutil.rmtree(path, ignore_errors=True)
        with_options(spark, options, lambda: change(Table(spark, path, properties)))
        forget(spark)
        rows = spark.read.format("delta").load(str(path))
        listed = rows.select("eventId", "city", F.col("temperature").cast("bigint"), F.unix_millis("enqueuedAt").alias("at")).collect()
        found[name] = {
            "rows": len(listed),
            "newestAt": max(row["at"] for row in listed),
            "content": sorted([row["eventId"], row["city"], row["temperature"], row["at"]] for row in listed),
        }
    if spark.version >= "4":
        found["catalog-managed"] = catalog_managed(spark, Path(root) / "catalog-managed")
    return found
