# Databricks notebook source
# MAGIC %md
# MAGIC # Silver: from text to typed, trusted rows
# MAGIC
# MAGIC Stream Analytics puts what the Event Hub received into **bronze**: one line of JSON per event, exactly as it was sent.
# MAGIC This notebook reads every new line once and asks of it what [the data contract](../docs/data-contract.md) asks:
# MAGIC
# MAGIC | a line that … | goes to |
# MAGIC |---|---|
# MAGIC | keeps all rules | `silver/weather`, typed |
# MAGIC | breaks one or more | `silver/weather_quarantine`, as it stands, with every reason |
# MAGIC | repeats an event of the last 10 minutes | nowhere; it is counted |
# MAGIC
# MAGIC *Nothing vanishes*: lines read = silver + quarantined + duplicates, and each commit says so in its metadata.
# MAGIC
# MAGIC | parameter | meaning | default |
# MAGIC |---|---|---|
# MAGIC | `RTSTREAM_LAKE_ROOT` | `abfss://{container}@ACCOUNT.dfs.core.windows.net` or a folder | none |
# MAGIC | `RTSTREAM_CHECKPOINT_ROOT` | where the stream keeps how far it has read | the lake's container `checkpoints` |
# MAGIC | `RTSTREAM_TRIGGER` | `processingTime`: until stopped; `availableNow`: what is there, then end | `processingTime` |
# MAGIC | `RTSTREAM_INTERVAL` | time between micro-batches | `10 seconds` |
# MAGIC | `RTSTREAM_SOURCE` | `cloudFiles` (Auto Loader, Databricks only) or `files` | what the platform has |
# MAGIC | `RTSTREAM_MAX_FILES` | files of a micro-batch, at most | `1000` |
# MAGIC
# MAGIC They are job parameters or widgets on Databricks, environment variables elsewhere. There is no secret among them: the
# MAGIC cluster's own identity opens the lake.

# COMMAND ----------

import re
from pathlib import Path
from urllib.parse import unquote

from pyspark.sql import functions as F

from rtstream_lake import Cached, LakeTable, StateError, open_session, read_settings, run_stream
from rtstream_rules import DEDUPLICATION_WINDOW, first_of_duplicates, validate

