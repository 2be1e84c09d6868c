#!/usr/bin/env bash
# Expected: list_blobs(include=["metadata"]) gives every blob a dict; one that has no metadata has an empty one, as get_blob_properties says.
# Seen:     the answer's <Metadata />, which the service writes for such a blob, becomes None; only where the element is missing it is {}.
# Matters:  code that reads blob.metadata.get(…) passes on an emulator that leaves the element out, and ends with AttributeError on Azure.
# Versions: azure-storage-blob 12.31.1 (_deserialize.py), Python 3.11; seen 2026-11-28. The element: public recordings of List Blobs.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-storage-blob==12.31.1
cat >run.py <<'PY'
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from azure.storage.blob import BlobServiceClient

BLOB = "<Blob><Name>{}</Name><Properties><Content-Length>1</Content-Length><BlobType>BlockBlob</BlobType></Properties>{}</Blob>"
LIST = (
    '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="c"><Blobs>'
    + BLOB.format("empty", "<Metadata />")
    + BLOB.format("missing", "")
    + BLOB.format("one", "<Metadata><a>b</a></Metadata>")
    + "</Blobs><NextMarker /></EnumerationResults>"
)


class Service(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(LIST)))
        self.end_headers()
        self.wfile.write(LIST.encode())

    def log_message(self, *said):
        pass


server = HTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
service = BlobServiceClient(f"http://127.0.0.1:{server.server_port}/account", credential="a2V5")
seen = {blob.name: blob.metadata for blob in service.get_container_client("c").list_blobs(include=["metadata"])}
print(seen)
if seen != {"empty": None, "missing": {}, "one": {"a": "b"}}:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
