"""What the notebooks share: parameters, the tables of the lake, the metadata of each commit, and how a stream runs."""
import json
import math
import os
import re
import sys
import time
from typing import NamedTuple

from pyspark import cloudpickle
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

# ── Parameters ───────────────────────────────────────────────────────────────────────────────────────────────────────
# Each is a job parameter or widget on Databricks, an environment variable elsewhere. None is a secret: who may read and
# write the lake is settled by the identity that runs the notebook.

DEFAULTS = {
    # abfss://{container}@ACCOUNT.dfs.core.windows.net, with {container} as it stands here, or a folder.
    "RTSTREAM_LAKE_ROOT": "",
    # Where the streams keep how far they have read; by default the lake's container `checkpoints`.
    "RTSTREAM_CHECKPOINT_ROOT": "",
    # processingTime: until stopped. availableNow: what is there now, then end.
    "RTSTREAM_TRIGGER": "processingTime",
    # Time between the starts of two micro-batches, with processingTime.
    "RTSTREAM_INTERVAL": "10 seconds",
    # How silver finds new files: cloudFiles (Databricks' Auto Loader), or files. By default what the platform has.
    "RTSTREAM_SOURCE": "",
    # Files of a micro-batch, at most.
    "RTSTREAM_MAX_FILES": "1000",
}


class ParameterError(ValueError):
    """A parameter that cannot be; the message says which, and what it may be."""


class Settings(NamedTuple):
    lake_root: str
    checkpoint_root: str
    trigger: str
    interval: str
    source: str
    max_files: int

    def path(self, container, path):
        return _place(self.lake_root, container) + "/" + path


def _place(root, container):
    return root.replace("{container}", container) if "{container}" in root else f"{root}/{container}"


def read_settings(dbutils=None, environment=os.environ):
    """:raises ParameterError:"""

    def value(name):
        if dbutils is not None:
            dbutils.widgets.text(name, environment.get(name, ""))
            given = dbutils.widgets.get(name)
        else:
            given = environment.get(name, "")
        return given.strip() or DEFAULTS[name]

    def choice(name, allowed):
        if value(name) not in allowed:
            raise ParameterError(f"{name} is {value(name)!r}; it may be {' or '.join(allowed)}.")
        return value(name)

    root = value("RTSTREAM_LAKE_ROOT").rstrip("/")
    if not root:
        raise ParameterError(
            "RTSTREAM_LAKE_ROOT is not set: the lake, as abfss://{container}@ACCOUNT.dfs.core.windows.net or a folder."
        )
    if "://" in root and "{container}" not in root:
        raise ParameterError(f"RTSTREAM_LAKE_ROOT is {root}; a URL needs {{container}} in the container's place.")
    on_databricks = "DATABRICKS_RUNTIME_VERSION" in environment
    source = choice("RTSTREAM_SOURCE", ("", "files", "cloudFiles")) or ("cloudFiles" if on_databricks else "files")
    if source == "cloudFiles" and not on_databricks:
        raise ParameterError("RTSTREAM_SOURCE is cloudFiles, which only Databricks has; elsewhere it is files.")
    trigger = choice("RTSTREAM_TRIGGER", ("processingTime", "availableNow"))
    if trigger == "processingTime" and is_serverless(environment):
        raise ParameterError(
            "Serverless compute has no trigger processingTime, nor the settings txnAppId and txnVersion that the aggregate's MERGE "
            "needs: run the notebooks on a job cluster, or silver and gold with RTSTREAM_TRIGGER=availableNow."
        )
    files = value("RTSTREAM_MAX_FILES")
    if not files.isdecimal() or int(files) == 0:
        raise ParameterError(f"RTSTREAM_MAX_FILES is {files!r}; it is a whole number above 0.")
    return Settings(
        lake_root=root,
        checkpoint_root=value("RTSTREAM_CHECKPOINT_ROOT").rstrip("/") or _place(root, "checkpoints"),
        trigger=trigger,
        interval=value("RTSTREAM_INTERVAL"),
        source=source,
        max_files=int(files),
    )