spark = open_session()
settings = read_settings(globals().get("dbutils"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## Reading bronze
# MAGIC
# MAGIC Lines are read as **text**, not as JSON: a line that does not parse must reach the quarantine as it was sent, and a JSON
# MAGIC reader would have made nulls of it. Beside each line comes where it stood, since the *first* of several duplicates is
# MAGIC the one that stays.
# MAGIC
# MAGIC **A trap.** Both sources read a path once. Stream Analytics by default *goes on appending to the same file*, so
# MAGIC whatever came after the first look would never be read, and nothing would say so. Our job therefore writes each file
# MAGIC once (`blobWriteMode: 'Once'`, a folder per minute).

# COMMAND ----------

# A pattern rather than the folder: the folder may not be there before the first file is. `_` and `.` begin hidden names.
BRONZE = settings.path("bronze", "weather/[^_.]*")


def read_bronze():
    if settings.source == "cloudFiles":
        reader = (
            spark.readStream.format("cloudFiles")
            .option("cloudFiles.format", "text")
            .option("cloudFiles.maxFilesPerTrigger", settings.max_files)
            # The folders are plain dates, not columns.
            .option("cloudFiles.partitionColumns", "")
            .schema("value string")
        )
    else:
        reader = (
            spark.readStream.format("text")
            .option("maxFilesPerTrigger", settings.max_files)
            .option("recursiveFileLookup", "true")
            # A folder of files that were read may be deleted while the others are listed.
            .option("ignoreMissingFiles", "true")
        )
    lines = reader.option("pathGlobFilter", "*.json").load(BRONZE)
    return lines.select("value", "_metadata.file_path", "_metadata.file_block_start")


# COMMAND ----------

# MAGIC %md
# MAGIC ## Where a line stood
# MAGIC
# MAGIC Bronze order: by the folder's minute, then hub partition, then file, then line. A file of our own job is named by partition
# MAGIC and sequence range (`0_00000000001804-00000000001811_8.json`); files of others come behind, by name.

# COMMAND ----------

ORDER = ["folder", "filePartition", "file", "block", "line"]


def with_place(lines):
    folder = F.regexp_extract("file_path", "^(.*)/[^/]*$", 1)
    file = F.regexp_extract("file_path", "([^/]*)$", 1)
    partition = F.regexp_extract("file_path", r"/([0-9]+)_[0-9]{14}-[0-9]{14}_[0-9]+(?:_[0-9]+)?\.json$", 1)
    return lines.select(
        "value",
        folder.alias("folder"),
        F.when(partition != "", partition.cast("bigint")).otherwise(F.lit(2**62)).alias("filePartition"),
        file.alias("file"),
        F.col("file_block_start").alias("block"),
        # Grows with the lines of a block; between blocks it says nothing.
        F.monotonically_increasing_id().alias("line"),
    )


# COMMAND ----------

# MAGIC %md
# MAGIC ## Duplicates
# MAGIC
# MAGIC Event Hubs delivers *at least once*, and a producer that lost its connection sends again. Of rows with the same
# MAGIC `eventId`, enqueued within ten minutes of each other, the first stays.
# MAGIC
# MAGIC Spark has an operator for this, in most streams the right one:
# MAGIC
# MAGIC ```python
# MAGIC rows.withWatermark("enqueuedAt", "10 minutes").dropDuplicatesWithinWatermark(["eventId"])
# MAGIC ```
# MAGIC
# MAGIC It keeps the ids in its state and forgets them as the **watermark** moves on: the newest time that it has seen, less ten
# MAGIC minutes. Try it on four readings, one a micro-batch:
# MAGIC
# MAGIC | reading | enqueued | the operator | this notebook |
# MAGIC |---|---|---|---|
# MAGIC | `x` | 12:00 | keeps it | keeps it |
# MAGIC | `x` | 12:15 | *drops it*: the watermark has not passed the first `x` by ten minutes yet | keeps it: 15 minutes apart |
# MAGIC | `y` | 13:30 | keeps it, the watermark moves to 13:20 | keeps it |
# MAGIC | `old`, of a partition that lags | 12:05 | *drops it*, though it is no duplicate: older than the watermark | keeps it |
# MAGIC
# MAGIC One watermark for all partitions loses what a slow one brings; and what was dropped is only told afterwards, in the query's
# MAGIC progress, so no commit could carry balanced counts. A pipeline that promises that *nothing vanishes* cannot take it.
# MAGIC
# MAGIC The tables themselves know what was kept. Each batch looks its ids up there, within ten minutes of its own enqueued times.
# MAGIC Delta's statistics find the few files with that stretch of time: the newest small ones, and the compacted one before them, which
# MAGIC the session's settings keep small. There is no state beside the tables, however late a row comes.

# COMMAND ----------

silver = LakeTable(spark, settings, "silver", app_id="silver").create()
quarantine = LakeTable(spark, settings, "quarantine", app_id="silver-quarantine").create()


def kept_near(earliest, latest):
    """Rows of both tables whose enqueued time is within the window of a batch's, with eventId and verdict."""
    near = F.col("enqueuedAt").between(
        F.timestamp_micros(F.lit(earliest - DEDUPLICATION_WINDOW)),
        F.timestamp_micros(F.lit(latest + DEDUPLICATION_WINDOW)),
    )
    valid = silver.read().where(near).select("eventId", F.lit(True).alias("valid"), "enqueuedAt")
    # A quarantined row has no id column, but its line has all that an id is made of.
    lines = quarantine.read().where(near).select(F.col("raw").alias("value"))
    return valid.unionByName(validate(lines).select("eventId", F.lit(False).alias("valid"), "enqueuedAt"))


# COMMAND ----------

# MAGIC %md
# MAGIC ## One micro-batch
# MAGIC
# MAGIC Two tables, two commits, and a crash may fall between them. Spark then runs the same batch again, so each commit carries
# MAGIC the batch's number (`txnAppId`, `txnVersion`), and Delta leaves out what its log has seen: *exactly once*, in both.
# MAGIC Silver commits first, in every batch, and with it goes the metadata that the ledger reads: `DESCRIBE HISTORY` shows them in the
# MAGIC column `userMetadata`. What is still to be done for the quarantine is worked out against a quarantine without this batch.
# MAGIC
# MAGIC **Small files.** A batch every few seconds makes thousands of files a day. The tables compact themselves
# MAGIC (`delta.autoOptimize.autoCompact`); what compaction replaced stays for older versions of the table, and is deleted (`VACUUM`)
# MAGIC now and then by `run_stream`: the quarantine here, since no stream reads it; silver by the gold notebook, as far as gold has read.
# MAGIC
# MAGIC **A file that was cut.** The job names a file by the rows in it. One that holds fewer, or whose last line ends in the middle, was
# MAGIC cut by a disk, a copy, or a hand: the batch stops before it commits anything and names the file, since what is read once is
# MAGIC never read again. One without a byte gives no row at all: only the checkpoint knows that it was in the batch. Names of other
# MAGIC writers promise nothing, so an empty file of theirs is named and the stream goes on.
# MAGIC
# MAGIC **A lake that was moved.** Spark's file source notes whole paths. A batch that was begun in one place finds nothing of its files in
# MAGIC another, and nothing was cut: the lake has to go back where it was.

# COMMAND ----------


def by_file(rows):
    """Files of a batch: place, rows, whether the last of them is whole, earliest and latest enqueued time (microseconds)."""
    at = F.unix_micros("enqueuedAt")
    is_cut = F.coalesce(F.array_contains("reasons", "not a JSON object"), F.lit(False))
    return rows.groupBy("folder", "file").agg(
        F.count("*").alias("held"),
        F.max_by(~is_cut, F.struct("block", "line")).alias("whole"),
        F.min(at).alias("earliest"),
        F.max(at).alias("latest"),
    )


def plain(url):
    """Rows and checkpoint write the same path in different ways."""
    return re.sub("^file:/+", "file:/", unquote(url))


def bronze_root():
    """In the form of :func:`plain`, with a slash at its end."""
    root = settings.path("bronze", "weather")
    return plain(root if ":/" in root else Path(root).absolute().as_uri()) + "/"


def refuse_cut(files, given):
    """
    :param given: URLs of the batch's files, where the source tells them.
    :raises StateError: names the first file that holds less than its name promises, or that lies elsewhere now.
    """
    held_by = {plain(f"{file.folder}/{file.file}"): file.held if file.whole else file.held - 1 for file in files}
    for path in sorted({*held_by, *map(plain, given)}):
        promised = re.search(r"/[0-9]+_[0-9]{14}-[0-9]{14}_([0-9]+)(?:_[0-9]+)?\.json$", path)
        held = held_by.get(path, 0)
        if promised and held == 0 and not path.startswith(bronze_root()):
            raise StateError(
                f"{path} is what silver had begun to read, and bronze is at {bronze_root()} now: the lake was moved, and "
                "Spark's checkpoint keeps whole paths. Move the lake back and start silver again, or name another checkpoint root and lake."
            )
        if promised and held < int(promised[1]):
            raise StateError(
                f"{path} was cut: it holds {held} of the {promised[1]} rows that its name promises. Put it back "
                "from a copy, then start silver again; if there is none, move the file away, and its events are told as missing."
            )
        if path not in held_by:
            print(f"{path} was empty when silver read it. What is written to it from now on is not read: place it under another name.")


def write(lines, batch):
    with Cached(validate(with_place(lines))) as rows:
        files = by_file(rows).collect()
        refuse_cut(files, batch.files())
        count = sum(file.held for file in files)
        times = [time for file in files for time in (file.earliest, file.latest) if time is not None]
        seen = kept_near(min(times), max(times)) if times else kept_near(0, 0).limit(0)
        with Cached(first_of_duplicates(rows, seen, ORDER)) as kept:
            if not batch.is_repeated:
                valid, invalid = kept.select(F.count_if("valid"), F.count_if(~F.col("valid"))).first()
                metadata = batch.metadata(
                    input=count, output=valid, quarantined=invalid, duplicates=count - valid - invalid
                )
                # As they came: who reads the files finds each station's readings in order.
                silver.append(kept.where("valid").orderBy(*ORDER), metadata)
            else:
                metadata = batch.metadata()
            if metadata["batch"]["quarantined"] > 0:
                quarantine.append(kept.where("NOT valid"), metadata)


run_stream(
    spark, settings, "silver", version=1, rows=read_bronze(), table=silver, write=write, clean=[quarantine]
)
