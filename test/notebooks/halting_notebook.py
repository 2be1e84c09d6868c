"""
Runs a notebook, as it is, in a Spark of its own, to be killed there: `halting_notebook.py NOTEBOOK.py [WRITE before|after]`.
It halts for ever before or after that write, and says so with the line `halted`. A write is `merge`, or an append, named by
the table that it goes to. Ends when its standard input ends.
"""
import os
import runpy
import sys
import threading

from pyspark.sql import DataFrameWriter, SparkSession

notebook, *point = sys.argv[1:]
sys.path.insert(0, os.path.dirname(notebook))
sys.dont_write_bytecode = True


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(1)


def halt():
    print("halted", flush=True)
    threading.Event().wait()


def halting(write, name_of):
    def wrapped(writer, *arguments, **options):
        name = name_of(*arguments)
        if point == [name, "before"]:
            halt()
        result = write(writer, *arguments, **options)
        if point == [name, "after"]:
            halt()
        return result

    return wrapped


threading.Thread(target=end_with_parent, daemon=True).start()
DataFrameWriter.save = halting(DataFrameWriter.save, lambda path: "/".join(path.split("/")[-2:]))
SparkSession.sql = halting(SparkSession.sql, lambda statement: statement.split()[0].lower())
runpy.run_path(notebook, run_name="__main__")