def is_serverless(environment=os.environ):
    """Whether this is Databricks' serverless compute, which calls its runtime `client.N`."""
    return environment.get("DATABRICKS_RUNTIME_VERSION", "").startswith("client.") or (
        environment.get("IS_SERVERLESS", "").lower() == "true"
    )


# ── Session ──────────────────────────────────────────────────────────────────────────────────────────────────────────


# A micro-batch is small: so many tasks, not 200; nor 10,000, to list a table's one folder (`VACUUM`).
TASKS = "4"

# Setting: its value, and the value of Spark's own that it takes the place of (None: whatever stands there).
_SETTINGS = {
    # Timestamps that every reader of Parquet knows, with statistics.
    "spark.sql.parquet.outputTimestampType": ("TIMESTAMP_MICROS", None),
    # No calendar before Spark 3 is of interest: a time is what it says.
    "spark.sql.parquet.datetimeRebaseModeInRead": ("CORRECTED", None),
    "spark.sql.parquet.datetimeRebaseModeInWrite": ("CORRECTED", None),
    # Files are compacted up to this size (bytes), so that who asks for the newest rows does not read a whole day.
    "spark.databricks.delta.autoCompact.maxFileSize": (str(16 * 1024 * 1024), None),
    "spark.sql.shuffle.partitions": (TASKS, "200"),
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": (TASKS, "10000"),
}

# As above, where Delta is the open-source one: no second file beside each commit, since logs are listed as a whole.
_OPEN_SOURCE_SETTINGS = {"spark.databricks.delta.writeChecksumFile.enabled": ("false", "true")}


def open_session():
    """The notebook's session: the platform's own, or, under plain Python, one with Delta Lake."""
    spark = SparkSession.getActiveSession()
    if spark is None:
        from delta import configure_spark_with_delta_pip

        builder = (
            SparkSession.builder.appName("rtstream")
            .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
            .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
            # The log of such a table is small: one task reads it, not fifty.
            .config("spark.databricks.delta.snapshotPartitions", "1")
        )
        spark = configure_spark_with_delta_pip(builder).getOrCreate()
    # Days and hours are those of UTC, wherever the cluster stands.
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    wanted = _SETTINGS if "DATABRICKS_RUNTIME_VERSION" in os.environ else {**_SETTINGS, **_OPEN_SOURCE_SETTINGS}
    for name, (setting, default) in wanted.items():
        # Each by itself: what a platform settles on its own it refuses, and the others still count.
        try:
            if default is None or spark.conf.get(name, default) == default:
                spark.conf.set(name, setting)
        except Exception:
            pass
    return spark


# ── Tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_READING = (
    "eventId string, deviceId string, deviceSequenceNumber bigint, city string, temperature int, humidity int, "
    "timestamp timestamp, createdAt timestamp, enqueuedAt timestamp, partitionId int"
)

# Container, folder, columns.
TABLES = {
    "silver": ("silver", "weather", _READING),
    "quarantine": ("silver", "weather_quarantine", "raw string, reasons array<string>, enqueuedAt timestamp"),
    "gold": ("gold", "weather", _READING + ", date date, hour int"),
    "byMinute": (
        "gold",
        "weather_by_minute",
        "minute timestamp, city string, readings bigint, min_temperature int, avg_temperature double, "
        "max_temperature int, avg_humidity double",
    ),
    "aggregated": (
        "gold",
        "weather_aggregated",
        "city string, date date, hour int, avg_temperature double, avg_humidity double, readings bigint",
    ),
}

# A batch every ten seconds makes 8,640 commits a day, and open-source Delta lists all that a log has several times in every batch
# (docs/benchmarks.md). So the log goes back no longer than the files that it names, which is as long as a notebook may stand still
# while the one before it runs on; and a checkpoint, which names all those files, is written less often. Unless the session has
# defaults of its own.
_LOG_PROPERTIES = {"delta.logRetentionDuration": "interval 7 days", "delta.checkpointInterval": "100"}

