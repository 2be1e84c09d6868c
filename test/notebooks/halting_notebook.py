"""
Runs notebooks, as they are, in a Spark of their own, to be killed there: `halting_notebook.py FOLDER NOTEBOOK[,WRITE,before|after]…`.
Each but the last must have a write, before or after which it halts for ever, and says so with the line `NOTEBOOK halted`: then the
next begins, beside it. A write is `merge`, or an append, named by the table that it goes to. Ends when its standard input ends.
"""
import os
import runpy
import sys
import threading

from pyspark.sql import DataFrameWriter, SparkSession

folder, *notebooks = sys.argv[1:]
sys.path.insert(0, folder)
sys.dont_write_bytecode = True


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(1)


# By the write that it halts at, before or after it: the notebook's name, and whether it has.
halts = {(write, when): (name, threading.Event()) for name, write, when in (entry.split(",") for entry in notebooks if "," in entry)}


def halt(*point):
    if point in halts:
        name, has_halted = halts[point]
        print(f"{name} halted", flush=True)
        has_halted.set()
        threading.Event().wait()


def halting(write, name_of):
    def wrapped(writer, *arguments, **options):
        name = name_of(*arguments)
        halt(name, "before")
        result = write(writer, *arguments, **options)
        halt(name, "after")
        return result

    return wrapped


def run(notebook):
    try:
        runpy.run_path(os.path.join(folder, f"{notebook}.py"), run_name="__main__")
    except BaseException:
        # Who waits for it to halt learns that it has not.
        threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), None)))
        os._exit(1)


threading.Thread(target=end_with_parent, daemon=True).start()
DataFrameWriter.save = halting(DataFrameWriter.save, lambda path: "/".join(path.split("/")[-2:]))
SparkSession.sql = halting(SparkSession.sql, lambda statement: statement.split()[0].lower())
for entry in notebooks:
    name, *point = entry.split(",")
    if point:
        threading.Thread(target=run, args=(name,), daemon=True).start()
        halts[tuple(point)][1].wait()
    else:
        run(name)
if halts:
    threading.Event().wait()
