#!/usr/bin/env bash
# Expected: a client that asks for a range and is answered 200 with the whole, which HTTP allows (RFC 9110, 14.2: a server may ignore Range), takes
#           the part it wants out of it, or says that it got something else. Python's client and Go's say so.
# Seen:     JavaScript's client looks at neither the status nor Content-Range. download(offset, count) hands over the whole blob.
#           downloadToBuffer puts the beginning of the blob in the place of each of its ranges (4 MB): nine megabytes 0 to 8 arrive as
#           0 1 2 3 0 1 2 3 0, of the right length and without an error. The Data Lake client's readToBuffer is the same code.
# Matters:  behind a cache or proxy that passes no ranges on, a file of more than 4 MB is read wrong and small ones right, with nothing in
#           a log. Compare a hash.
# Versions: @azure/storage-blob 12.34.0 against a server of Node 24; azure-storage-blob 12.31.1 for Python, azblob 1.6.3 for Go; seen
#           2026-11-29. Needs Go.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/storage-blob@12.34.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-storage-blob==12.31.1
printf 'module finding\ngo 1.24\n' >go.mod
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
)

func main() {
	client, err := blob.NewClientWithNoCredential(os.Args[1], nil)
	if err == nil {
		_, err = client.DownloadBuffer(context.Background(), make([]byte, 9<<20), nil)
	}
	fmt.Println("error:", err)
}
GO
go get github.com/Azure/azure-sdk-for-go/sdk/storage/azblob@v1.6.3 >go.log 2>&1 || { cat go.log >&2; exit 1; }
go mod tidy >go.log 2>&1 || { cat go.log >&2; exit 1; }
go build -o go-client .
cat >run.py <<'PY'
import sys
from azure.storage.blob import BlobClient

try:
    data = BlobClient.from_blob_url(sys.argv[1], max_single_get_size=4 << 20, max_chunk_get_size=4 << 20).download_blob().readall()
    print(len(data), "bytes")
except Exception as error:
    print("error:", error)
PY
cat >run.mjs <<'JS'
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { BlobClient } from '@azure/storage-blob'

/** A blob of nine megabytes, the first of zeros, the next of ones, and so on; no ranges. */
const megabyte = 1 << 20
const blob = Buffer.concat(Array.from({ length: 9 }, (_, digit) => Buffer.alloc(megabyte, String(digit))))
const server = createServer((request, response) => {
  response.writeHead(200, {
    etag: '"1"', 'last-modified': new Date(0).toUTCString(), 'x-ms-blob-type': 'BlockBlob', 'accept-ranges': 'none', 'content-length': blob.length,
  })
  response.end(request.method === 'HEAD' ? undefined : blob)
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}/account/container/blob`
const said = (run) => run.catch((error) => `error: ${error.message}`)
const megabytes = (bytes) => Array.from({ length: bytes.length / megabyte }, (_, at) => String.fromCharCode(bytes[at * megabyte])).join('')
const client = new BlobClient(url)
const part = async () => {
  let length = 0
  for await (const piece of (await client.download(5 * megabyte, 10)).readableStreamBody) length += piece.length
  return `${length} bytes`
}
const other = async (...command) => (await promisify(execFile)(command[0], [...command.slice(1), url])).stdout.trim()
const seen = {
  'JavaScript, downloadToBuffer': await said(client.downloadToBuffer().then((bytes) => `${bytes.length} bytes, megabytes ${megabytes(bytes)}`)),
  'JavaScript, download of ten bytes': await said(part()),
  Python: await said(other('venv/bin/python', 'run.py')),
  Go: await said(other('./go-client')),
}
server.close()
server.closeAllConnections()
for (const [name, text] of Object.entries(seen)) console.log(`${name}: ${text}`)
const [whole, ten, ...others] = Object.values(seen)
if (whole !== '9437184 bytes, megabytes 012301230' || ten !== '9437184 bytes' || !others.every((text) => /^error: (?!<nil>)/.test(text))) {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
node run.mjs
