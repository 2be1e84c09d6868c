"""
Whether a batch of the notebooks takes longer as their tables grow: 300 batches of 20 readings, one notebook after the other, so that
it comes to an end on a small machine. `python test/bench/spark_growth.py LAKE [SECONDS]`, with the Python of `.venv` or `.venv-spark4`, goes
on for about SECONDS (240) and leaves the rest to the next call on the same LAKE. Once all is done it says how long the last 30 batches
took against the first 30 after the warm-up, from start to start, and how much CPU all of Spark's processes took for them (Linux), which
other work on the machine changes little. Ends with 1 when a notebook took more than 1.3 times as much CPU (where there is no Linux:
as long), with 3 when there is more to do.
"""
import json
import os
import runpy
import statistics
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "notebooks"), str(ROOT / "test" / "notebooks")]
sys.dont_write_bytecode = True

import conftest  # noqa: E402  The options of a small local Spark.

# As in the suite: Java made for each plan pays for many rows, not for twenty.
conftest.pytest_configure()

from pyspark.sql.streaming import DataStreamWriter  # noqa: E402

from rtstream_lake import open_session  # noqa: E402

BATCHES, READINGS, COMPARED, MOST = 300, 20, 30, 1.3
# As for the embedded engine: until then each batch looks among more rows for ids that were there before.
WARM_UP = 80
# So many batches behind a start are Java's warm-up, and count nowhere.
AFTER_START = 5
LAYERS = {"silver": "silver/weather", "gold": "gold/weather", "aggregate": "gold/weather_aggregated"}
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
    # Spark takes files in the order of their times.
    os.utime(path, (START.timestamp() + batch,) * 2)


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


def record_batches(lake):
    """From now on each batch of a stream tells when it begins, as one of the notebook that `under_way` holds."""
    under_way = [""]
    begin = DataStreamWriter.foreachBatch

    def foreach_batch(writer, write):
        def recorded(rows, number):
            entry = {"layer": under_way[0], "batch": number, "call": os.getpid(), "at": time.time() * 1000, "cpu": cpu_of_all()}
            with open(lake / "batches.jsonl", "a") as file:
                file.write(f"{json.dumps(entry)}\n")
            write(rows, number)

        return begin(writer, recorded)

    DataStreamWriter.foreachBatch = foreach_batch
    return under_way


def measured(lake, name, what):
    """How much of it each batch took, from its start to the next one's; those behind a start, and a call's last one, are left out."""
    path = lake / "batches.jsonl"
    entries = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    entries = [entry for entry in entries if entry["layer"] == name and entry[what] is not None]
    begun = {}
    for entry in entries:
        begun.setdefault(entry["call"], entry["batch"])
    return {
        entry["batch"]: following[what] - entry[what]
        for entry, following in zip(entries, entries[1:])
        if entry["call"] == following["call"] and entry["batch"] >= begun[entry["call"]] + AFTER_START
    }


def done(lake, table):
    """Batches in the table's log."""
    log = lake / table / "_delta_log"
    return max([-1] + [int(found) for path in log.glob("*.json") for found in numbers(path)]) + 1


def numbers(path):
    for line in path.read_text().splitlines():
        metadata = json.loads(json.loads(line).get("commitInfo", {}).get("userMetadata") or "null")
        if metadata is not None:
            yield metadata["batchId"]


def report(lake, name, what, unit):
    """:return: the ratio; None where nothing was measured."""
    took = measured(lake, name, what)
    if not took:
        return None

    def middle(start, end):
        return statistics.median([took[batch] for batch in range(start, end) if batch in took] or [float("nan")])

    first, last = middle(WARM_UP, WARM_UP + COMPARED), middle(BATCHES - COMPARED, BATCHES)
    each = [f"{middle(start, start + COMPARED):.0f}" for start in range(0, BATCHES, COMPARED)]
    print(f"spark {name}, {unit}: first {COMPARED} after the warm-up {first:.0f} ms, last {COMPARED} {last:.0f} ms, "
          f"ratio {last / first:.2f}; medians of each {COMPARED}: {' '.join(each)}", flush=True)
    return last / first


def main(lake, seconds="240"):
    lake = Path(lake).resolve()
    if not (lake / "bronze").exists():
        for batch in range(BATCHES):
            place(lake, batch)
    os.environ.update(RTSTREAM_LAKE_ROOT=str(lake), RTSTREAM_TRIGGER="availableNow", RTSTREAM_MAX_FILES="1")
    under_way = record_batches(lake)
    spark = open_session()
    spark.sparkContext.setLogLevel("ERROR")
    end = time.monotonic() + float(seconds)

    def stop_in_time():
        time.sleep(max(0, end - time.monotonic()))
        for query in spark.streams.active:
            query.stop()

    threading.Thread(target=stop_in_time, daemon=True).start()
    for name, table in LAYERS.items():
        if done(lake, table) < BATCHES and time.monotonic() < end:
            under_way[0] = name
            runpy.run_path(str(ROOT / "notebooks" / f"{name}.py"), run_name="__main__")
    counts = {name: done(lake, table) for name, table in LAYERS.items()}
    print(f"Spark {spark.version}, load {os.getloadavg()[0]:.1f}: "
          + ", ".join(f"{name} {count} of {BATCHES} batches" for name, count in counts.items()), flush=True)
    if any(count < BATCHES for count in counts.values()):
        return 3
    ratios = []
    for name in LAYERS:
        lasted, cpu = (report(lake, name, what, unit) for what, unit in (("at", "time"), ("cpu", "CPU")))
        ratios.append(lasted if cpu is None else cpu)
    return 0 if all(ratio is not None and ratio <= MOST for ratio in ratios) else 1


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)
