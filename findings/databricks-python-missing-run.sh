#!/usr/bin/env bash
# Expected: a Jobs API answer of 400 INVALID_PARAMETER_VALUE for a run that is not there becomes one class of error in the SDK,
#           whatever sentence stands beside the code; and the class for what is missing is NotFound's family.
# Seen:     the class follows the English sentence. "Run 9 does not exist." and "Run: 9 in job: 1 doesn't exist." become
#           ResourceDoesNotExist, "Run 9 doesn't exist." becomes InvalidParameterValue, all with the same status and code.
# Matters:  whoever serves or records the API must keep the service's very words, or `except NotFound` no longer catches.
# Versions: databricks-sdk 0.162.0 (databricks/sdk/errors/overrides.py), Python 3.11; seen 2026-11-28.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check databricks-sdk==0.162.0
cat >run.py <<'PY'
import json, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config

sentence = ""

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        missing = self.path.startswith("/api/")
        body = json.dumps({"error_code": "INVALID_PARAMETER_VALUE", "message": sentence} if missing else {}).encode()
        self.send_response(400 if missing else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_): pass

server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = WorkspaceClient(config=Config(host=f"http://127.0.0.1:{server.server_port}", token="t", retry_timeout_seconds=5))
seen = []
for sentence in ["Run 9 does not exist.", "Run: 9 in job: 1 doesn't exist.", "Run 9 doesn't exist."]:
    try:
        client.jobs.get_run(9)
    except Exception as error:
        seen.append(type(error).__name__)
        print(f"{sentence!r} -> {seen[-1]}")
server.shutdown()
if seen != ["ResourceDoesNotExist", "ResourceDoesNotExist", "InvalidParameterValue"]:
    sys.exit("The behaviour has changed.")
PY
env -u DATABRICKS_HOST -u DATABRICKS_TOKEN NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 venv/bin/python run.py
