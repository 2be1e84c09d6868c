"""Spark killed in the middle of a batch, Python and Java alike: the next run loses nothing and repeats nothing."""
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import NOTEBOOKS

ONE_FILE = {"RTSTREAM_MAX_FILES": "1"}
# Each Spark to be killed is one more to start: a second version of Spark has one, halted at each form of a commit, with one batch.
ALL_KILLS = os.environ.get("RTSTREAM_KILLS") != "few"
FILES, LINES = 3 if ALL_KILLS else 1, 25


@contextmanager
def own_spark(lake, *halts):
    """
    Notebooks in a Spark of their own, one after the other, each halted where `halts` says (halting_notebook.py); at the end of
    the block it is killed.
    """
    environment = {
        **os.environ,
        **ONE_FILE,
        "RTSTREAM_LAKE_ROOT": str(lake.root),
        "RTSTREAM_TRIGGER": "availableNow",
    }
    script = Path(__file__).with_name("halting_notebook.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(NOTEBOOKS), *(",".join(halt) for halt in halts)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:  # It has ended by itself.
            pass
        process.communicate()


def kill_at(lake, *halts):
    """Kills all of these notebooks at once, when each has halted."""
    with own_spark(lake, *halts) as process:
        for notebook, write, _ in halts:
            # Spark's launcher prints here too; the lines end when a notebook ended before it came there.
            assert f"{notebook} halted\n" in iter(process.stdout.readline, ""), f"{notebook} never came to {write}"


def kill_once_it_writes(lake, notebook, table):
    def files():
        return set((lake.root / table).glob("part-*.parquet"))

    before = files()
    with own_spark(lake, (notebook,)) as process:
        while files() == before:
            assert process.poll() is None
            time.sleep(0.002)


def newest(lake, table):
    return lake.ledger(table)[-1]["batchId"]


@pytest.mark.usual_spark(3, "what Delta and Spark write in which order is asked of both when a version of one is raised")
def test_killed_in_the_middle_of_a_batch_nothing_is_lost_and_nothing_repeated(lake):
    for file in range(FILES):
        good = [lake.event(f"{file}-{row}", minute=file, temperature=row) for row in range(LINES)]
        again = lake.event(f"{max(file - 1, 0)}-0", minute=file)
        placed = lake.place(f"{file}.json", *good, again, f"junk {file}", folder=f"2026/03/01/12/{file:02}")
        # Spark takes files in the order of their times, to the millisecond.
        os.utime(placed, (1_772_366_400 + file,) * 2)
    ids = sorted(f"{file}-{row}" for file in range(FILES) for row in range(LINES))

    # Each notebook on the first batch, with what the one before it has committed: silver and gold between their two commits, the
    # aggregate with everything committed but what Spark itself notes.
    kill_at(lake, ("silver", "silver/weather_quarantine", "before"), ("gold", "gold/weather_by_minute", "before"), ("aggregate", "merge", "after"))
    assert newest(lake, "silver/weather") == 0 and lake.ledger("silver/weather_quarantine") == []
    assert len(lake.rows("gold/weather")) == LINES and lake.rows("gold/weather_by_minute") == []
    assert newest(lake, "gold/weather_aggregated") == 0
    if ALL_KILLS:
        # While the second is written, wherever that is, after the first was finished.
        kill_once_it_writes(lake, "silver", "silver/weather")
        assert newest(lake, "silver/weather_quarantine") == 0
    lake.run("silver", **ONE_FILE)
    assert lake.ids() == ids
    assert sorted(row["raw"] for row in lake.rows("silver/weather_quarantine")) == [f"junk {file}" for file in range(FILES)]
    assert lake.ledger("silver/weather") == lake.ledger("silver/weather_quarantine")
    assert [ledger["batchId"] for ledger in lake.ledger("silver/weather")] == list(range(FILES))
    assert lake.ledger("silver/weather")[-1]["totals"] == {
        "input": FILES * (LINES + 2), "output": FILES * LINES, "quarantined": FILES, "duplicates": FILES}

    lake.run("gold")
    assert lake.ids("gold/weather") == ids
    assert sorted(row["readings"] for row in lake.rows("gold/weather_by_minute")) == [LINES] * FILES

    lake.run("aggregate")
    (hour,) = lake.rows("gold/weather_aggregated")
    assert (hour["readings"], hour["avg_temperature"]) == (FILES * LINES, (LINES - 1) / 2)
    assert lake.ledger("gold/weather_aggregated")[-1]["totals"]["output"] == FILES * LINES
