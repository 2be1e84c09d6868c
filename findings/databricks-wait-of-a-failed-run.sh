#!/usr/bin/env bash
# Expected: waiting for a run (`run_now(…).result()`, in JavaScript `runNow(…).wait()`) ends with an error when the run has failed, as it does
#           for a run in INTERNAL_ERROR ("failed to reach TERMINATED or SKIPPED").
# Seen:     a run whose notebook raised, one that ran into its timeout and one that never began come back as a success does, without an
#           error: TERMINATED and SKIPPED are what is waited for, whatever the result. A run that Databricks itself broke does raise.
# Matters:  a program that starts a job and goes on after `.result()` goes on after a failure too; `state.result_state` is to be looked at.
#           In Python the one that raises is told as OperationFailed, in JavaScript as an error without the run.
# Versions: databricks-sdk 0.162.0 (Python 3.11), @databricks/sdk-experimental 0.17.0 (Node 24); seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check databricks-sdk==0.162.0
echo '{"type":"module"}' >package.json
npm install --silent --no-audit --no-fund @databricks/sdk-experimental@0.17.0

cat >wait.mjs <<'JS'
import { WorkspaceClient } from '@databricks/sdk-experimental'
const client = new WorkspaceClient({ host: process.argv[2], token: 't', authType: 'pat' })
for (const job_id of [1, 2, 3, 4, 5]) {
  try {
    const run = await (await client.jobs.runNow({ job_id })).wait()
    console.log(run.state.result_state)
  } catch (error) {
    console.log(`raises`)
  }
}
process.exit(0)
JS

cat >run.py <<'PY'
import json, logging, subprocess, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

# The client asks the host about itself first; there is nothing to tell.
logging.getLogger("databricks").setLevel(logging.ERROR)
# By the documentation: how a run can have ended.
ENDS = {1: ("TERMINATED", "SUCCESS"), 2: ("TERMINATED", "FAILED"), 3: ("TERMINATED", "TIMEDOUT"),
        4: ("SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED"), 5: ("INTERNAL_ERROR", "FAILED")}

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, body, status=200):
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        given = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.answer({"run_id": given["job_id"]})
    def do_GET(self):
        if "run_id=" not in self.path: return self.answer({}, 404)
        run_id = int(self.path.split("run_id=")[1].split("&")[0])
        cycle, result = ENDS[run_id]
        self.answer({"run_id": run_id, "state": {"life_cycle_state": cycle, "result_state": result, "state_message": "said"}})
    def log_message(self, *_): pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
host = f"http://127.0.0.1:{server.server_port}"
client = WorkspaceClient(config=Config(host=host, token="t", retry_timeout_seconds=5))
seen = []
for job_id in ENDS:
    try:
        seen.append(client.jobs.run_now(job_id=job_id).result().state.result_state.value)
    except Exception as error:
        seen.append(f"raises {type(error).__name__}")
in_js = subprocess.run(["node", "wait.mjs", host], capture_output=True, text=True, timeout=60).stdout.split("\n")[:-1]
for (cycle, result), python, js in zip(ENDS.values(), seen, in_js):
    print(f"{cycle} {result}: Python {python}, JavaScript {js}")
results = [result for _, result in ENDS.values()]
if seen != results[:4] + ["raises OperationFailed"] or in_js != results[:4] + ["raises"]:
    sys.exit("The behaviour has changed.")
PY
env -u DATABRICKS_HOST -u DATABRICKS_TOKEN NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 venv/bin/python run.py
