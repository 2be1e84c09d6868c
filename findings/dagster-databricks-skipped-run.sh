#!/usr/bin/env bash
# Expected: a run that Databricks skips because another one is under way is told by dagster-databricks as skipped, which it has a word for
#           (`is_skipped`); every result that the SDK knows can be told.
# Seen:     of such a run the service says SKIPPED with the result MAXIMUM_CONCURRENT_RUNS_REACHED, and Dagster knows four results only:
#           ValueError, in get_run_state, poll_run_state and wait_for_run_to_complete. So do SUCCESS_WITH_FAILURES, EXCLUDED, DISABLED,
#           UPSTREAM_CANCELED and UPSTREAM_FAILED.
# Matters:  a job that allows one run at a time, without a queue, is enough: the op fails with an error about an enumeration, not about a skipped run.
# Versions: dagster-databricks 0.29.27 (dagster_databricks/types.py), databricks-sdk 0.60.0, which it is installed with, Python 3.11; seen 2026-11-30.
#           The file is loaded by itself, as the whole package brings Spark.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check databricks-sdk==0.60.0
venv/bin/pip install --quiet --disable-pip-version-check --no-deps dagster-databricks==0.29.27
cat >run.py <<'PY'
import importlib.util, sys, sysconfig
from databricks.sdk.service.jobs import RunResultState, RunState

path = sysconfig.get_paths()["purelib"] + "/dagster_databricks/types.py"
spec = importlib.util.spec_from_file_location("types_of_dagster", path)
types = importlib.util.module_from_spec(spec)
spec.loader.exec_module(types)

def told(life_cycle, result):
    run = RunState.from_dict({"life_cycle_state": life_cycle, "result_state": result, "state_message": ""})
    try:
        return types.DatabricksRunState.from_databricks(run).is_skipped()
    except ValueError as error:
        return f"ValueError: {error}"

skipped = told("SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED")
print("skipped, one run at a time ->", skipped)
unknown = sorted(one.value for one in RunResultState if "ValueError" in str(told("TERMINATED", one.value)))
print("results that cannot be told:", *unknown)
if "ValueError" not in str(skipped) or told("TERMINATED", "CANCELED") is not False:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