# Rows of a file, about.
ROWS_PER_FILE = 500_000

# Every so many micro-batches, what no version needs any more is deleted.
BATCHES_PER_CLEANING = 500
# Nothing younger is deleted, whatever the table says: the files of a batch under way look like files that nobody needs (s).
LEAST_RETENTION = 3600
# A stream so far behind (versions) is left to catch up first.
MOST_BEHIND = 1000

# Any Delta reader of today, Synapse's too, reads a table without these, whatever the workspace makes tables with.
_PROPERTIES = {
    "delta.enableDeletionVectors": "false",
    "delta.checkpointPolicy": "classic",
    "delta.columnMapping.mode": "none",
    # Fifty small files become one, in the notebook that wrote the last of them.
    "delta.autoOptimize.autoCompact": "true",
}

_NO_BOOKS = {"batchId": -1, "totals": {}}


class StateError(RuntimeError):
    """A checkpoint and a table that do not belong together; the message says what to do."""


class LakeTable:
    """One Delta table, and the writer that the log knows by its application id."""

    def __init__(self, spark, settings, name, app_id):
        container, path, columns = TABLES[name]
        self.spark, self.app_id = spark, app_id
        self.title = f"{container}/{path}"
        self.path = settings.path(container, path)
        self.schema = spark.createDataFrame([], columns).schema
        self.has_written = False

    @property
    def name(self):
        """What SQL calls it. All that is done to tables is SQL: Spark Connect has nothing else without a plug-in of its own."""
        return "delta.`" + self.path.replace("`", "``") + "`"

    def create(self):
        """Makes the table when it is missing, so that its reader may start before its writer."""
        columns = ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in self.schema.fields)
        properties = ", ".join(f"'{name}' = '{value}'" for name, value in self._properties().items())
        for attempt in range(5):
            try:
                self.spark.sql(
                    f"CREATE TABLE IF NOT EXISTS {self.name} ({columns}) USING delta TBLPROPERTIES ({properties})"
                )
                break
            except Exception:  # Another notebook makes it in the same moment; once it is there, all is well.
                if attempt == 4:
                    raise
                time.sleep(0.5)
        return self

    def _properties(self):
        """Of a table that is made now."""

        def has_default(name):
            try:
                default = name.replace("delta.", "spark.databricks.delta.properties.defaults.")
                return self.spark.conf.get(default, None) is not None
            except Exception:  # A platform that does not tell.
                return False

        return {**_PROPERTIES, **{name: value for name, value in _LOG_PROPERTIES.items() if not has_default(name)}}

    def read(self):
        return self.spark.read.format("delta").load(self.path)

    def history(self, limit=None):
        """Its commits, newest first, as far as the log goes back."""
        return self.spark.sql(f"DESCRIBE HISTORY {self.name}" + (f" LIMIT {limit}" if limit else ""))

    def last_metadata(self):
        """
        The metadata of the newest micro-batch in the log; maintenance such as OPTIMIZE leaves none.

        :raises StateError: when a RESTORE has taken micro-batches out of the table: nothing would bring their rows again.
        """
        for limit in (1, 20, None):
            commits = self.history(limit).select("version", "operation", "operationParameters", "userMetadata").collect()
            newest, held, restored = metadata_in(commits)
            if held is not None and held["batchId"] == newest["batchId"]:
                return held
            if held is not None or (limit is None and newest is not None):
                raise StateError(
                    f"{self.title} was put back to an older version (RESTORE, version {restored}), so that what was written to it since is "
                    f"not in it any more. RESTORE TABLE … TO VERSION AS OF {restored - 1} takes that back. {_REMEDY}"
                )
        return _NO_BOOKS

    def append(self, rows, metadata):
        """Writes once: a batch whose number the log has seen is left out."""
        files = 1 + metadata["batch"]["output"] // ROWS_PER_FILE
        self._writer(rows.coalesce(files), metadata).mode("append").save(self.path)

    def replace(self, rows, condition, metadata):
        """Puts rows in the place of those that the condition holds for; once, as above."""
        self._writer(rows.coalesce(1), metadata).mode("overwrite").option("replaceWhere", condition).save(self.path)

    def _pace_compaction(self, spark):
        """
        At a process's first write compaction takes whatever small files there are, as many a process writes fewer than fifty. From
        then on it has to wait for fifty; but open-source Delta forgets that it has compacted, and rewrote the newest file at every
        write. Looked at as a whole, the table is compacted by the number of files alone. Databricks' own needs no such setting.
        """
        if "DATABRICKS_RUNTIME_VERSION" in os.environ:
            return
        try:
            setting = "spark.databricks.delta.autoCompact.modifiedPartitionsOnly.enabled"
            spark.conf.set(setting, "false" if self.has_written else "true")
        except Exception:  # A platform that has no such setting.
            pass
        self.has_written = True

    def _writer(self, rows, metadata):
        self._pace_compaction(rows.sparkSession)
        return (
            rows.select(self.schema.names)
            .write.format("delta")
            .option("txnAppId", self.app_id)
            .option("txnVersion", metadata["batchId"])
            .option("userMetadata", json.dumps(metadata))
        )

    def merge(self, rows, condition, update, metadata):
        """Writes once, as above. `rows` has the table's columns; `update` says how a row that is there changes."""
        options = {
            "spark.databricks.delta.write.txnAppId": self.app_id,
            "spark.databricks.delta.write.txnVersion": str(metadata["batchId"]),
            "spark.databricks.delta.commitInfo.userMetadata": json.dumps(metadata),
        }
        spark = rows.sparkSession
        self._pace_compaction(spark)
        changes = ", ".join(f"table.{column} = {value}" for column, value in update.items())
        rows.createOrReplaceTempView("rtstream_new")
        try:
            for name, value in options.items():
                spark.conf.set(name, value)
            spark.sql(
                f"MERGE INTO {self.name} AS table USING rtstream_new AS new ON {condition} "
                f"WHEN MATCHED THEN UPDATE SET {changes} WHEN NOT MATCHED THEN INSERT *"
            )
        finally:
            for name in options:
                spark.conf.unset(name)
            spark.catalog.dropTempView("rtstream_new")

    def clean(self, read_from=None):
        """
        Deletes the files that no version within the table's retention needs (`VACUUM`): what compaction and merges leave behind.
        By that retention alone: hours given to `VACUUM` are ignored since Delta 4. So it waits while a stream needs what is older.

        :param read_from: version from which on a stream has still to read the table; what it needs stays, however old.
        """
        properties = self.spark.sql(f"DESCRIBE DETAIL {self.name}").first()["properties"]
        duration = properties.get("delta.deletedFileRetentionDuration", "interval 1 week")
        retention = self.spark.sql(f"SELECT unix_seconds(timestamp_seconds(0) + {duration})").first()[0]
        if retention < LEAST_RETENTION:
            raise StateError(
                f"delta.deletedFileRetentionDuration of {self.title} is {duration}: files of a batch under way would be deleted. "
                f"Set it to {LEAST_RETENTION} seconds or more."
            )
        if read_from is not None:
            newest = self.history(1).first()["version"]
            if newest - read_from > MOST_BEHIND:
                return
            if read_from <= newest:
                since = self.history(newest - read_from + 1).agg(F.unix_seconds(F.min("timestamp"))).first()[0]
                if time.time() - since > retention:
                    return
        self.spark.sql(f"VACUUM {self.name}")


