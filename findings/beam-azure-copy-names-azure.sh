#!/usr/bin/env bash
# Expected: Beam's file system for Azure, given a connection string with BlobEndpoint (Azure Government's, a private one, an emulator's), names
#           the source of a copy by that endpoint, as the client beneath it names every blob (`BlobClient.url`). And exists() of a file that
#           is not there is False.
# Seen:     it puts the source together itself, as https://ACCOUNT.blob.core.windows.net/CONTAINER/BLOB, whatever the endpoint: another
#           account of that name, or none. exists() raises BeamIOError with a 404: what it catches is what its helper has already made into
#           something else.
# Matters:  WriteToText renames its temporary files by copies, so a pipeline ends in an error after all of its work where the account is not in
#           Azure's public cloud; and `if not FileSystems.exists(...)` ends a program in the case that it asks about.
# Versions: apache-beam 2.77.0 for Python with azure-storage-blob 12.31.1 against a server of Python's own; seen 2026-12-01.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check apache-beam==2.77.0 azure-storage-blob==12.31.1 azure-identity
cat >run.py <<'PY'
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from apache_beam.io.azure.blobstoragefilesystem import BlobStorageFileSystem
from apache_beam.io.filesystem import BeamIOError
from apache_beam.options.pipeline_options import PipelineOptions

sources = []


class Blobs(BaseHTTPRequestHandler):
    """Has no blob, takes every copy, and writes down what it is told to copy."""

    protocol_version = "HTTP/1.1"

    def answer(self, status, **headers):
        self.send_response(status)
        for name, value in {"content-length": "0", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def do_HEAD(self):
        self.answer(404, x_ms_error_code="BlobNotFound")

    def do_PUT(self):
        sources.append(self.headers["x-ms-copy-source"])
        self.answer(202, x_ms_copy_id="1", x_ms_copy_status="success")

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Blobs)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}/mine"
connection = f"DefaultEndpointsProtocol=http;AccountName=mine;AccountKey=a2V5;BlobEndpoint={endpoint}"
files = BlobStorageFileSystem(PipelineOptions(["--azure_connection_string", connection]))

client = files._blobstorageIO().client.get_blob_client("box", "a")
print("the client beneath names the blob:", client.url.replace(endpoint, "ENDPOINT"))
files.copy(["azfs://mine/box/a"], ["azfs://mine/box/b"])
print("the source of a copy:             ", sources[0].replace(endpoint, "ENDPOINT"))
try:
    exists = str(files.exists("azfs://mine/box/none"))
except BeamIOError as error:
    exists = "BeamIOError: " + str(error).replace("\n", " ")
print("exists of what is not there:      ", exists)
same = client.url == endpoint + "/box/a" and sources == ["https://mine.blob.core.windows.net/box/a"] and exists.startswith("BeamIOError") and "404" in exists
if not same:
    print("The behaviour has changed.")
    sys.exit(1)
PY
venv/bin/python run.py 2>stderr.txt || { tail -5 stderr.txt >&2; exit 1; }
