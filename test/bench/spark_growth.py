"""
Whether a batch of the notebooks takes longer as their tables grow. As for the embedded engine (growth.bench.ts, which makes them), two
lakes stand side by side: an old one of 270 batches of 20 readings and a young one of 80, the warm-up. Their streams are handed over to a
Spark as `--engine spark` starts it, and then silver, gold and the aggregate run over one file a batch, in turns, a few batches on the one
lake, a few on the other, so that Java's warm-up and the machine do the same to both. The first turn of a call counts nowhere, nor the
last batch of a run. Said are the medians from start to start of a batch: time, and CPU of all of Spark's processes, which other work on
the machine changes little.

`python test/bench/spark_growth.py FOLDER [TURNS]`, with the Python of `.venv` or `.venv-spark4`, takes so many turns (5, and the first); a
later call on the same FOLDER goes on and reports all, with 0 it only reports. Needs `node`, and Linux for the CPU. Ends with 1 when a
notebook took more than 1.3 times as much on the old lake.
"""
import json
import os
import runpy
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "notebooks")]
sys.dont_write_bytecode = True

# As in src/local/spark/spark-run.ts.
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.databricks.delta.properties.defaults.deletedFileRetentionDuration": "interval 60 minutes",
    "spark.databricks.delta.properties.defaults.logRetentionDuration": "interval 2 days",
    "spark.databricks.delta.writeChecksumFile.enabled": "false",
    "spark.databricks.delta.properties.defaults.checkpointInterval": "100",
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "100000",
    "spark.sql.streaming.fileSource.log.compactInterval": "100",
    "spark.sql.streaming.fileSource.log.cleanupDelay": "1m",
    "spark.sql.warehouse.dir": f"{tempfile.gettempdir()}/rtstream-spark-warehouse",
}
confs = " ".join(f'--conf "{name}={value}"' for name, value in SETTINGS.items())
os.environ.update(
    PYSPARK_PYTHON=sys.executable,
    PYSPARK_SUBMIT_ARGS=f"--master local[1] --driver-memory 1g {confs} pyspark-shell",
    SPARK_LOCAL_IP="127.0.0.1",
)

from pyspark.sql.streaming import DataStreamWriter  # noqa: E402

from rtstream_lake import open_session  # noqa: E402