def mean_of_both(column):
    """
    The mean of the rows behind a stored mean and those behind a new one. Exact: all readings are whole numbers, so a mean
    times its count is a whole number too, and rounding finds it again.
    """
    table = f"CAST(round(table.{column} * table.readings) AS bigint)"
    new = f"CAST(round(new.{column} * new.readings) AS bigint)"
    return f"({table} + {new}) / (table.readings + new.readings)"


def metadata_in(commits):
    """
    :param commits: rows of a table's history, newest first: `version`, `operation`, `operationParameters`, `userMetadata`.
    :return: the metadata of the newest micro-batch; that of the newest one whose rows are in the table, since a RESTORE takes rows out
        and leaves history and transactions; and the version of the oldest RESTORE that did so. Each may be None.
    """
    newest, restored, upto = None, None, math.inf
    for commit in commits:
        metadata = _ours(commit.userMetadata)
        newest = newest or metadata
        if commit.version > upto:
            continue
        if metadata:
            return newest, metadata, restored
        if commit.operation == "RESTORE":
            restored = commit.version
            # By a time: which version that was is not known here.
            to = re.sub("[^0-9]", "", str((commit.operationParameters or {}).get("version")))
            upto = int(to) if to else -1
    return newest, None, restored


def _ours(text):
    """Others may have any text there."""
    try:
        metadata = json.loads(text or "")
    except ValueError:
        return None
    return metadata if isinstance(metadata, dict) and {"batchId", "batch", "totals"} <= metadata.keys() else None


