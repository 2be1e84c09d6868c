# Databricks notebook source
# MAGIC %md
# MAGIC # Gold: rows that are ready for questions
# MAGIC
# MAGIC Silver is read **as a Delta table**, never by a glob over its Parquet files: a file counts once it is committed, and once
# MAGIC only. Two tables come out of it:
# MAGIC
# MAGIC | table | content |
# MAGIC |---|---|
# MAGIC | `gold/weather` | silver + `date` and `hour` of the measurement (UTC) |
# MAGIC | `gold/weather_by_minute` | per minute of arrival and city: readings, lowest, mean and highest temperature, mean humidity |
# MAGIC
# MAGIC The parameters are those of the silver notebook (`RTSTREAM_LAKE_ROOT` and its companions).

# COMMAND ----------

from pyspark.sql import functions as F

from rtstream_lake import Cached, LakeTable, open_session, read_settings, run_stream

spark = open_session()
settings = read_settings(globals().get("dbutils"))

# Made when it is missing, so that gold may start before silver.
silver = LakeTable(spark, settings, "silver", app_id="silver").create()
gold = LakeTable(spark, settings, "gold", app_id="gold").create()
by_minute = LakeTable(spark, settings, "byMinute", app_id="gold-by-minute").create()

# COMMAND ----------

# MAGIC %md
# MAGIC ## Minutes that go on growing
# MAGIC
# MAGIC A streaming aggregation would keep each minute's numbers in its state until the watermark closes it, and drop what comes
# MAGIC later. Here the table is the state: each micro-batch is summed up by itself, joined with what the table has of the same
# MAGIC minutes, and put in their place. A reading that comes hours late still finds its minute.
# MAGIC
# MAGIC Means can be put together without loss: all readings are whole numbers, so mean × count gives back the exact sum.
# MAGIC
# MAGIC **Why not `MERGE`?** The aggregate notebook uses it, and it would be right here too. But `MERGE` writes each file that it
# MAGIC touches anew with all its rows, and this table grows by some hundred rows a minute: after a day every micro-batch
# MAGIC would copy that whole day. `replaceWhere` separates the minutes of the batch from the rest of their file, so
# MAGIC a minute that is over is not copied again.

# COMMAND ----------


# A reading of another writer may lack a time or a measurement: it is in no minute, and in no mean.
COMPLETE = "enqueuedAt IS NOT NULL AND temperature IS NOT NULL AND humidity IS NOT NULL"


def minutes_of(rows):
    return rows.where(COMPLETE).groupBy(F.date_trunc("minute", "enqueuedAt").alias("minute"), "city").agg(
        F.count("*").alias("readings"),
        F.min("temperature").alias("min_temperature"),
        F.avg("temperature").alias("avg_temperature"),
        F.max("temperature").alias("max_temperature"),
        F.avg("humidity").alias("avg_humidity"),
    )


# So many minutes are named one by one.
MINUTES_NAMED = 100


def condition_of(minutes):
    """SQL for the minutes of a batch, as constants: so Delta skips the files of all others."""
    at = F.unix_micros("minute")
    named = [row[0] for row in minutes.select(at).distinct().limit(MINUTES_NAMED + 1).collect()]
    if len(named) <= MINUTES_NAMED:
        return "minute IN (" + ", ".join(f"timestamp_micros({minute})" for minute in named or [0]) + ")"
    earliest, latest = minutes.select(F.min(at), F.max(at)).first()
    return f"minute BETWEEN timestamp_micros({earliest}) AND timestamp_micros({latest})"


def put_together(before, new):
    """Both sides' minutes, each once. One that stands on both sides has two rows, whose numbers go together."""

    def mean(column):
        whole_sum = F.sum(F.round(F.col(column) * F.col("readings")).cast("bigint"))
        return (whole_sum / F.sum("readings")).alias(column)

    return (
        before.unionByName(new)
        .groupBy("minute", "city")
        .agg(
            F.sum("readings").alias("readings"),
            F.min("min_temperature").alias("min_temperature"),
            mean("avg_temperature"),
            F.max("max_temperature").alias("max_temperature"),
            mean("avg_humidity"),
        )
    )


def update_minutes(rows, metadata):
    with Cached(minutes_of(rows)) as minutes:
        condition = condition_of(minutes)
        by_minute.replace(put_together(by_minute.read().where(condition), minutes), condition, metadata)


# COMMAND ----------

# MAGIC %md
# MAGIC ## One micro-batch
# MAGIC
# MAGIC Again two commits, each with the batch's number: whatever a crash left undone is done by the next run, and nothing twice.

# COMMAND ----------


def write(rows, batch):
    with Cached(rows.withColumn("date", F.to_date("timestamp")).withColumn("hour", F.hour("timestamp"))) as readings:
        if batch.is_repeated:
            metadata = batch.metadata()
        else:
            count = readings.count()
            metadata = batch.metadata(input=count, output=count)
            gold.append(readings, metadata)
        update_minutes(readings, metadata)


readings = spark.readStream.format("delta").option("maxFilesPerTrigger", settings.max_files).load(silver.path)
run_stream(
    spark, settings, "gold", version=1, rows=readings, table=gold, write=write, clean=[by_minute], source=silver
)
