#!/usr/bin/env bash
# Expected: a download in several ranges is of one version of the blob: the client asks for the later ranges only if the ETag is still that of
#           the first (If-Match), and fails when somebody has written the blob in between. Python's client does so, and JavaScript's own
#           download(), when it goes on after a broken connection.
# Seen:     downloadToBuffer and downloadToFile of JavaScript send their ranges (4 MB each) without a condition. A blob that is replaced between
#           two of them, by one of the same size, arrives as the head of the old and the tail of the new, with no error. The Data Lake client's
#           readToBuffer is the same code.
# Matters:  a file that a job rewrites (a state, a report, a checkpoint of a table) is now and then read as something that never was: pass
#           conditions: { ifMatch } with the ETag of getProperties.
# Versions: @azure/storage-blob 12.34.0, @azure/storage-file-datalake 12.31.0, azure-storage-blob 12.31.1 for Python; Node 24 and 20; seen 2026-11-29.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @azure/storage-blob@12.34.0 @azure/storage-file-datalake@12.31.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-storage-blob==12.31.1
cat >run.mjs <<'JS'
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { BlobServiceClient } from '@azure/storage-blob'
import { DataLakeServiceClient } from '@azure/storage-file-datalake'

/** Blobs of 8 MB: "a" throughout, and "b" from the moment on when the first range of one has been asked for. */
const SIZE = 8 * 1024 * 1024
const versions = [Buffer.alloc(SIZE, 'a'), Buffer.alloc(SIZE, 'b')]
const newest = new Map()
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://host')
  const version = newest.get(pathname) ?? 0
  const etag = `"${version}"`
  const wanted = request.headers['if-match']
  if (wanted && wanted !== etag) return response.writeHead(412, { 'x-ms-error-code': 'ConditionNotMet' }).end()
  const headers = { etag, 'last-modified': new Date(version).toUTCString(), 'x-ms-blob-type': 'BlockBlob', 'accept-ranges': 'bytes' }
  if (request.method === 'HEAD') return response.writeHead(200, { ...headers, 'content-length': SIZE }).end()
  const [from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers['x-ms-range']).slice(1).map(Number)
  const part = versions[version].subarray(from, to + 1)
  response.writeHead(206, { ...headers, 'content-length': part.length, 'content-range': `bytes ${from}-${from + part.length - 1}/${SIZE}` })
  newest.set(pathname, 1)
  response.end(part)
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const base = `http://127.0.0.1:${server.address().port}/account`
const blobs = new BlobServiceClient(base).getContainerClient('c')
const files = new DataLakeServiceClient(base).getFileSystemClient('c')
const ways = {
  'downloadToBuffer': () => blobs.getBlobClient('1').downloadToBuffer(0, undefined, { concurrency: 1 }),
  'downloadToBuffer with ifMatch': () => blobs.getBlobClient('2').downloadToBuffer(0, undefined, { concurrency: 1, conditions: { ifMatch: '"0"' } }),
  'Data Lake readToBuffer': () => files.getFileClient('3').readToBuffer(0, undefined, { concurrency: 1 }),
  'Python download_blob': async () => Buffer.from((await promisify(execFile)('venv/bin/python', ['run.py', base])).stdout.trim()),
}
const seen = []
for (const [name, download] of Object.entries(ways)) {
  const got = await download().then((bytes) => [...new Set(bytes.toString().match(/refused|a|b/g))].join(' and '), (error) => `refused`)
  console.log(`${name}: ${got}`)
  seen.push(got)
}
server.close()
if (seen.join() !== 'a and b,refused,a and b,refused') {
  console.error('The behaviour has changed.')
  process.exit(1)
}
JS
cat >run.py <<'PY'
import sys

from azure.core.exceptions import ResourceModifiedError
from azure.storage.blob import BlobServiceClient

options = {"max_single_get_size": 4 * 1024 * 1024, "max_chunk_get_size": 4 * 1024 * 1024}
client = BlobServiceClient(sys.argv[1], **options)
try:
    print("".join(sorted(set(client.get_blob_client("c", "4").download_blob().readall().decode()))))
except ResourceModifiedError:
    print("refused")
PY
NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 node run.mjs