# ── Commit metadata ─────────────────────────────────────────────────────────────────────────────────────────────────


class Batch:
    """A micro-batch under way: whether it was committed before, and the metadata that its commits carry."""

    def __init__(self, number, table, checkpoint):
        self.started = time.monotonic()
        self.number = number
        self.spark, self.checkpoint = table.spark, checkpoint
        self.last = table.last_metadata()
        # Spark repeats at most its newest batch. Anything else and the table would silently lose rows, or repeat them.
        if number not in (self.last["batchId"], self.last["batchId"] + 1):
            known = f"batch {self.last['batchId']}" if self.last["batchId"] >= 0 else "no batch"
            raise StateError(
                f"The checkpoint {checkpoint} is at batch {number}, but the table {table.title} holds {known} as its "
                f"newest: one of the two was deleted, moved, or written by something else. {_REMEDY}"
            )

    @property
    def is_repeated(self):
        return self.number == self.last["batchId"]

    def files(self):
        """URLs of the files that Spark's file source gave this batch, rows in them or not; none where another source tells nothing."""
        offsets = _lines(self.spark, f"{self.checkpoint}/offsets/{{{self.number - 1},{self.number}}}", 20)
        ends = sorted(json.loads(line).get("logOffset", -1) for line in offsets if '"logOffset"' in line)
        if not ends:
            return []
        first = ends[0] + 1 if self.number > 0 else 0
        names = [f"{number}{form}" for number in range(first, ends[-1] + 1) for form in ("", ".compact")]
        entries = _lines(self.spark, f"{self.checkpoint}/sources/0/{{{','.join(names)}}}", None)
        found = [json.loads(line) for line in entries if line.startswith("{")]
        return sorted({entry["path"] for entry in found if entry["batchId"] >= first})

    def metadata(self, **counts):
        if self.is_repeated:
            return self.last
        totals = self.last["totals"]
        return {
            "batchId": self.number,
            "durationMs": round((time.monotonic() - self.started) * 1000),
            "batch": counts,
            "totals": {name: totals.get(name, 0) + count for name, count in counts.items()},
        }


class Cached:
    """Keeps a frame that is read several times, where the platform lets it be kept."""

    def __init__(self, rows):
        self.rows = rows

    def __enter__(self):
        try:
            self.rows = self.rows.persist()
        except Exception:  # Serverless compute keeps nothing: the frame is computed again, to the same rows.
            pass
        return self.rows

    def __exit__(self, *_):
        try:
            self.rows.unpersist()
        except Exception:
            pass


