"""
Whether a batch of the notebooks takes longer as their tables grow: 300 batches of 20 readings, one notebook after the other, so that
it comes to an end on a small machine. `.venv/bin/python test/bench/spark_growth.py LAKE [SECONDS]` goes on for about SECONDS (240)
and leaves the rest to the next call on the same LAKE; once all is done it says how long the last 30 batches took against the first 30
after the warm-up, from commit to commit. Ends with 1 when that is more than 1.3 times as long, with 3 when there is more to do.
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

import conftest  # noqa: E402,F401  The options of a small local Spark.
from rtstream_lake import open_session  # noqa: E402

BATCHES, READINGS, COMPARED, MOST = 300, 20, 30, 1.3
# As for the embedded engine: until then each batch looks among more rows for ids that were there before.
WARM_UP = 80
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


def commits(lake, table):
    """Times (ms) of the commits that brought a batch, oldest first."""
    found = {}
    for path in sorted((lake / table / "_delta_log").glob("*.json")):
        infos = (json.loads(line).get("commitInfo") for line in path.read_text().splitlines())
        info = next(filter(None, infos), {})
        metadata = json.loads(info.get("userMetadata") or "null")
        if metadata is not None:
            found.setdefault(metadata["batchId"], info["timestamp"])
    return [found[number] for number in sorted(found)]


def report(name, times):
    # The pause between two calls is no batch.
    took = [later - earlier for earlier, later in zip(times, times[1:])]
    first, last = (statistics.median(some) for some in (took[WARM_UP : WARM_UP + COMPARED], took[-COMPARED:]))
    each = [round(statistics.median(took[start : start + COMPARED])) for start in range(0, len(took), COMPARED)]
    print(f"spark {name}: {len(times)} batches, first {COMPARED} after the warm-up {first:.0f} ms, last {COMPARED} {last:.0f} ms, "
          f"ratio {last / first:.2f}; medians of each {COMPARED}: {each}", flush=True)
    return last / first <= MOST


def main(lake, seconds="240"):
    lake = Path(lake).resolve()
    if not (lake / "bronze").exists():
        for batch in range(BATCHES):
            place(lake, batch)
    os.environ.update(RTSTREAM_LAKE_ROOT=str(lake), RTSTREAM_TRIGGER="availableNow", RTSTREAM_MAX_FILES="1")
    spark = open_session()
    spark.sparkContext.setLogLevel("ERROR")
    end = time.monotonic() + float(seconds)

    def stop_in_time():
        time.sleep(max(0, end - time.monotonic()))
        for query in spark.streams.active:
            query.stop()

    threading.Thread(target=stop_in_time, daemon=True).start()
    for name, table in LAYERS.items():
        if len(commits(lake, table)) < BATCHES and time.monotonic() < end:
            runpy.run_path(str(ROOT / "notebooks" / f"{name}.py"), run_name="__main__")
    done = {name: commits(lake, table) for name, table in LAYERS.items()}
    print(", ".join(f"{name}: {len(times)} of {BATCHES} batches" for name, times in done.items()), flush=True)
    if any(len(times) < BATCHES for times in done.values()):
        return 3
    return 0 if all([report(name, times) for name, times in done.items()]) else 1


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)
