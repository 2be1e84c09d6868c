#!/usr/bin/env bash
# Expected: MLflow's delete_artifacts removes a folder of artifacts and what is in it, as it does on an account of Azure without folders.
# Seen:     it deletes what a flat list of blobs names, in that order. With a hierarchical namespace the list has the folder too, and before
#           its files; the service refuses to delete a folder that is not empty (409 DirectoryIsNotEmpty), so that the call fails at its
#           first request and every artifact stays.
# Matters:  log, list and download work on such an account; only `mlflow gc` and deleting a run's artifacts fail, each time.
# Peer:     a server of a few lines that lists and deletes as the reference says of a hierarchical namespace (List Blobs: ResourceType;
#           Delete Blob: DirectoryIsNotEmpty).
# Versions: mlflow-skinny 3.17.2, azure-storage-blob 12.31.1, Python 3.11; seen 2026-11-30.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 azure-storage-blob==12.31.1
cat >run.py <<'PY'
import base64, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient
from mlflow.store.artifact.azure_blob_artifact_repo import AzureBlobArtifactRepository

FILES = {"runs/1/model/weights.bin"}
asked = []

def folders():
    return {"/".join(name.split("/")[:depth]) for name in FILES for depth in range(1, name.count("/") + 1)}

class Account(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body="", code=None):
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        if code:
            self.send_header("x-ms-error-code", code)
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self):
        blobs = "".join(
            f"<Blob><Name>{name}</Name><Properties><Content-Length>0</Content-Length><BlobType>BlockBlob</BlobType>"
            f"<ResourceType>{'file' if name in FILES else 'directory'}</ResourceType></Properties></Blob>"
            for name in sorted(FILES | folders()) if name.startswith("runs/1/model"))
        self.answer(200, f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>{blobs}</Blobs><NextMarker /></EnumerationResults>')

    def do_DELETE(self):
        name = self.path.split("?")[0].removeprefix("/acc/box/")
        asked.append(name)
        if name in folders():
            text = "This operation is not permitted on a non-empty directory."
            return self.answer(409, f"<Error><Code>DirectoryIsNotEmpty</Code><Message>{text}</Message></Error>", "DirectoryIsNotEmpty")
        FILES.discard(name)
        self.answer(202)

server = ThreadingHTTPServer(("127.0.0.1", 0), Account)
threading.Thread(target=server.serve_forever, daemon=True).start()
key = base64.b64encode(b"a key of nothing").decode()
client = BlobServiceClient(f"http://127.0.0.1:{server.server_port}/acc", key, retry_total=0)
artifacts = AzureBlobArtifactRepository("wasbs://box@acc.blob.core.windows.net/runs/1", client=client)
try:
    artifacts.delete_artifacts("model")
    refused = None
except HttpResponseError as error:
    refused = error.error_code
print("asked to delete:", asked)
print("refused with:", refused and getattr(refused, "value", refused), "- left:", sorted(FILES))
if asked != ["runs/1/model"] or refused is None or not FILES:
    print("The behaviour has changed.")
    sys.exit(1)
PY
venv/bin/python run.py