# ── Streams ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def run_stream(spark, settings, name, version, rows, table, write, clean=(), source=None):
    """
    Runs a continuous query until it is stopped or, with availableNow, has read what is there.

    :param version: of the query; another one cannot go on from this one's checkpoint.
    :param table: the main table, which every micro-batch commits to.
    :param write: called with the rows of a micro-batch and its `Batch`.
    :param clean: tables of this notebook that no stream reads: their old files are deleted now and then.
    :param source: the table that `rows` come from: likewise, as far as this query has read it.
    :raises StateError: when the checkpoint is not this query's, or does not fit the table.
    """
    checkpoint = f"{settings.checkpoint_root}/{name}"
    _claim(spark, checkpoint, {"query": name, "version": version}, table)
    for other in clean:
        other.last_metadata()

    def write_batch(rows, number):
        write(rows, Batch(number, table, checkpoint))
        if (number + 1) % BATCHES_PER_CLEANING == 0:
            try:
                _clean(spark, checkpoint, number, clean, source)
            except Exception as error:  # The rows are safe: no reason to end the stream. There will be another time.
                print(f"Old files were not deleted: {error}")

    writer = rows.writeStream.queryName(name).option("checkpointLocation", checkpoint).foreachBatch(write_batch)
    if settings.trigger == "availableNow":
        writer = writer.trigger(availableNow=True)
    else:
        writer = writer.trigger(processingTime=settings.interval)
    try:
        writer.start().awaitTermination()
    except Exception as error:
        said = _own_words(error)
        if said:
            raise StateError(said) from None
        raise


def _own_words(error):
    """
    What `write_batch` itself said, of an error that has come by way of Spark: as text, since with Spark Connect the function
    runs in another process.
    """
    found = re.search(r"\bStateError: (.+)", str(error))
    return found and found[1].strip()


def _clean(spark, checkpoint, number, clean, source):
    for table in clean:
        table.clean()
    if source is not None:
        # Up to where the batch before this one had read: what came behind it is not finished yet.
        lines = _lines(spark, f"{checkpoint}/offsets/{number - 1}", 3)
        if len(lines) == 3:
            source.clean(read_from=json.loads(lines[2])["reservoirVersion"])


def _claim(spark, checkpoint, owner, table):
    """Writes beside the checkpoint whose it is, or finds out that it is another's."""
    note = f"{checkpoint}/owner"
    found = _lines(spark, note)
    if not found:
        if any(_lines(spark, f"{checkpoint}/{part}") for part in ("offsets", "metadata", "offsets.jsonl")):
            raise StateError(f"The checkpoint {checkpoint} was not made by this notebook. {_REMEDY}")
        newest = table.last_metadata()["batchId"]
        if newest >= 0:
            # Begun anew, batch 0 would pass for one that the table has.
            raise StateError(
                f"The checkpoint {checkpoint} is missing, but the table {table.title} holds batch {newest} as its newest. "
                f"{_REMEDY}"
            )
        spark.createDataFrame([(json.dumps(owner),)], "value string").coalesce(1).write.mode("overwrite").text(note)
    elif json.loads(found[0]) != owner:
        other = json.loads(found[0])
        raise StateError(
            f"The checkpoint {checkpoint} belongs to version {other['version']} of the query {other['query']}, this is "
            f"version {owner['version']} of {owner['query']}. {_REMEDY}"
        )


_REMEDY = (
    "Put it back from a copy, or name another checkpoint root and lake. Delete nothing while bronze does not hold all that "
    "was ever read: what is deleted could not be built again whole."
)


def _lines(spark, path, most=1):
    try:
        rows = spark.read.text(path)
        return [row.value for row in (rows if most is None else rows.limit(most)).collect()]
    except AnalysisException:  # There is no such path.
        return []


# What Spark Connect runs for a micro-batch runs in another process, which has no copy of this file: it travels by value.
if __name__ in sys.modules and __name__ != "__main__":
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