READINGS, MOST = 20, 1.3
# Batches of a run: one more than it measures.
RUN = 7
LAYERS = {"silver": "silver/weather", "gold": "gold/weather", "aggregate": "gold/weather_aggregated"}
LAKES = {"young": 80, "old": 270}
START = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def place(lake, batch):
    """A file of bronze, as the job writes it."""
    at, first = START + timedelta(seconds=10 * batch), batch * READINGS
    folder = lake / "bronze" / "weather" / at.strftime("%Y/%m/%d/%H-%M")
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for index in range(READINGS):
        time_ = (at + timedelta(milliseconds=index)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines.append(json.dumps({
            "eventId": f"00000000-0000-4000-8000-{first + index:012}", "deviceId": f"station-{index:05}",
            "deviceSequenceNumber": batch, "city": ("Oslo", "Zürich", "Lima")[index % 3], "temperature": index, "humidity": 50,
            "timestamp": time_[:19].replace("T", " "), "createdAt": time_, "EventProcessedUtcTime": time_, "PartitionId": 0,
            "EventEnqueuedUtcTime": time_, "SequenceNumber": first + index}))
    path = folder / f"0_{first:014}-{first + READINGS - 1:014}_{READINGS}.json"
    path.write_text("".join(f"{line}\n" for line in lines))
    # Spark takes files in the order of their times, to the millisecond.
    os.utime(path, (time.time() + batch / 100,) * 2)


def cpu_of_all():
    """CPU (ms) of this process and all below it, those that have ended too; None where /proc does not tell."""
    parents, times = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name before it may hold blanks.
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
        times[int(path.parent.name)] = sum(int(one) for one in fields[11:15])
    if not times:
        return None
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(times[pid] for pid in ours) * 1000 / os.sysconf("SC_CLK_TCK")


def hand_over(spark, lake, batches):
    """Puts Spark's checkpoints in the place of the embedded engine's, as if Spark had read what it has read."""
    for name, source in (("silver", None), ("gold", "silver/weather"), ("aggregate", "gold/weather")):
        checkpoint = lake / "checkpoints" / name
        shutil.rmtree(checkpoint)
        reader = spark.readStream.format("delta").option("maxFilesPerTrigger", 100_000)
        if source is None:
            reader = spark.readStream.format("text").option("recursiveFileLookup", "true").option("pathGlobFilter", "*.json")
        rows = reader.load(str(lake / (source or "bronze/weather/[^_.]*")))
        writer = rows.writeStream.option("checkpointLocation", str(checkpoint)).foreachBatch(lambda *_: None)
        writer.trigger(availableNow=True).start().awaitTermination()
        for part in ("offsets", "commits"):
            newest = max(int(path.name) for path in (checkpoint / part).glob("[0-9]*"))
            text = (checkpoint / part / str(newest)).read_text()
            shutil.rmtree(checkpoint / part)
            (checkpoint / part).mkdir()
            for batch in (batches - 2, batches - 1):
                (checkpoint / part / str(batch)).write_text(text)
        (checkpoint / "owner").mkdir()
        (checkpoint / "owner" / "part-0.txt").write_text(json.dumps({"query": name, "version": 1}) + "\n")


def record_batches(into):
    """From now on each batch of a stream tells when it begins, and of which run it is: `under_way` holds that."""
    under_way = {}
    begin = DataStreamWriter.foreachBatch

    def foreach_batch(writer, write):
        def recorded(rows, number):
            entry = {**under_way, "batch": number, "at": time.time() * 1000, "cpu": cpu_of_all()}
            with open(into, "a") as file:
                file.write(f"{json.dumps(entry)}\n")
            write(rows, number)

        return begin(writer, recorded)

    DataStreamWriter.foreachBatch = foreach_batch
    return under_way


def took(entries, layer, lake, what):
    """How much of it each batch took, from its start to the next one's of the same run."""
    ours = [entry for entry in entries if (entry["layer"], entry["lake"]) == (layer, lake) and entry[what] is not None]
    return [after[what] - one[what] for one, after in zip(ours, ours[1:]) if after["run"] == one["run"] and one["turn"] > 0]


def report(entries, layer, what, unit):
    """:return: the ratio; None where nothing was measured."""
    young, old = (took(entries, layer, lake, what) for lake in LAKES)
    if not young or not old:
        return None
    first, last = statistics.median(young), statistics.median(old)
    numbers = [entry["batch"] + 1 for entry in entries if (entry["layer"], entry["lake"]) == (layer, "old")]
    print(f"spark {layer}, {unit}: {len(young)} batches of the young lake {first:.0f} ms, {len(old)} of the old one (up to the "
          f"{max(numbers)}th) {last:.0f} ms, ratio {last / first:.2f}", flush=True)
    return last / first


def main(folder, turns="5"):
    folder = Path(folder).resolve()
    log = folder / "batches.jsonl"
    if not log.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["node", str(ROOT / "test" / "bench" / "growth.bench.ts"), "--grow", str(folder)], check=True)
    spark = open_session()
    spark.sparkContext.setLogLevel("ERROR")
    if not log.exists():
        for name, batches in LAKES.items():
            hand_over(spark, folder / name, batches)
        log.touch()
    under_way = record_batches(log)
    os.environ.update(RTSTREAM_TRIGGER="availableNow", RTSTREAM_MAX_FILES="1")
    for turn in range(int(turns) + 1 if int(turns) > 0 else 0):
        for name in LAKES:
            lake = folder / name
            placed = sum(1 for _ in (lake / "bronze").rglob("0_*.json"))
            for batch in range(placed, placed + RUN):
                place(lake, batch)
        for layer in LAYERS:
            for name in LAKES:
                under_way.update(layer=layer, lake=name, turn=turn, run=f"{os.getpid()} {turn}")
                os.environ["RTSTREAM_LAKE_ROOT"] = str(folder / name)
                runpy.run_path(str(ROOT / "notebooks" / f"{layer}.py"), run_name="__main__")
        print(f"turn {turn}, load {os.getloadavg()[0]:.1f}", flush=True)
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    print(f"Spark {spark.version}", flush=True)
    ratios = []
    for layer in LAYERS:
        lasted, cpu = (report(entries, layer, what, unit) for what, unit in (("at", "time"), ("cpu", "CPU")))
        ratios.append(lasted if cpu is None else cpu)
    return 0 if all(ratio is not None and ratio <= MOST for ratio in ratios) else 1


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)
