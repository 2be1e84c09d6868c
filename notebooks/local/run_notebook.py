"""
Runs one notebook in a Spark of this machine, for `rtstream-tui --engine spark`: `run_notebook.py NOTEBOOK.py`.

Tells on standard output how it goes, a JSON object per line: `{"event": "running"}`, `{"event": "progress", ...}` after each
micro-batch (from Spark's own StreamingQueryProgress), `{"event": "failed", "error": ...}`. Stops when standard input ends, so
it never outlives whoever started it. What Spark prints goes to standard error.
"""
import json
import os
import runpy
import sys
import threading
import time
import traceback

from pyspark.sql.streaming import StreamingQueryListener

# A batch under way may end before the query is stopped; what it did not finish, the next run repeats without a trace.
PATIENCE_SECONDS = 10

_lines = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
_telling = threading.Lock()


def tell(event, **facts):
    with _telling:
        print(json.dumps({"event": event, **facts}), file=_lines, flush=True)


class Progress(StreamingQueryListener):
    def onQueryStarted(self, event):
        tell("running")

    def onQueryProgress(self, event):
        batch = event.progress
        # Idle triggers report too, with the number of the batch that is still to come.
        if batch.numInputRows > 0:
            tell("progress", batchId=batch.batchId, inputRows=batch.numInputRows, durationMs=batch.batchDuration)

    def onQueryIdle(self, event):
        pass

    def onQueryTerminated(self, event):
        pass


def stop_with_parent(sessions, stopping):
    sys.stdin.buffer.read()
    stopping.set()
    until = time.monotonic() + PATIENCE_SECONDS
    for query in [query for spark in sessions for query in spark.streams.active]:
        while query.isActive and query.status["isTriggerActive"] and time.monotonic() < until:
            time.sleep(0.05)
        query.stop()
    # Before the query began, or after it ended, there is nothing to wait for.
    os._exit(0)


def words(error):
    """What the notebook itself said, without Spark's frame around it."""
    text = str(error).strip() or type(error).__name__
    raised = [line for line in text.splitlines() if line and not line.startswith((" ", "\t", "Traceback", "==="))]
    last = next((line for line in reversed(raised) if "Error: " in line or "Exception: " in line), None)
    return f"{type(error).__name__}: {last or (raised or [text])[0]}"


def main(notebook):
    sys.path.insert(0, os.path.dirname(notebook))
    stopping = threading.Event()
    sessions = []
    # Before Spark begins, which takes a while: whoever started this may be gone by then.
    threading.Thread(target=stop_with_parent, args=(sessions, stopping), daemon=True).start()
    try:
        from rtstream_lake import open_session

        spark = open_session()
        sessions.append(spark)
        spark.sparkContext.setLogLevel("ERROR")
        spark.streams.addListener(Progress())
        runpy.run_path(notebook, run_name="__main__")
        if not stopping.is_set():
            tell("failed", error=f"The query of {os.path.basename(notebook)} ended by itself.")
    except BaseException as error:  # Whatever it is, it ended the run, and whoever started it must hear of it.
        traceback.print_exc()
        if not stopping.is_set():
            tell("failed", error=words(error))
    # Not by way of Python's end: it would wait for the thread above, and for Spark.
    os._exit(0)


main(sys.argv[1])
