#!/usr/bin/env bash
# Expected: a long-running operation that is accepted with 202 and `Retry-After: 2` is asked about two seconds later, as the header says.
# Seen:     the poller asks at once, before anything can have happened, and waits for its own interval after that (30 seconds unless it is
#           given): the Retry-After of the first answer is never used, that of a later one is.
# Matters:  Azure Stream Analytics was recorded with Retry-After on its first answer alone. Starting or stopping a job takes half a minute
#           from Python, however fast it is, and one request that tells nothing.
# Versions: azure-core 1.41.0 (azure/core/polling/base_polling.py, _poll), azure-mgmt-core 1.6.0, Python 3.11; seen 2026-11-30.
#           The interval is four seconds here, so that the script is short.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-core==1.41.0 azure-mgmt-core==1.6.0
cat >run.py <<'PY'
import sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from azure.core import PipelineClient
from azure.core.polling import LROPoller
from azure.core.rest import HttpRequest
from azure.mgmt.core.polling.arm_polling import ARMPolling

INTERVAL, ASKED = 4, 2
polls = []

class Handler(BaseHTTPRequestHandler):
    def answer(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items(): self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", "0")
        self.end_headers()
    def do_POST(self):
        self.answer(202, location=f"{host}/operation", retry_after=str(ASKED))
    def do_GET(self):
        polls.append(time.monotonic())
        later = {"retry_after": str(ASKED)} if says_later else {}
        self.answer(202, location=f"{host}/operation", **later) if len(polls) < 3 else self.answer(200)
    def log_message(self, *_): pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
host = f"http://127.0.0.1:{server.server_port}"
client = PipelineClient(host)

def waits():
    """Seconds from the start to the first poll, and from each poll to the next."""
    polls.clear()
    begin = time.monotonic()
    first = client._pipeline.run(HttpRequest("POST", f"{host}/start"))
    LROPoller(client, first, lambda response: None, ARMPolling(INTERVAL)).wait()
    return [round(at - before) for before, at in zip([begin, *polls], polls)]

says_later = False
alone = waits()
print(f"Retry-After: {ASKED} on the first answer alone: polls after {alone} s")
says_later = True
all_of_them = waits()
print(f"Retry-After: {ASKED} on every answer: polls after {all_of_them} s")
if alone != [0, INTERVAL, INTERVAL] or all_of_them != [0, ASKED, ASKED]:
    sys.exit("The behaviour has changed.")
PY
env NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 venv/bin/python run.py
