#!/usr/bin/env bash
# Expected: an append to a Delta table in Azure storage is one version of it, however often the client has to ask: the commit is a PUT with
#           If-None-Match: *, and when the storage answers 500 OperationTimedOut (documented: the operation may or may not have succeeded), the
#           writer looks whether the version that is there now is its own.
# Seen:     the PUT is sent again, meets the writer's own file (409 BlobAlreadyExists), takes it for another writer's, and commits the same
#           file of data once more as the next version. A reader of the table sees each row once, the change data feed has every row
#           twice, as has whoever follows the table version by version. A delete, and an append with an application's transaction, end with
#           CommitFailedError ("concurrent") though they are in the table.
# Matters:  do not count rows by commits; after a CommitFailedError read the table before trying again.
# Versions: deltalake 1.6.6 (object_store inside), pyarrow 26.0.1, Python 3.11; seen 2026-11-29.
# Source:   learn.microsoft.com, "Common REST API error codes"; PROTOCOL.md of delta-io/delta, "Add File", "Change Data Files".
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1
cat >storage.py <<'PY'
"""A blob service: put, get, list. Once after each PUT of /late it stores a commit and answers that it may have done so or not."""
import re
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

blobs, late = {}, []


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *said):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code):
        body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
        self.answer(status, body.encode(), x_ms_error_code=code, Content_Type="application/xml")

    def do_PUT(self):
        path, body = unquote(urlsplit(self.path).path), self.rfile.read(int(self.headers.get("content-length", 0)))
        if path == "/late":
            late.append(True)
            return self.answer(200)
        if self.headers.get("if-none-match") == "*" and path in blobs:
            return self.refuse(409, "BlobAlreadyExists")
        blobs[path] = (body, formatdate(usegmt=True))
        if "_delta_log" in path and late:
            late.clear()
            return self.refuse(500, "OperationTimedOut")
        self.answer(201, ETag='"1"', Last_Modified=blobs[path][1])

    def do_GET(self):
        url = urlsplit(self.path)
        path, query = unquote(url.path), parse_qs(url.query)
        if query.get("comp") == ["list"]:
            return self.list(path + "/", query.get("prefix", [""])[0], query.get("startFrom", [""])[0])
        if path not in blobs:
            return self.refuse(404, "BlobNotFound")
        body, time = blobs[path]
        headers = {"ETag": '"1"', "Last_Modified": time, "x_ms_blob_type": "BlockBlob"}
        range = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("range") or self.headers.get("x-ms-range") or "")
        if not range:
            return self.answer(200, body, **headers)
        part = body[int(range[1]) : int(range[2] or len(body)) + 1]
        at = f"bytes {range[1]}-{int(range[1]) + len(part) - 1}/{len(body)}"
        self.answer(206, part, Content_Range=at, **headers)

    do_HEAD = do_GET

    def list(self, root, prefix, start):
        items = ""
        for path, (body, time) in sorted(blobs.items()):
            name = path.removeprefix(root)
            if name.startswith(prefix) and name >= start:
                items += f"<Blob><Name>{name}</Name><Properties><Last-Modified>{time}</Last-Modified><Etag>1</Etag><Content-Length>{len(body)}</Content-Length>"
                items += "<Content-Type>application/octet-stream</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>"
        body = f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="c"><Blobs>{items}</Blobs><NextMarker /></EnumerationResults>'
        self.answer(200, body.encode(), Content_Type="application/xml")


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
print(server.server_port, flush=True)
server.serve_forever()
PY
cat >run.py <<'PY'
import os, subprocess, sys, urllib.request

import pyarrow
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

storage = subprocess.Popen([sys.executable, "storage.py"], stdout=subprocess.PIPE, text=True)
base = f"http://127.0.0.1:{storage.stdout.readline().strip()}"
options = {
    "storage_options": {
        "azure_storage_account_name": "account",
        "azure_storage_account_key": "a2V5",
        "azure_storage_endpoint": f"{base}/account",
        "allow_http": "true",
    }
}
TABLE = "az://c/table"


def late(name, work):
    """What the work says, and what is in the table after it, if the storage is late with its answer to the commit."""
    urllib.request.urlopen(urllib.request.Request(f"{base}/late", method="PUT")).read()
    try:
        work()
        said = "done"
    except Exception as error:
        said = type(error).__name__
    table = DeltaTable(TABLE, **options)
    rows = sorted(row["n"] for row in table.to_pyarrow_table().to_pylist())
    changes = sorted(row["n"] for row in pyarrow.table(table.load_cdf().read_all()).to_pylist())
    print(f"{name}: {said}; version {table.version()}, rows {rows}, change data feed {changes}", flush=True)
    return said, table.version(), rows, changes


def append(number, **more):
    write_deltalake(TABLE, pyarrow.table({"n": [number]}), mode="append", **options, **more)


try:
    write_deltalake(TABLE, pyarrow.table({"n": [1]}), configuration={"delta.enableChangeDataFeed": "true"}, **options)
    transaction = CommitProperties(app_transactions=[Transaction("job", 1)])
    seen = [
        late("append 2", lambda: append(2)),
        late("append 3 with a transaction", lambda: append(3, commit_properties=transaction)),
        late("delete 1", lambda: DeltaTable(TABLE, **options).delete("n = 1")),
    ]
finally:
    storage.kill()
wanted = [
    ("done", 2, [1, 2], [1, 2, 2]),
    ("CommitFailedError", 3, [1, 2, 3], [1, 2, 2, 3]),
    ("CommitFailedError", 4, [2, 3], [1, 1, 2, 2, 3]),
]
if seen != wanted:
    print("The behaviour has changed.")
# The library's threads do not always end well with the interpreter.
sys.stdout.flush()
os._exit(0 if seen == wanted else 1)
PY
NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 venv/bin/python run.py
